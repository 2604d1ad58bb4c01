package activity

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"farthing.dev/farthing/app/pace"
	"farthing.dev/farthing/app/paging"
	"farthing.dev/farthing/domain/security"
	"farthing.dev/farthing/token"
)

// The bounds of the security log.
const (
	maxNotes     = 1024                 // different events that wait to be written
	notesPerGo   = 256                  // written in one transaction
	keepEvents   = 180 * 24 * time.Hour // then they are forgotten
	dropsEvents  = 24 * time.Hour       // how often old ones are looked for
	notePatience = 10 * time.Second     // how long one write may take, before it is tried again

	// Of one code, one user or vendor gets so many lines at once and then one a minute.
	// Strangers can cause refusals without end; they must neither fill the disk nor crowd
	// out what others have to see.
	linesAtOnce = 30
	linePause   = time.Minute
	maxConcerns = 4096 // of which more is counted
)

// Event is something that somebody concerned should be able to see: a refusal
// for safety's sake, or a change around an account.
//
// The user sees it where User is set, and the members of the vendor where Vendor is set:
// so an event of the user's alone, such as a login, has no Vendor. Detail is one sentence
// for all who see it, at most 300 bytes. It names no person and no secret, and nothing of
// one vendor to another.
type Event struct {
	Code   token.Code
	Vendor token.VendorID
	User   token.UserID
	Order  token.OrderID
	Detail string
}

// waitingRoom is what waits to be written into the security log. Events that tell the
// same are one, with a count, so a flood takes no more room than a drop.
type waitingRoom struct {
	mu      sync.Mutex
	sent    []security.Event // on their way to the table: perhaps there, perhaps not
	waiting []security.Event
	at      map[Event]int // where in waiting
	lost    int64         // since the last write, for want of room

	lines *pace.Throttle  // of one concern
	more  map[Event]int64 // how often something happened that got no line, by concern

	writing sync.Mutex // held from taking events out until they are written
	cleaned time.Time  // when old events were dropped; under writing
}

// Record records a security event. It never blocks and never fails: it is in the
// operator's log at once, and in the table within a second.
func (a *Log) Record(ctx context.Context, e Event) {
	e.Code = token.Code(shorten(string(e.Code), security.MaxCode))
	e.Detail = shorten(e.Detail, security.MaxDetail)
	a.log.InfoContext(ctx, "security", "code", string(e.Code), "vendor", e.Vendor.String(), "user", e.User.String(),
		"order", e.Order.String(), "detail", e.Detail)
	n := &a.notes
	n.mu.Lock()
	defer n.mu.Unlock()
	if at, ok := n.at[e]; ok {
		n.waiting[at].Times++
		return
	}
	now := a.clock.Now()
	if n.lines.Take(e.concern(), now) != nil {
		n.count(Event{Code: e.Code, Vendor: e.Vendor, User: e.User, Detail: moreDetail})
		return
	}
	a.wait(n, e, 1, now)
}

// moreDetail stands for what got no lines of its own.
const moreDetail = "the same, or nearly, happened more often than is written down one by one"

// concern names who a line is for, and what it is about.
func (e Event) concern() string {
	return string(e.Code) + string(e.Vendor[:]) + string(e.User[:])
}

// count notes that there was more of a concern.
func (n *waitingRoom) count(e Event) {
	if n.more == nil {
		n.more = map[Event]int64{}
	}
	if _, known := n.more[e]; known || len(n.more) < maxConcerns {
		n.more[e]++
	} else {
		n.lost++
	}
}

// countMore has lines wait for what was only counted, where there may be one again.
func (a *Log) countMore(n *waitingRoom) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := a.clock.Now()
	for e, times := range n.more {
		if n.lines.Take(e.concern(), now) == nil {
			delete(n.more, e)
			a.wait(n, e, times, now)
		}
	}
}

// wait has a line wait to be written, where there is room.
func (a *Log) wait(n *waitingRoom, e Event, times int64, now time.Time) {
	if len(n.waiting) >= maxNotes {
		n.lost += times
		return
	}
	if n.at == nil {
		n.at = map[Event]int{}
	}
	n.at[e] = len(n.waiting)
	n.waiting = append(n.waiting, security.Event{
		ID: token.NewID[token.EventKind](a.ids), At: now.UnixMilli(),
		Code: e.Code, Vendor: e.Vendor, User: e.User, Order: e.Order, Detail: e.Detail, Times: times,
	})
}

// shorten cuts a text off after so many bytes, at the end of a character.
func shorten(text string, most int) string {
	if len(text) > most {
		text = text[:most]
	}
	return strings.ToValidUTF8(text, "")
}

