package projection

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/store"
)

// Options say how the journal is followed.
type Options struct {
	// Follow goes on until the context ends; otherwise Run ends where the journal does.
	Follow bool
	// Every is how often a journal is looked at that had nothing new; 1 s where it is zero.
	Every time.Duration
	// Progress is told how far it is; nil for nobody.
	Progress io.Writer
}

// Summary says what was written.
type Summary struct {
	Entries  uint64 // that this run wrote
	Postings uint64
	Head     journal.Head // up to which the projection stands
}

// The bounds of a transaction: they bound the memory, too.
const (
	blocksPerRead = 64
	entriesPerTx  = 10_000
	every         = time.Second
	progressEvery = 500_000
)

// errMoved says that another process moved the projection on.
var errMoved = errors.New("another process moved the projection on")

// Run writes into the target what the journal holds and the target does not. It returns
// ErrOtherJournal where what the target was made of is not in this journal.
func Run(ctx context.Context, db store.Database, t *Target, o Options) (summary Summary, err error) {
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	if o.Every == 0 {
		o.Every = every
	}
	at, err := t.Head(ctx)
	told := at.Seq
	for err == nil {
		var next Summary
		next, err = step(ctx, db, t, at)
		if errors.Is(err, errMoved) {
			at, err = t.Head(ctx)
			continue
		}
		if err != nil {
			break
		}
		at = next.Head
		summary.Entries, summary.Postings, summary.Head = summary.Entries+next.Entries, summary.Postings+next.Postings, at
		if at.Seq >= told+progressEvery {
			told = at.Seq
			fmt.Fprintf(o.Progress, "entry %d\n", told)
		}
		if next.Entries > 0 {
			continue
		}
		if !o.Follow {
			return summary, nil
		}
		select {
		case <-ctx.Done():
			return summary, nil
		case <-time.After(o.Every):
		}
	}
	if o.Follow && ctx.Err() != nil {
		return summary, nil // a transaction that was under way did not happen
	}
	return summary, err
}

// step writes the entries of some blocks, in transactions that move the head, too.
func step(ctx context.Context, db store.Database, t *Target, at journal.Head) (done Summary, err error) {
	done.Head = at
	blocks, err := db.Follow(ctx, at, blocksPerRead)
	if errors.Is(err, store.ErrOtherJournal) {
		return done, fmt.Errorf("%w: this one does not hold entry %d as it was projected; if a backup was put back, make the projection again with --rebuild", ErrOtherJournal, at.Seq)
	}
	if err != nil {
		return done, fmt.Errorf("read the journal: %w", err)
	}
	for len(blocks) > 0 {
		var b batch
		to := done.Head
		for len(blocks) > 0 && b.entries < entriesPerTx {
			if err := b.add(blocks[0], to); err != nil {
				return done, err
			}
			to, blocks = blocks[0].Head(), blocks[1:]
		}
		if err := t.write(ctx, func(tx *sql.Tx) error {
			if err := t.move(ctx, tx, done.Head, to); err != nil {
				return err
			}
			return b.write(ctx, tx, t.dialect)
		}); err != nil {
			return done, fmt.Errorf("write entries %d to %d: %w", done.Head.Seq+1, to.Seq, err)
		}
		done.Entries, done.Postings, done.Head = done.Entries+uint64(b.entries), done.Postings+uint64(len(b.postings.values)/len(postingForms)), to
	}
	return done, nil
}

// move moves the head on. Whoever comes second waits for the first, and finds it moved.
func (t *Target) move(ctx context.Context, tx *sql.Tx, from, to journal.Head) error {
	moved, err := tx.ExecContext(ctx, `UPDATE projection SET entry = $1, hash = $2, occurred_at = $3 WHERE entry = $4 AND hash = $5 AND format = $6`,
		int64(to.Seq), hex.EncodeToString(to.Hash[:]), t.dialect.moment(to.At), int64(from.Seq), hex.EncodeToString(from.Hash[:]), format)
	if err != nil {
		return err
	}
	switch rows, err := moved.RowsAffected(); {
	case err != nil:
		return err
	case rows == 0:
		return errMoved
	}
	return nil
}
