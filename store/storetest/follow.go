package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/store"
)

// diary is somebody who follows the journal: it writes the numbers of the entries into a table,
// as what is done with the cursor, and remembers which it was handed, as what is done elsewhere.
type diary struct {
	w      *world
	table  string
	handed []uint64
	sizes  []int                   // of the batches
	took   func(store.Batch) error // called before anything else; nil for nothing
	writes func() error            // called in the transaction, after it has written; nil for nothing
}

func (w *world) diary(table string) *diary {
	w.Helper()
	w.must(w.db.Write(w.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(w.Context(), `CREATE TABLE IF NOT EXISTS `+table+` (seq BIGINT NOT NULL, fence BIGINT NOT NULL)`)
		return err
	}))
	return &diary{w: w, table: table}
}

func (d *diary) take(_ context.Context, b store.Batch) (store.Commit, error) {
	if d.took != nil {
		if err := d.took(b); err != nil {
			return nil, err
		}
	}
	for _, e := range b.Entries {
		d.handed = append(d.handed, e.Seq)
	}
	d.sizes = append(d.sizes, len(b.Entries))
	return func(ctx context.Context, tx *sql.Tx) error {
		for _, e := range b.Entries {
			if _, err := tx.ExecContext(ctx, `INSERT INTO `+d.table+` (seq, fence) VALUES ($1, 0)`, int64(e.Seq)); err != nil {
				return err
			}
		}
		if d.writes != nil {
			return d.writes()
		}
		return nil
	}, nil
}

// written returns what is in the table, in the order in which it was written.
func (d *diary) written() (seqs []uint64) {
	d.w.Helper()
	for _, seq := range d.w.ids(`SELECT seq FROM ` + d.table + ` ORDER BY seq`) {
		seqs = append(seqs, uint64(seq))
	}
	return seqs
}

// upTo lists 1 to n.
func upTo(n uint64) (seqs []uint64) {
	for seq := uint64(1); seq <= n; seq++ {
		seqs = append(seqs, seq)
	}
	return seqs
}

func (d *diary) check(last uint64) {
	d.w.Helper()
	if got := d.written(); !slices.Equal(got, upTo(last)) {
		d.w.Errorf("%v is written, want each of %d entries once", got, last)
	}
}

// follow makes a follower whose clock is the test's.
func (w *world) follow(e *store.Engine, f store.Follow) *store.Follower {
	f.Clock, f.Life, f.Log = w.clock, time.Minute, discard
	return store.NewFollower(e, f)
}

// all steps until there is nothing more.
func (w *world) all(f *store.Follower) {
	w.Helper()
	for more := true; more; {
		var err error
		more, err = f.Step(w.Context())
		w.must(err)
	}
}

func (w *world) funds(e *store.Engine, count int) {
	w.Helper()
	for n := range count {
		w.do(e, w.fund(uint64(n%3), 100))
	}
}

// testFollow: entries are handed over in order, a bounded number at a time, from the memory and
// from the database; and after a crash between what was done elsewhere and the cursor again.
func testFollow(t *testing.T, w *world) {
	w.funds(w.Engine, 9)
	for _, stored := range []bool{false, true} {
		t.Run(fmt.Sprintf("stored %v", stored), func(t *testing.T) {
			d := w.diary(fmt.Sprint("diary_", stored))
			f := store.Follow{Name: d.table, Take: d.take, Stored: stored, Blocks: 4}
			begins := w.follow(w.Engine, f)
			w.all(begins)
			w.must(begins.Close(t.Context()))
			if last := w.Head().Seq; !slices.Equal(d.handed, upTo(last)) || slices.Max(d.sizes) > 4 {
				t.Fatalf("handed over: %v, in batches of %v", d.handed, d.sizes)
			}
			w.funds(w.Engine, 3)
			crash := errors.New("crash")
			d.writes = func() error { return crash }
			first := w.follow(w.Engine, f)
			if _, err := first.Step(t.Context()); !errors.Is(err, crash) {
				t.Fatalf("step: %v", err)
			}
			w.must(first.Close(t.Context()))
			before := len(d.handed)
			d.writes = nil
			last := w.follow(w.Engine, f)
			w.all(last)
			if again := d.handed[before:]; len(again) != 3 || !slices.Equal(again, d.handed[before-3:before]) {
				t.Errorf("after a crash comes %v", d.handed[before:])
			}
			d.check(w.Head().Seq)
			if state := last.State(); state.Seq != w.Head().Seq || state.Lag != 0 {
				t.Errorf("%+v", state)
			}
			w.must(last.Close(t.Context()))
			w.reopen(store.Options{}) // nothing is in memory
			w.funds(w.Engine, 2)
			again := w.follow(w.Engine, f)
			w.all(again)
			w.must(again.Close(t.Context()))
			d.check(w.Head().Seq)
		})
	}
}

