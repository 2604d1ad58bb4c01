package storetest

import (
	"context"
	"database/sql"
	"errors"
	"sync/atomic"
	"testing"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/store"
)

// reader is a database whose readings a test fails or holds up.
type reader struct {
	store.Database
	failing    atomic.Int64  // so many readings of blocks fail
	hold       atomic.Bool   // the next transaction that reads waits when it has ended
	meanwhile  func()        // what others do in the middle of the next reading
	held, goOn chan struct{} // held is closed when it waits, goOn by the test

	full   atomic.Bool // the next append fails
	gone   atomic.Bool // no block is found, and whether the journal is another one cannot be asked
	behind atomic.Bool // the next reading of the journal waits
}

func (r *reader) Append(ctx context.Context, head journal.Head, missed func([]*journal.Block) error, decide func() (*journal.Block, error)) error {
	if r.full.CompareAndSwap(true, false) {
		return store.ErrNotAppended
	}
	return r.Database.Append(ctx, head, missed, decide)
}

func (r *reader) BlocksAfter(ctx context.Context, seq uint64, limit int) ([]*journal.Block, error) {
	if r.behind.CompareAndSwap(true, false) {
		close(r.held)
		<-r.goOn
	}
	return r.Database.BlocksAfter(ctx, seq, limit)
}

func (r *reader) BlocksOf(ctx context.Context, seqs []uint64) ([]*journal.Block, error) {
	if r.failing.Add(-1) >= 0 {
		return nil, errors.New("the connection broke")
	}
	if r.gone.Load() {
		return nil, &store.NoBlockError{Seq: seqs[0]}
	}
	return r.Database.BlocksOf(ctx, seqs)
}

func (r *reader) Follow(ctx context.Context, head journal.Head, limit int) ([]*journal.Block, error) {
	if r.gone.Load() {
		return nil, errors.New("the connection broke")
	}
	return r.Database.Follow(ctx, head, limit)
}

func (r *reader) Read(ctx context.Context, work func(tx *sql.Tx) error) error {
	err := r.Database.Read(ctx, func(tx *sql.Tx) error {
		err := work(tx)
		r.interrupt()
		return err
	})
	if r.hold.CompareAndSwap(true, false) {
		close(r.held)
		<-r.goOn
	}
	return err
}

func (r *reader) SQL() *sql.DB {
	r.interrupt()
	return r.Database.SQL()
}

// interrupt lets others do something in the middle of a reading, once.
func (r *reader) interrupt() {
	if meanwhile := r.meanwhile; meanwhile != nil {
		r.meanwhile = nil
		meanwhile()
	}
}

// testFailingReading looks for an order while its entries cannot be read at first: it must
// not be said that there is none.
func testFailingReading(t *testing.T, w *world) {
	open := w.do(w.Engine, w.order("song", 99)).Entry
	db := &reader{Database: w.db}
	e := w.openOn(db, store.Options{})
	db.failing.Store(1)
	o, err := e.Order(t.Context(), open.Order)
	if err != nil || o.ID != open.Order {
		t.Errorf("the order: %+v, %v", o, err)
	}

	e = w.openOn(db, store.Options{})
	db.gone.Store(true)
	if o, err := e.Order(t.Context(), open.Order); err == nil {
		t.Errorf("an order was found in no block: %+v", o)
	}
	db.gone.Store(false)
	for _, problem := range e.Problems() {
		if problem.Code == store.ProblemJournal {
			t.Errorf("a journal that could not be asked is taken for damaged: %s", problem.Detail)
		}
	}
	w.do(e, w.fund(1, 100))
}

