package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"strconv"
	"sync"
	"time"

	"farthing.dev/farthing/token"
)

// The bounds of trying a write again whose answer was lost.
const (
	writeTries = 3
	writePause = time.Millisecond // before the second try; ten times as long before the third
)

// write makes changes in one transaction, once. Where the database fails to answer, nobody
// knows whether they were made: so each transaction also leaves its number, and is tried
// again unless its number is found. The changes run more than once, but are committed once;
// what they found out in the run that was committed is what the caller has.
//
// A refusal (a *token.Error) by change is the answer, and nothing was written. Anything else
// comes back as CodeUnavailable, or as CodeCommitUnknown where a commit had begun: after it, the
// changes may have been made or not.
func (c *Catalog) write(ctx context.Context, change func(tx *sql.Tx) error) error {
	var w *writer
	defer func() { c.writers.giveBack(w) }()
	numbered := func(tx *sql.Tx) error {
		if w == nil { // here, so that there are no more than the database runs transactions at a time
			w = c.writers.take()
		}
		if done, err := w.done(ctx, tx); err != nil || done {
			return err
		}
		return change(tx)
	}
	pause := writePause
	var lost error // the last commit whose answer was
	for try := 1; ; try++ {
		err := c.tables.Write(ctx, numbered)
		if refusal, refused := errors.AsType[*token.Error](err); refused {
			return refusal
		}
		if err == nil {
			return nil
		}
		if errors.Is(err, ErrCommitUnknown) {
			lost = err
		}
		// A commit that still waits keeps its number's row, so another try would wait for it.
		if errors.Is(err, ErrCommitWaiting) || try == writeTries || !wait(ctx, pause) {
			return unavailable(errors.Join(err, lost), "write the catalogue")
		}
		pause *= 10
	}
}

// wait waits, and reports whether ctx lasted.
func wait(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// writers are the rows by which transactions of this process are known. One is used by one
// transaction at a time, and again by later ones; so there are as many as ever ran at once.
type writers struct {
	mu   sync.Mutex
	name string // of this process, unlike any other's
	made int
	free []*writer
}

// writer is a row for one transaction at a time.
type writer struct {
	row    string
	number int64 // of the transaction that it is used by
}

func (w *writers) take() *writer {
	w.mu.Lock()
	defer w.mu.Unlock()
	var one *writer
	if last := len(w.free) - 1; last >= 0 {
		one, w.free = w.free[last], w.free[:last]
	} else {
		if w.name == "" {
			w.name = rand.Text()
		}
		w.made++
		one = &writer{row: w.name + " " + strconv.Itoa(w.made)}
	}
	one.number++
	return one
}

func (w *writers) giveBack(one *writer) {
	if one == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.free = append(w.free, one)
}

// done reports whether the transaction was committed by an earlier try; if not, this one
// will be found by its number. It waits for an earlier try that is still under way.
func (w *writer) done(ctx context.Context, tx *sql.Tx) (bool, error) {
	result, err := tx.ExecContext(ctx, `INSERT INTO catalog_writes (writer, number) VALUES ($1, $2)
		ON CONFLICT (writer) DO UPDATE SET number = excluded.number WHERE catalog_writes.number <> excluded.number`, w.row, w.number)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n == 0, err
}
