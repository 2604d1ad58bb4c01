package app

import (
	"context"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// How far ExpireHolds looks back when it starts, and how many holds it keeps in mind.
const (
	holdLookBack = 31 * 24 // slots of an hour
	holdPage     = 1000
	maxDueHolds  = 100_000
)

// dueHold is a hold that expires in a slot that has begun.
type dueHold struct {
	order  token.OrderID
	vendor token.VendorID
	until  int64
}

// holdWatch is what ExpireHolds knows from one call to the next. A hold lasts an hour at
// least, and a slot is an hour long; so when a slot begins, every hold that expires in it has
// been placed, but for those that were decided just before and are being written just now, or
// by a replica whose clock is behind. Those expire at the slot's end. So each slot is read
// when it begins, and once more, for what is newer, when it is over.
type holdWatch struct {
	slot   int64  // the slot to read next, in milliseconds; zero before the first call
	before uint64 // where to go on reading it
	newest uint64 // the newest hold found in it

	again     int64  // the slot that was read before it was over; zero where there is none
	againFrom uint64 // what was found in it then was no newer
	due       []dueHold
}

// ExpireHolds gives back the holds whose time is over, and returns how many it did. One
// that cannot be given back keeps no other from it. One goroutine calls it, every few seconds.
func (a *App) ExpireHolds(ctx context.Context) (released int, err error) {
	w := &a.holds
	now := a.clock.Now().UnixMilli()
	current := now - now%journal.DueSlotMillis
	if w.slot == 0 {
		w.slot = current - holdLookBack*journal.DueSlotMillis
	}
	if w.again != 0 && w.again < current {
		if err := a.readLate(ctx, w); err != nil {
			return 0, err
		}
	}
	for w.slot <= current && len(w.due) < maxDueHolds {
		if err := a.readSlot(ctx, w, current); err != nil {
			return 0, err
		}
	}
	keep, failed := w.due[:0], error(nil)
	for i, hold := range w.due {
		if now < hold.until {
			keep = append(keep, hold)
			continue
		}
		done, err := a.expire(ctx, hold)
		if token.CodeOf(err) == token.CodeInternal {
			keep, failed = append(keep, hold), err
			continue
		}
		if err != nil {
			w.due = append(keep, w.due[i:]...)
			return released, err
		}
		if done {
			released++
		} else if a.stillHeld(ctx, hold) {
			keep = append(keep, hold)
		}
	}
	w.due = keep
	return released, failed
}

// readSlot reads a page of the holds that expire in the slot.
func (a *App) readSlot(ctx context.Context, w *holdWatch, current int64) error {
	entries, err := a.holdsIn(ctx, w.slot, w.before)
	if err != nil {
		return err
	}
	for _, e := range entries {
		w.due = append(w.due, dueHold{order: e.Order, vendor: e.Vendor, until: e.Sale.Until})
		w.before, w.newest = e.Seq, max(w.newest, e.Seq)
	}
	if len(entries) == holdPage {
		return nil
	}
	if w.slot == current {
		w.again, w.againFrom = w.slot, w.newest
	}
	w.slot, w.before, w.newest = w.slot+journal.DueSlotMillis, 0, 0
	return nil
}

// readLate reads the holds of a slot that is over which came after it was read.
func (a *App) readLate(ctx context.Context, w *holdWatch) error {
	var late []dueHold
	for before := uint64(0); ; {
		entries, err := a.holdsIn(ctx, w.again, before)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if before = e.Seq; e.Seq > w.againFrom {
				late = append(late, dueHold{order: e.Order, vendor: e.Vendor, until: e.Sale.Until})
			}
		}
		if len(entries) < holdPage || before <= w.againFrom {
			w.due, w.again = append(w.due, late...), 0
			return nil
		}
	}
}

// holdsIn returns a page of the holds that expire in a slot, newest first.
func (a *App) holdsIn(ctx context.Context, slot int64, before uint64) ([]*journal.Entry, error) {
	return a.engine.Find(ctx, journal.TermDue(slot), func(e *journal.Entry) bool {
		due := e.Due()
		return e.Kind == journal.HoldPlaced && due-due%journal.DueSlotMillis == slot
	}, before, holdPage)
}

// expire gives one hold back. It reports false where the order is not one to release:
// captured, released, or by the engine's clock not due yet.
func (a *App) expire(ctx context.Context, hold dueHold) (bool, error) {
	_, err := a.engine.Do(ctx, &core.Release{Order: hold.order, Vendor: hold.vendor, Expire: true})
	if token.CodeOf(err) == token.CodeOrderState {
		return false, nil
	}
	return err == nil, err
}

func (a *App) stillHeld(ctx context.Context, hold dueHold) bool {
	order, err := a.engine.Order(ctx, hold.order)
	return err != nil || (order != nil && order.Status == core.OnHold)
}