// testLateRuns has one goroutine read which runs there are, and install that only after
// another has written the tail as a run: what is in neither would be forgotten.
func testLateRuns(t *testing.T, w *world) {
	db := &reader{Database: w.db, held: make(chan struct{}), goOn: make(chan struct{})}
	calm := store.Options{Tail: 1000}
	e := w.openOn(db, calm)
	first := w.fund(1, 100)
	w.do(e, first)
	w.must(e.Flush(t.Context()))
	w.do(e, w.fund(1, 100))
	w.must(w.openOn(w.db, store.Options{Tail: 1000, Fanout: 2}).Flush(t.Context())) // merges away the run that e knows
	last := w.fund(1, 100)
	w.do(e, last)

	w.settle()
	db.hold.Store(true)
	looked := make(chan error, 1)
	go func() {
		_, err := e.Find(context.Background(), journal.TermAccount(payer(1)), nil, 0, 10)
		looked <- err
	}()
	<-db.held // between reading and installing
	w.must(e.Flush(t.Context()))
	close(db.goOn)
	w.must(<-looked)

	if out := w.do(e, last); !out.Replayed {
		t.Error("a key that was used is not known any more")
	}
	w.checkAccounts(e)
}

// testLostRuns takes away the runs published last, as a database may lose them that was
// not waited for, and sees that what was in them is found, and written again.
func testLostRuns(t *testing.T, w *world) {
	w.reopen(store.Options{Tail: 1000})
	w.do(w.Engine, w.fund(1, 100))
	w.must(w.Flush(t.Context()))
	lost := w.fund(1, 100)
	w.do(w.Engine, lost)
	w.must(w.Flush(t.Context()))
	w.must(w.db.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), `DELETE FROM run_meta WHERE first_seq > 1`)
		return err
	}))
	w.do(w.Engine, w.fund(1, 100))
	_ = w.Flush(t.Context()) // finds out
	w.must(w.Flush(t.Context()))
	if out := w.do(w.Engine, lost); !out.Replayed {
		t.Error("a key that was used is not known any more")
	}
	w.checkAccounts(w.Engine)
	w.reopen(store.Options{})
	if out := w.do(w.Engine, lost); !out.Replayed {
		t.Error("after a start: a key that was used is not known any more")
	}
	w.checkAccounts(w.Engine)
}

// testFindMeanwhile looks for entries while the state is made anew after an append that
// failed: they must not be said to be fewer.
func testFindMeanwhile(t *testing.T, w *world) {
	db := &reader{Database: w.db, held: make(chan struct{}), goOn: make(chan struct{})}
	e := w.openOn(db, store.Options{})
	w.do(e, w.fund(1, 100))
	db.full.Store(true)
	db.behind.Store(true)
	done := make(chan error, 1)
	next := w.fund(1, 100)
	go func() {
		_, err := e.Do(context.Background(), next)
		done <- err
	}()
	<-db.held
	hasty, stop := context.WithCancel(t.Context())
	stop() // who does not wait gets no answer
	if found, err := e.Find(hasty, journal.TermAccount(payer(1)), nil, 0, 10); err == nil {
		t.Errorf("found %d entries of one before the journal was read", len(found))
	}
	close(db.goOn)
	w.must(<-done)
	found, err := e.Find(t.Context(), journal.TermAccount(payer(1)), nil, 0, 10)
	w.must(err)
	if len(found) != 2 {
		t.Errorf("found %d entries of two", len(found))
	}
}

// testMergedMeanwhile starts an engine while another one merges the runs away that it has
// just read the list of: they must not be taken for empty.
func testMergedMeanwhile(t *testing.T, w *world) {
	other := w.open(store.Options{Tail: 1000, Fanout: 2})
	known := w.fund(1, 100)
	w.do(other, known)
	w.must(other.Flush(t.Context()))
	merged := false
	db := &reader{Database: w.db, meanwhile: func() {
		w.do(other, w.fund(2, 100))
		w.must(other.Flush(t.Context()))
		merged = other.Stats().Merges == 2
	}}
	e := w.openOn(db, store.Options{Tail: 1000, Fanout: 100})
	if !merged {
		t.Fatal("nothing was merged meanwhile")
	}
	if got := w.balance(e, 1); got != 1_000_000 {
		t.Errorf("balance %d", got)
	}
	if out := w.do(e, known); !out.Replayed {
		t.Error("a key that was used is not known any more")
	}
	w.checkAccounts(e)
}