// testFollowOnce has what is written with the cursor fail again and again: each entry is written
// once. A failing one comes again a little later each time, and loses no place.
func testFollowOnce(t *testing.T, w *world) {
	d := w.diary("diary")
	fails := 0
	d.writes = func() error {
		if fails++; fails%3 != 0 {
			return errors.New("a full disk")
		}
		return nil
	}
	f := w.follow(w.Engine, store.Follow{Name: "often", Take: d.take, Blocks: 2})
	w.funds(w.Engine, 8)
	pause := time.Second
	for steps := 0; f.State().Seq < w.Head().Seq; steps++ {
		if steps > 100 {
			t.Fatalf("it does not come to an end: %+v", f.State())
		}
		_, err := f.Step(t.Context())
		if err == nil {
			pause = time.Second
			continue
		}
		if state := f.State(); state.Failing == "" {
			t.Fatalf("failed, and says nothing: %+v", state)
		}
		tries := fails
		if _, err := f.Step(t.Context()); err != nil || fails != tries {
			t.Fatalf("tried again at once: %v", err)
		}
		w.clock.millis.Add(pause.Milliseconds() - 200)
		if _, err := f.Step(t.Context()); err != nil || fails != tries {
			t.Fatalf("tried again before %v: %v", pause, err)
		}
		w.clock.millis.Add(200)
		pause *= 2
	}
	d.check(8)
	if state := f.State(); state.Failing != "" || state.Lag != 0 {
		t.Errorf("%+v", state)
	}
}

// testFollowOne has two followers of one name: one of them works. It is paused in the middle of
// a batch, for longer than its lease; the other one goes on, and when the first one wakes it
// writes nothing.
func testFollowOne(t *testing.T, w *world) {
	one, other := w.diary("diary"), w.diary("diary")
	second := w.Engine
	if w.db.Shared() {
		second = w.open(store.Options{})
	}
	a := w.follow(w.Engine, store.Follow{Name: "one", Take: one.take})
	b := w.follow(second, store.Follow{Name: "one", Take: other.take})
	w.funds(w.Engine, 3)
	w.all(a)
	w.funds(w.Engine, 3)
	w.balance(second, 1)
	w.all(b)
	if len(other.handed) != 0 {
		t.Fatalf("two work at once: the second was handed %v", other.handed)
	}
	asleep, wake := make(chan struct{}), make(chan struct{})
	one.took = func(store.Batch) error { close(asleep); <-wake; return nil }
	woken := make(chan error, 1)
	go func() { _, err := a.Step(t.Context()); woken <- err }()
	<-asleep
	w.all(b)
	if len(other.handed) != 0 {
		t.Fatalf("the second did not wait for the end of the lease: it was handed %v", other.handed)
	}
	w.clock.millis.Add(61_000)
	w.all(b)
	one.check(6)
	close(wake)
	if err := <-woken; err != nil {
		t.Errorf("who wakes fails: %v", err)
	}
	one.check(6) // nothing twice
	w.funds(w.Engine, 1)
	one.took = nil
	w.balance(second, 1)
	before := len(one.handed)
	w.all(a)
	if len(one.handed) != before {
		t.Errorf("who woke goes on without the lease: %v", one.handed[before:])
	}
	w.all(b)
	one.check(7)
	w.must(b.Close(t.Context()))
	w.funds(w.Engine, 1)
	w.all(a) // at once
	one.check(8)
}

// testFollowMany has followers of one name work at the same time, with leases that end at once:
// each entry is written once all the same.
func testFollowMany(t *testing.T, w *world) {
	d := w.diary("diary")
	const entries, followers = 60, 4
	var done atomic.Bool
	engines := []*store.Engine{w.Engine, w.Engine, w.Engine, w.Engine}
	if w.db.Shared() {
		engines[1], engines[3] = w.open(small), w.open(small)
	}
	work := func(i int) error {
		own := *d
		f := store.NewFollower(engines[i], store.Follow{Name: "many", Take: own.take, Blocks: 3, Life: time.Nanosecond, Log: discard})
		for last := false; ; {
			more, err := f.Step(t.Context())
			if err != nil || last && !more {
				return err
			}
			last = done.Load()
		}
	}
	var next atomic.Int64
	w.must(each(followers+1, func() error {
		i := int(next.Add(1) - 1)
		if i < followers {
			return work(i)
		}
		defer done.Store(true)
		for n := range entries {
			if _, err := w.Do(t.Context(), w.fund(uint64(n%5), 100)); err != nil {
				return err
			}
		}
		return nil
	}))
	w.all(store.NewFollower(w.Engine, store.Follow{Name: "many", Take: d.take, Life: time.Nanosecond, Log: discard}))
	d.check(entries)
}