// WriteNotes writes the events that wait into the table, and drops those that are too
// old. Call it every second, and once at the end. What cannot be written waits on, and is
// written again under the same ids: so it is there once, also where a commit was done and
// its answer lost.
func (a *Log) WriteNotes(ctx context.Context) error {
	n := &a.notes
	n.writing.Lock()
	defer n.writing.Unlock()
	ctx, stop := context.WithTimeout(ctx, notePatience) // a connection that hangs keeps only this try from ending
	defer stop()
	a.countMore(n)
	for range maxNotes/notesPerGo + 1 { // what is added meanwhile can wait for the next time
		events, lost := n.take()
		if lost > 0 {
			a.log.ErrorContext(ctx, "security events were not kept: too many at once", "lost", lost)
		}
		if len(events) == 0 {
			break
		}
		if err := a.catalog.AddEvents(ctx, events); err != nil {
			n.putBack(events)
			return err
		}
		n.written()
	}
	return a.dropEvents(ctx)
}

// take takes out the oldest events that wait.
func (n *waitingRoom) take() (events []security.Event, lost int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	count := min(len(n.waiting), notesPerGo)
	events = append(events, n.waiting[:count]...)
	n.replace(append([]security.Event(nil), n.waiting[count:]...))
	n.sent = events
	lost, n.lost = n.lost, 0
	return events, lost
}

// written forgets the events that were on their way: they are in the table.
func (n *waitingRoom) written() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.sent = nil
}

// putBack puts events that could not be written before the others, as far as there is
// room.
func (n *waitingRoom) putBack(events []security.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.sent = nil
	all := append(slices.Clone(events), n.waiting...)
	if len(all) > maxNotes {
		n.lost += int64(len(all) - maxNotes)
		all = all[:maxNotes]
	}
	n.replace(all)
}

func (n *waitingRoom) replace(waiting []security.Event) {
	n.waiting, n.at = waiting, make(map[Event]int, len(waiting))
	for i, e := range waiting {
		n.at[Event{Code: e.Code, Vendor: e.Vendor, User: e.User, Order: e.Order, Detail: e.Detail}] = i
	}
}

// dropEvents forgets what is too old, once a day.
func (a *Log) dropEvents(ctx context.Context) error {
	now := a.clock.Now()
	if now.Sub(a.notes.cleaned) < dropsEvents {
		return nil
	}
	err := a.catalog.DropEventsBefore(ctx, now.Add(-keepEvents).UnixMilli())
	if err == nil {
		a.notes.cleaned = now
	}
	return err
}

// EventsOfUser returns a page of what concerns a user, newest first.
func (a *Log) EventsOfUser(ctx context.Context, user token.UserID, before string, limit int) (page []security.Event, next string, err error) {
	hers := func(e *security.Event) bool { return e.User == user }
	return a.page(before, limit, hers, func(from token.EventID, limit int) ([]security.Event, error) {
		return a.catalog.EventsOfUser(ctx, user, from, limit)
	})
}

// EventsOfVendor returns a page of what concerns a vendor, newest first.
func (a *Log) EventsOfVendor(ctx context.Context, vendor token.VendorID, before string, limit int) (page []security.Event, next string, err error) {
	its := func(e *security.Event) bool { return e.Vendor == vendor }
	return a.page(before, limit, its, func(from token.EventID, limit int) ([]security.Event, error) {
		return a.catalog.EventsOfVendor(ctx, vendor, from, limit)
	})
}

// page reads a page. What still waits to be written is on it, so that people see what has
// just happened, and nobody waits until it is written.
func (a *Log) page(before string, limit int, concerns func(*security.Event) bool, list func(token.EventID, int) ([]security.Event, error)) ([]security.Event, string, error) {
	return paging.Of(before, limit, func(from token.EventID, limit int) ([]security.Event, error) {
		waiting := a.notes.concerning(concerns, from) // first: what is written meanwhile is on both lists, not on neither
		written, err := list(from, limit)
		return newest(append(waiting, written...), limit), err
	}, func(e security.Event) token.EventID { return e.ID })
}

// concerning returns what waits or is on its way, below an id (zero: all of it).
func (n *waitingRoom) concerning(concerns func(*security.Event) bool, before token.EventID) (found []security.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, events := range [][]security.Event{n.sent, n.waiting} {
		for i := range events {
			if concerns(&events[i]) && (before.IsZero() || bytes.Compare(events[i].ID[:], before[:]) < 0) {
				found = append(found, events[i])
			}
		}
	}
	return found
}

// newest returns the first events, newest first, each once.
func newest(events []security.Event, most int) []security.Event {
	slices.SortStableFunc(events, func(x, y security.Event) int { return bytes.Compare(y.ID[:], x.ID[:]) })
	events = slices.CompactFunc(events, func(x, y security.Event) bool { return x.ID == y.ID })
	return events[:min(most, len(events))]
}
