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
	gone       atomic.Bool   // the next chunks are said to be gone
	hold       atomic.Bool   // the second time from here that the pool is asked for waits
	asked      atomic.Int64  // times while hold is set
	held, goOn chan struct{} // held is closed when it waits, goOn by the test
}

func (r *reader) BlocksOf(ctx context.Context, seqs []uint64) ([]*journal.Block, error) {
	if r.failing.Add(-1) >= 0 {
		return nil, errors.New("the connection broke")
	}
	return r.Database.BlocksOf(ctx, seqs)
}

func (r *reader) Chunks(ctx context.Context, ids []int64, visit func(int, []byte) error) error {
	if r.gone.CompareAndSwap(true, false) {
		return visit(0, nil)
	}
	return r.Database.Chunks(ctx, ids, visit)
}

func (r *reader) SQL() *sql.DB {
	if r.hold.Load() && r.asked.Add(1) == 2 {
		r.hold.Store(false)
		close(r.held)
		<-r.goOn
	}
	return r.Database.SQL()
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
	w.must(w.openOn(w.db, calm).Flush(t.Context())) // a run that e does not know
	last := w.fund(1, 100)
	w.do(e, last)

	db.gone.Store(true)
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
		_, err := tx.ExecContext(t.Context(), `DELETE FROM sorted_run WHERE first_seq > 1`)
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
