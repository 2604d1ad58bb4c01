package export

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/store"
)

// stretch returns the first and the last entry of the time; the last is before the first where
// there are none.
func (x *exporter) stretch(ctx context.Context, db store.Database) (first, last uint64, err error) {
	first, last = 1, x.summary.Head.Seq
	if !x.o.Since.IsZero() {
		if first, err = firstFrom(ctx, db, last, x.o.Since); err != nil {
			return 0, 0, err
		}
	}
	if !x.o.Until.IsZero() {
		after, err := firstFrom(ctx, db, last, x.o.Until)
		if err != nil {
			return 0, 0, err
		}
		last = after - 1
	}
	return first, last, nil
}

// firstFrom returns the first entry, of those up to last, that is not before a time; last + 1
// where all are. Times never go back along the journal, so it looks at few.
func firstFrom(ctx context.Context, db store.Database, last uint64, from time.Time) (uint64, error) {
	low, high := uint64(1), last+1
	for low < high {
		middle := low + (high-low)/2
		found, err := db.BlocksAfter(ctx, middle-1, 1)
		if err != nil {
			return 0, err
		}
		if len(found) == 0 || found[0].First > middle || found[0].Last() < middle {
			return 0, fmt.Errorf("no block holds entry %d; farthing verify names what is wrong", middle)
		}
		if found[0].At < from.UnixMilli() {
			low = found[0].Last() + 1
		} else {
			high = max(low, found[0].First)
		}
	}
	return low, nil
}

var errEnough = errors.New("that was the last block")

// blocks reads those of the entries from first to last, which are whole blocks.
func blocks(ctx context.Context, db store.Database, first, last uint64) iter.Seq2[*journal.Block, error] {
	return func(yield func(*journal.Block, error) bool) {
		if first > last {
			return
		}
		err := store.Walk(ctx, db, first-1, func(b *journal.Block) error {
			if !yield(b, nil) || b.Last() >= last {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(nil, fmt.Errorf("read the journal: %w", err))
		}
	}
}

// prover proves that blocks are what was appended, and all of it.
type prover struct {
	head journal.Head // the journal's end
	last uint64       // the last entry that was proved
	hash journal.Hash // of its block; zero before the first
}

func (p *prover) prove(b *journal.Block) error {
	switch {
	case b.First != p.last+1:
		return fmt.Errorf("after entry %d comes a block that begins with %d; farthing verify names what is wrong", p.last, b.First)
	case b.Sum() != b.Hash:
		return fmt.Errorf("the block of entry %d is not what its hash says; farthing verify names what is wrong", b.First)
	case (p.hash != journal.Hash{} || b.First == 1) && b.Prev != p.hash:
		return fmt.Errorf("the block of entry %d does not follow the one before; farthing verify names what is wrong", b.First)
	}
	p.last, p.hash = b.Last(), b.Hash
	return nil
}

// end checks that all was there, up to the journal's end where it was read so far.
func (p *prover) end(last uint64) error {
	if p.last < last || p.last == p.head.Seq && p.hash != (journal.Hash{}) && p.hash != p.head.Hash {
		return fmt.Errorf("the journal ends at %d, and not where it ended before, at %s; farthing verify names what is wrong", p.last, p.head)
	}
	return nil
}
