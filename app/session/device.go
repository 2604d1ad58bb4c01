package session

import (
	"context"
	"errors"
	"sync"
	"time"

	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/token"
)

// seenEvery is how exactly it is known when a session was used last.
const seenEvery = 10 * time.Minute

// mostSeen bounds how many sessions wait to have their last use written.
const mostSeen = 65536

// DeviceView is a session as its owner sees it.
type DeviceView struct {
	Session token.SessionID
	Device  string // the browser and system in words
	LoginAt time.Time
	SeenAt  time.Time // to ten minutes
	Present bool      // the one that asks
}

// lastSeen are sessions that were used since it was last written down. They are written
// behind: using a session costs no trip to the database.
type lastSeen struct {
	mu sync.Mutex
	at map[account.SessionHash]int64
}

// see notes that a session is used now.
func (s *lastSeen) see(session *account.Session, now int64) {
	if now-session.SeenAt < seenEvery.Milliseconds() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at == nil {
		s.at = map[account.SessionHash]int64{}
	}
	if _, waits := s.at[session.Hash]; waits || len(s.at) < mostSeen {
		s.at[session.Hash] = now
	}
}

// last returns when a session was used last, where that is not written down yet; else zero.
func (s *lastSeen) last(hash account.SessionHash) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at[hash]
}

// putBack keeps what could not be written.
func (s *lastSeen) putBack(seen map[account.SessionHash]int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at == nil {
		s.at = map[account.SessionHash]int64{}
	}
	for hash, at := range seen {
		if len(s.at) < mostSeen {
			s.at[hash] = max(at, s.at[hash])
		}
	}
}

func (s *lastSeen) take() map[account.SessionHash]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.at
	s.at = nil
	return taken
}

// WriteSessions writes down when sessions were used last, and forgets what has expired:
// sessions, logins under way, sign-ups, wishes for new passwords and counts of tries. Call it every few minutes.
func (a *Sessions) WriteSessions(ctx context.Context) error {
	if seen := a.lastSeen.take(); len(seen) > 0 {
		if err := a.catalog.SeeSessions(ctx, seen); err != nil {
			a.lastSeen.putBack(seen)
			return err
		}
	}
	now := a.clock.Now().UnixMilli()
	return errors.Join(a.catalog.DropSessionsBefore(ctx, now, now-a.sessionIdle.Milliseconds()), a.catalog.DropAttemptsBefore(ctx, now), a.catalog.DropWaitingBefore(ctx, now), a.catalog.DropTriesBefore(ctx, now))
}

// Devices returns the viewer's sessions: the present one, then the one used last.
func (a *Sessions) Devices(ctx context.Context, v caller.Viewer) ([]DeviceView, error) {
	sessions, err := a.catalog.Sessions(ctx, v.User)
	if err != nil {
		return nil, err
	}
	now := a.clock.Now()
	var present, others []DeviceView
	for i := range sessions {
		s := &sessions[i]
		if s.ExpiresAt <= now.UnixMilli() || s.ID != v.Session && a.idle(*s, now.UnixMilli()) {
			continue
		}
		view := DeviceView{Session: s.ID, Device: s.Device, LoginAt: token.TimeAt(s.LoginAt), SeenAt: token.TimeAt(s.SeenAt), Present: s.ID == v.Session}
		if view.Present {
			view.SeenAt = now
			present = append(present, view)
		} else {
			others = append(others, view)
		}
	}
	return append(present, others...), nil
}

// SignOut ends one of the viewer's sessions. One that is not hers is not there.
func (a *Sessions) SignOut(ctx context.Context, v caller.Viewer, id token.SessionID) error {
	sessions, err := a.catalog.Sessions(ctx, v.User)
	if err != nil {
		return err
	}
	for i := range sessions {
		if sessions[i].ID != id || id.IsZero() {
			continue
		}
		if err := a.catalog.DropSessionOf(ctx, v.User, id); err != nil {
			return err
		}
		a.sessions.Drop(sessions[i].Hash)
		a.activity.Record(ctx, activity.Event{Code: "signed_out", User: v.User, Detail: "A session was ended from another one."})
		return nil
	}
	return caller.Foreign(nil, "not_found.session")
}

// SignOutOthers ends all of the viewer's sessions but the present one.
func (a *Sessions) SignOutOthers(ctx context.Context, v caller.Viewer) error {
	if err := a.catalog.DropOtherSessions(ctx, v.User, v.Session); err != nil {
		return err
	}
	a.sessions.DropAll()
	a.activity.Record(ctx, activity.Event{Code: "signed_out", User: v.User, Detail: "All other sessions were ended."})
	return nil
}
