package app

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

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

// SecurityEvent is something that somebody concerned should be able to see: a refusal
// for safety's sake, or a change around an account.
//
// The user sees it where User is set, and the members of the vendor where Vendor is set:
// so an event of the user's alone, such as a login, has no Vendor. Detail is one sentence
// for all who see it, at most 300 bytes. It names no person and no secret, and nothing of
// one vendor to another.
type SecurityEvent struct {
	Code   token.Code
	Vendor token.VendorID
	User   token.UserID
	Order  token.OrderID
	Detail string
}

// SecurityView is a line of the security log, as a user or a vendor sees it.
type SecurityView struct {
	ID         token.EventID
	At         time.Time
	Code       token.Code
	Detail     string
	Order      token.OrderID
	Times      int64          // how often it happened, at least 1
	VendorName string         // for the user: at which vendor
	Reader     token.ReaderID // for the vendor: its pseudonym of the user
}

// notebook is what waits to be written into the security log. Events that tell the
// same are one, with a count, so a flood takes no more room than a drop.
type notebook struct {
	mu      sync.Mutex
	sent    []security.Event // on their way to the table: perhaps there, perhaps not
	waiting []security.Event
	at      map[SecurityEvent]int // where in waiting
	lost    int64                 // since the last write, for want of room

	lines *throttle               // of one concern
	more  map[SecurityEvent]int64 // how often something happened that got no line, by concern

	writing sync.Mutex // held from taking events out until they are written
	cleaned time.Time  // when old events were dropped; under writing
}

// Note records a security event. It never blocks and never fails: it is in the
// operator's log at once, and in the table within a second.
func (a *App) Note(ctx context.Context, e SecurityEvent) {
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
	if n.lines.take(e.concern(), now) != nil {
		n.count(SecurityEvent{Code: e.Code, Vendor: e.Vendor, User: e.User, Detail: moreDetail})
		return
	}
	a.wait(n, e, 1, now)
}

// moreDetail stands for what got no lines of its own.
const moreDetail = "the same, or nearly, happened more often than is written down one by one"

// concern names who a line is for, and what it is about.
func (e SecurityEvent) concern() string {
	return string(e.Code) + string(e.Vendor[:]) + string(e.User[:])
}

// count notes that there was more of a concern.
func (n *notebook) count(e SecurityEvent) {
	if n.more == nil {
		n.more = map[SecurityEvent]int64{}
	}
	if _, known := n.more[e]; known || len(n.more) < maxConcerns {
		n.more[e]++
	} else {
		n.lost++
	}
}

// countMore has lines wait for what was only counted, where there may be one again.
func (a *App) countMore(n *notebook) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := a.clock.Now()
	for e, times := range n.more {
		if n.lines.take(e.concern(), now) == nil {
			delete(n.more, e)
			a.wait(n, e, times, now)
		}
	}
}

// wait has a line wait to be written, where there is room.
func (a *App) wait(n *notebook, e SecurityEvent, times int64, now time.Time) {
	if len(n.waiting) >= maxNotes {
		n.lost += times
		return
	}
	if n.at == nil {
		n.at = map[SecurityEvent]int{}
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
func (a *App) WriteNotes(ctx context.Context) error {
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
func (n *notebook) take() (events []security.Event, lost int64) {
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
func (n *notebook) written() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.sent = nil
}

// putBack puts events that could not be written before the others, as far as there is
// room.
func (n *notebook) putBack(events []security.Event) {
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

func (n *notebook) replace(waiting []security.Event) {
	n.waiting, n.at = waiting, make(map[SecurityEvent]int, len(waiting))
	for i, e := range waiting {
		n.at[SecurityEvent{Code: e.Code, Vendor: e.Vendor, User: e.User, Order: e.Order, Detail: e.Detail}] = i
	}
}

// dropEvents forgets what is too old, once a day.
func (a *App) dropEvents(ctx context.Context) error {
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

// SecurityEvents returns a page of what was refused or happened around the viewer's
// account, newest first.
func (a *App) SecurityEvents(ctx context.Context, v Viewer, before string, limit int) (page []SecurityView, next string, err error) {
	events, next, err := a.eventsOfUser(ctx, v.User, before, limit)
	for _, e := range events {
		view := viewOfEvent(e)
		view.VendorName = a.vendorName(ctx, e.Vendor)
		page = append(page, view)
	}
	return page, next, err
}

// VendorSecurityEvents returns a page of what was refused or happened at a vendor that
// the viewer acts for, newest first. Users appear under the vendor's own pseudonyms.
func (a *App) VendorSecurityEvents(ctx context.Context, v Viewer, vendor token.VendorID, before string, limit int) (page []SecurityView, next string, err error) {
	if _, err := a.member(ctx, v, vendor); err != nil {
		return nil, "", err
	}
	events, next, err := a.eventsOfVendor(ctx, vendor, before, limit)
	for _, e := range events {
		view := viewOfEvent(e)
		if view.Reader, err = a.keys.pseudonym(vendor, e.User); err != nil {
			return nil, "", err
		}
		page = append(page, view)
	}
	return page, next, err
}

// eventsOfUser returns a page of what concerns a user, newest first.
func (a *App) eventsOfUser(ctx context.Context, user token.UserID, before string, limit int) (page []security.Event, next string, err error) {
	hers := func(e *security.Event) bool { return e.User == user }
	return a.events(before, limit, hers, func(from token.EventID, limit int) ([]security.Event, error) {
		return a.catalog.EventsOfUser(ctx, user, from, limit)
	})
}

// eventsOfVendor returns a page of what concerns a vendor, newest first.
func (a *App) eventsOfVendor(ctx context.Context, vendor token.VendorID, before string, limit int) (page []security.Event, next string, err error) {
	its := func(e *security.Event) bool { return e.Vendor == vendor }
	return a.events(before, limit, its, func(from token.EventID, limit int) ([]security.Event, error) {
		return a.catalog.EventsOfVendor(ctx, vendor, from, limit)
	})
}

// events reads a page. What still waits to be written is on it, so that people see what has
// just happened, and nobody waits until it is written.
func (a *App) events(before string, limit int, concerns func(*security.Event) bool, list func(token.EventID, int) ([]security.Event, error)) ([]security.Event, string, error) {
	return pageOf(before, limit, func(from token.EventID, limit int) ([]security.Event, error) {
		waiting := a.notes.concerning(concerns, from) // first: what is written meanwhile is on both lists, not on neither
		written, err := list(from, limit)
		return newest(append(waiting, written...), limit), err
	}, func(e security.Event) token.EventID { return e.ID })
}

// concerning returns what waits or is on its way, below an id (zero: all of it).
func (n *notebook) concerning(concerns func(*security.Event) bool, before token.EventID) (found []security.Event) {
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

func viewOfEvent(e security.Event) SecurityView {
	return SecurityView{ID: e.ID, At: token.TimeAt(e.At), Code: e.Code, Detail: e.Detail, Order: e.Order, Times: e.Times}
}
