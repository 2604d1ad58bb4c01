package due

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// How far DoDue looks back when it starts, and how much it keeps in mind.
const (
	dueLookBack = 31 * 24          // slots of an hour
	dueAgain    = 10 * time.Minute // after its end a slot is read once more
	duePage     = 1000
	maxDue      = 100_000
)

// dueTask is something to be done at a time, in milliseconds since 1970, in a slot that has begun.
type dueTask struct {
	at     int64
	hold   *core.Release // it is one of these
	tokens *core.Lapse
	asked  *core.LapseRequest
}

// duesOf returns what is to be done about an entry.
func duesOf(e *journal.Entry) (all []dueTask) {
	if e.Kind == journal.HoldPlaced {
		return []dueTask{{at: e.Sale.Until, hold: &core.Release{Order: e.Order, Vendor: e.Vendor, Expire: true}}}
	}
	if asked := e.Asked(); asked != nil {
		return []dueTask{{at: asked.LapsesAt, asked: &core.LapseRequest{Request: e.Seq}}}
	}
	var grants []journal.Grant
	switch {
	case e.Kind == journal.Granted:
		grants = []journal.Grant{*e.Grant}
	case e.Back != nil:
		grants = e.Back.Grants
	}
	for i := range grants {
		if g := &grants[i]; g.Expiry != 0 {
			all = append(all, dueTask{at: max(g.Expiry, e.At), tokens: &core.Lapse{Account: e.Account, Campaign: g.Campaign, Currency: g.Currency}})
		}
	}
	return all
}

// dueWatch is what DoDue knows from one call to the next. Each slot is read from when it
// begins, and once more when it has been over for a while, for what was decided just before
// and written later, or by a replica whose clock is behind.
type dueWatch struct {
	forgotten atomic.Bool // the journal lacks something that was read: all is read again
	now, over slotReading // over has no slot where there is none to be read once more
	list      []dueTask
}

// forget has everything be read again.
func (w *dueWatch) forget() { w.now, w.over, w.list = slotReading{}, slotReading{}, nil }

// slotReading is how far a slot was read. A pass goes from the newest entry back to where the
// last one began.
type slotReading struct {
	slot   int64  // in milliseconds
	floor  uint64 // up to here everything was read
	before uint64 // where the pass goes on; zero: it begins
	newest uint64 // the newest entry of the pass
}

// DoDue does what has fallen due: it gives back the holds whose time is over, takes away
// incentive tokens that have expired, and closes requests that nobody decided. It returns how many it did. What cannot be done keeps
// nothing else from being done. One goroutine calls it, every few seconds.
func (a *Due) DoDue(ctx context.Context) (done int, err error) {
	w := &a.dues
	now := a.clock.Now().UnixMilli()
	if err := a.readDues(ctx, w, now); err != nil {
		return 0, err
	}
	keep, failed := w.list[:0], error(nil)
	for i, d := range w.list {
		if now < d.at {
			keep = append(keep, d)
			continue
		}
		did, again, err := a.do(ctx, d)
		switch token.CodeOf(err) {
		case "":
		case token.CodeUnavailable, token.CodeCommitUnknown:
			w.list = append(keep, w.list[i:]...)
			return done, err
		default:
			failed, again = err, true
		}
		if did {
			done++
		}
		if again {
			keep = append(keep, d)
		}
	}
	w.list = keep
	return done, failed
}

// readDues reads the slots up to the one that now lies in, as far as there is room. Where the
// clock was set back, what came for the slots that it passed before is not known: all is read again.
func (a *Due) readDues(ctx context.Context, w *dueWatch, now int64) error {
	current := now - now%journal.DueSlotMillis
	if w.forgotten.Swap(false) || current < w.now.slot {
		w.forget()
	}
	if w.now.slot == 0 {
		w.now.slot = current - dueLookBack*journal.DueSlotMillis
	}
	for {
		if w.over.slot != 0 && now >= w.over.slot+journal.DueSlotMillis+dueAgain.Milliseconds() {
			if done, err := a.readSlot(ctx, w, &w.over); !done {
				return err
			}
			w.over = slotReading{}
		}
		if done, err := a.readSlot(ctx, w, &w.now); !done || w.now.slot >= current {
			return err
		}
		next := w.now.slot + journal.DueSlotMillis
		if next == current {
			w.over = w.now // it has only just ended
		}
		w.now = slotReading{slot: next}
	}
}

// readSlot reads what is due in a slot and was not read before. It reports false where there
// was no room for all of it.
func (a *Due) readSlot(ctx context.Context, w *dueWatch, s *slotReading) (done bool, err error) {
	in := func(at int64) bool { return at-at%journal.DueSlotMillis == s.slot }
	for len(w.list) < maxDue {
		entries, err := a.engine.Find(ctx, journal.TermDue(s.slot), func(e *journal.Entry) bool { return slices.ContainsFunc(e.Due(nil), in) }, s.before, duePage)
		if err != nil {
			return false, err
		}
		end := len(entries) < duePage
		for _, e := range entries {
			if end = end || e.Seq <= s.floor; e.Seq <= s.floor {
				break
			}
			s.before, s.newest = e.Seq, max(s.newest, e.Seq)
			for _, d := range duesOf(e) {
				if in(d.at) {
					w.list = append(w.list, d)
				}
			}
		}
		if end {
			s.floor, s.before, s.newest = max(s.floor, s.newest), 0, 0
			return true, nil
		}
	}
	return false, nil
}

// do does one thing. It reports false where there was nothing to do: captured, released, used
// up; and that it is to be tried again, where it is not due by the engine's clock.
func (a *Due) do(ctx context.Context, d dueTask) (did, again bool, err error) {
	if d.tokens != nil {
		out, err := a.engine.Do(ctx, d.tokens)
		return err == nil && out.Entry != nil, false, err
	}
	if d.asked != nil {
		out, err := a.engine.Do(ctx, d.asked)
		return err == nil && out.Entry != nil, err == nil && out.Entry == nil && a.stillAsked(ctx, d.asked.Request), err
	}
	_, err = a.engine.Do(ctx, d.hold)
	if token.CodeOf(err) == token.CodeOrderState {
		return false, a.stillHeld(ctx, d.hold.Order), nil
	}
	return err == nil, false, err
}

// stillAsked reports whether a request waits although its time is over: not yet by the engine's clock.
func (a *Due) stillAsked(ctx context.Context, request uint64) bool {
	account, err := a.engine.Account(ctx, journal.Approvals)
	return err != nil || account.Desk.Request(request) != nil
}

func (a *Due) stillHeld(ctx context.Context, id token.OrderID) bool {
	order, err := a.engine.Order(ctx, id)
	return err != nil || (order != nil && order.Status == core.OnHold)
}

// ForgetJournal has everything that falls due be read again. Call it when the database turned
// out to be another one.
func (a *Due) ForgetJournal() { a.dues.forgotten.Store(true) }
