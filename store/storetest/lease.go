package storetest

import (
	"database/sql"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

// hold runs a transaction under a lease, and reports whether it was allowed to.
func (w *world) hold(l *store.Lease) bool {
	w.Helper()
	err := w.db.WriteBehind(w.Context(), func(tx *sql.Tx) error { return l.Hold(w.Context(), tx) })
	if !errors.Is(err, store.ErrLeaseLost) {
		w.must(err)
	}
	return err == nil
}

func (w *world) take(l *store.Lease) bool {
	w.Helper()
	held, err := l.Take(w.Context())
	w.must(err)
	return held
}

// testLease: one of several has it, by the clock of the test and by the database's. Who was
// paused for longer than its life, and wakes, changes nothing any more.
func testLease(t *testing.T, w *world) {
	for name, clock := range map[string]token.Clock{"clock of the test": w.clock, "clock of the database": nil} {
		t.Run(name, func(t *testing.T) {
			first, second := store.NewLease(w.db, name, time.Minute, clock), store.NewLease(w.db, name, time.Minute, clock)
			if w.hold(first) {
				t.Error("held before it was taken")
			}
			if !w.take(first) || w.take(second) || !w.take(first) {
				t.Error("the first one does not have it")
			}
			if first.Fence() != 1 || !w.hold(first) || w.hold(second) {
				t.Errorf("fence %d", first.Fence())
			}
			w.must(second.Release(t.Context())) // it is not the second one's to give back
			if w.take(second) {
				t.Error("taken while another has it")
			}
			w.must(first.Release(t.Context()))
			if !w.take(second) || second.Fence() != 2 || w.take(first) || w.hold(first) {
				t.Error("the second one does not have what was given back")
			}
		})
	}
	paused, next := store.NewLease(w.db, "paused", time.Minute, w.clock), store.NewLease(w.db, "paused", time.Minute, w.clock)
	if !w.take(paused) {
		t.Fatal("not taken")
	}
	w.clock.millis.Add(59_000)
	if !w.hold(paused) { // makes it last
		t.Fatal("lost before its life was over")
	}
	w.clock.millis.Add(59_000)
	if w.take(next) {
		t.Error("taken although it was made to last")
	}
	w.clock.millis.Add(2_000)
	if !w.hold(paused) {
		t.Error("lost although nobody else asked for it")
	}
	w.clock.millis.Add(61_000)
	if !w.take(next) || next.Fence() != paused.Fence()+1 {
		t.Errorf("not taken after its life, or fence %d after %d", next.Fence(), paused.Fence())
	}
	if w.hold(paused) || w.take(paused) {
		t.Error("who woke up past its lease still has it")
	}
	if !w.hold(next) {
		t.Error("who took it does not have it")
	}
}

// testLeaseOfMany has many take a lease at once: one gets it.
func testLeaseOfMany(t *testing.T, w *world) {
	var got atomic.Int64
	w.must(each(8, func() error {
		held, err := store.NewLease(w.db, "wanted", time.Hour, nil).Take(t.Context())
		if held {
			got.Add(1)
		}
		return err
	}))
	if got.Load() != 1 {
		t.Errorf("%d have it", got.Load())
	}
}