// testFollowOther gives the database another journal: a follower finds that its cursor does not
// lie on it, and begins again, or stops and says why.
func testFollowOther(t *testing.T, w *world) {
	d, stays := w.diary("diary"), w.diary("staying")
	forget := func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM `+d.table)
		return err
	}
	begins := w.follow(w.Engine, store.Follow{Name: "begins", Take: d.take, Again: forget})
	stops := w.follow(w.Engine, store.Follow{Name: "stops", Take: stays.take})
	start := w.Head().Seq
	w.funds(w.Engine, 5)
	w.all(begins)
	w.all(stops)
	w.cutJournal(start + 3)
	w.append(w.foreignEntry())
	w.do(w.Engine, w.fund(1, 100)) // finds out
	w.funds(w.Engine, 2)
	last := w.Head().Seq
	w.all(begins) // finds out, and forgets
	w.all(begins)
	d.check(last)
	if state := begins.State(); state.Stopped != "" || state.Lag != 0 {
		t.Errorf("%+v", state)
	}
	w.all(stops)
	w.all(stops)
	if state := stops.State(); state.Stopped == "" || len(stays.written()) != 5 {
		t.Errorf("%+v, %v", state, stays.written())
	}
	states, err := store.Followers(t.Context(), w.db, last)
	w.must(err)
	if len(states) != 2 || states[0].Lag != 0 || states[1].Lag != last-5 || states[1].Stopped == "" {
		t.Errorf("%+v", states)
	}
	w.must(w.db.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), `DELETE FROM staying`)
		return err
	}))
	w.must(stops.Restart(t.Context()))
	w.all(stops)
	stays.check(last)
}

// testFollowBegin: who has no cursor may begin elsewhere than with the first entry.
func testFollowBegin(t *testing.T, w *world) {
	d := w.diary("diary")
	w.funds(w.Engine, 4)
	f := w.follow(w.Engine, store.Follow{Name: "later", Take: d.take, Begin: func(context.Context) (journal.Head, error) { return w.blockHead(3), nil }})
	w.all(f)
	if !slices.Equal(d.handed, []uint64{4}) {
		t.Errorf("handed over: %v", d.handed)
	}
	if _, at, err := f.LoadState(t.Context()); err != nil || at.Seq != 4 {
		t.Errorf("the cursor is at %v, %v", at, err)
	}
}

// testFollowBegun: where a follower begins is settled once, before it is handed anything: what
// fails comes again, however far Begin has come meanwhile, to whoever has the lease then.
func testFollowBegun(t *testing.T, w *world) {
	d := w.diary("diary")
	begin := journal.Head{}
	w.funds(w.Engine, 4)
	f := store.Follow{Name: "settled", Take: d.take, Begin: func(context.Context) (journal.Head, error) { return begin, nil }}
	broken := errors.New("the past cannot be asked")
	d.took = func(store.Batch) error { return broken }
	first := w.follow(w.Engine, f)
	if _, err := first.Step(t.Context()); !errors.Is(err, broken) {
		t.Fatalf("step: %v", err)
	}
	w.must(first.Close(t.Context()))
	begin, d.took = w.blockHead(3), nil
	w.all(w.follow(w.Engine, f))
	if !slices.Equal(d.handed, upTo(4)) {
		t.Errorf("handed over: %v", d.handed)
	}
}

// testFollowPanics: who follows the journal and panics has failed, no more: the batch comes again.
func testFollowPanics(t *testing.T, w *world) {
	d := w.diary("diary")
	w.funds(w.Engine, 3)
	f := w.follow(w.Engine, store.Follow{Name: "panics", Take: d.take})
	d.took = func(store.Batch) error { panic("a part that is not there") }
	if _, err := f.Step(t.Context()); err == nil || f.State().Failing == "" {
		t.Fatalf("step: %v, %+v", err, f.State())
	}
	d.took = nil
	w.clock.millis.Add(2000)
	w.all(f)
	d.check(3)
}
