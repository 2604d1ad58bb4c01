package store

import (
	"context"
	"errors"
	"fmt"

	"farthing.dev/farthing/domain/journal"
)

// maxCachedBlock keeps a block of an unusual size from filling the memory.
const maxCachedBlock = 1 << 20

// blocksPerFetch bounds how many blocks are asked for at once.
const blocksPerFetch = 8

// fetch returns the entries numbered seqs, in the same order. Entries of one block are
// decoded out of one reading of it.
func (e *Engine) fetch(ctx context.Context, seqs []uint64) ([]*journal.Entry, error) {
	out := make([]*journal.Entry, len(seqs))
	for open := e.fromBlocks(seqs, out, e.cachedBlocks()); len(open) > 0; {
		wanted := make([]uint64, 0, blocksPerFetch)
		for i := 0; i < len(open) && len(wanted) < blocksPerFetch; i++ {
			wanted = append(wanted, seqs[open[i]])
		}
		blocks, err := e.blocksOf(ctx, wanted)
		if err != nil {
			return nil, fmt.Errorf("read entries: %w", err)
		}
		e.cacheBlocks(blocks)
		before := len(open)
		if open = e.fromBlocks(seqs, out, blocks); len(open) >= before {
			return nil, fmt.Errorf("read entries: entry %d cannot be decoded", seqs[open[0]])
		}
	}
	return out, nil
}

// fromBlocks fills in the entries that lie in blocks and returns the places of those
// that are still missing.
func (e *Engine) fromBlocks(seqs []uint64, out []*journal.Entry, blocks []*journal.Block) (open []int) {
	for i, seq := range seqs {
		if out[i] != nil {
			continue
		}
		for _, b := range blocks {
			if b.First <= seq && seq <= b.Last() {
				if entry, err := b.Entry(seq); err == nil {
					out[i] = entry
				}
				break
			}
		}
		if out[i] == nil {
			open = append(open, i)
		}
	}
	return open
}

func (e *Engine) cachedBlocks() []*journal.Block {
	e.blocksMu.Lock()
	defer e.blocksMu.Unlock()
	return e.blocks.Values()
}

func (e *Engine) cacheBlocks(blocks []*journal.Block) {
	e.blocksMu.Lock()
	defer e.blocksMu.Unlock()
	for _, b := range blocks {
		if len(b.Body) <= maxCachedBlock {
			e.blocks.Add(b.First, b)
		}
	}
}

// errDamaged says that a block is not what it was when it was appended. No entry of it is
// used; those of other blocks are.
var errDamaged = errors.New("the journal is damaged")

// blocksOf returns for each of seqs the block that holds it, proved.
func (e *Engine) blocksOf(ctx context.Context, seqs []uint64) ([]*journal.Block, error) {
	blocks, err := e.db.BlocksOf(ctx, seqs)
	if missing, ok := errors.AsType[*NoBlockError](err); ok && missing.Seq <= e.Head().Seq {
		return nil, e.lacks(ctx, missing.Seq)
	}
	if err != nil {
		return nil, err
	}
	for _, b := range blocks {
		if err := e.prove(b); err != nil {
			return nil, err
		}
	}
	return blocks, nil
}

// blocksAfter returns the blocks that hold the entries after seq, proved, and each the one
// that follows the one before it.
func (e *Engine) blocksAfter(ctx context.Context, seq uint64, limit int) ([]*journal.Block, error) {
	blocks, err := e.db.BlocksAfter(ctx, seq, limit)
	if err != nil {
		return nil, err
	}
	for i, b := range blocks {
		if err := e.prove(b); err != nil {
			return nil, err
		}
		if i == 0 {
			if b.First > seq+1 {
				return nil, e.damage(seq+1, "no block holds entry %d", seq+1)
			}
			continue
		}
		if err := e.follows(ctx, b, blocks[i-1].Head()); err != nil {
			return nil, err
		}
	}
	return blocks, nil
}

// prove computes the block's hash again.
func (e *Engine) prove(b *journal.Block) error {
	if b.Sum() != b.Hash {
		return e.damage(b.First, "block %d is not what its hash says", b.First)
	}
	return nil
}

// lacks says why no block was found that holds an entry before the journal's end: another
// journal that is shorter, or a gap. Only one reading tells them apart, as two can be of two
// servers; and where it fails, nothing is damaged.
func (e *Engine) lacks(ctx context.Context, seq uint64) error {
	end := e.Head().Seq
	_, err := e.db.BlocksOf(ctx, []uint64{end, seq})
	missing, ok := errors.AsType[*NoBlockError](err)
	switch {
	case err == nil:
		return fmt.Errorf("%w: it lacked entry %d, and has it now", ErrOtherJournal, seq)
	case !ok:
		return err
	case missing.Seq == end:
		return fmt.Errorf("%w: it has no entry %d, which this server knows", ErrOtherJournal, end)
	}
	return e.damage(seq, "no block holds entry %d", seq)
}

// follows checks that b is what was appended after head. Where it is not, it may be of another
// journal than head, which was read before; a block was changed where one reading finds both.
func (e *Engine) follows(ctx context.Context, b *journal.Block, head journal.Head) error {
	after := func(b *journal.Block) bool { return b.First == head.Seq+1 && b.Prev == head.Hash }
	if after(b) {
		return nil
	}
	next, err := e.db.Follow(ctx, head, 1)
	switch {
	case err != nil:
		return err
	case len(next) == 0 || after(next[0]):
		return fmt.Errorf("%w: it has another block after entry %d than before", ErrOtherJournal, head.Seq)
	case next[0].First != head.Seq+1:
		return e.damage(head.Seq+1, "no block begins with entry %d", head.Seq+1)
	}
	return e.damage(next[0].First, "block %d does not follow the block before it: one of the two was changed", next[0].First)
}

// damage stops selling: what is wrong with the journal is told to the operator, and
// commands that could append are refused from now on. It returns the error for whoever
// found it.
func (e *Engine) damage(seq uint64, format string, args ...any) error {
	what := fmt.Sprintf(format, args...)
	e.damaged.Store(true)
	if e.health.set(ProblemJournal, what+"; nothing more is sold: restore a backup that verifies, and start again", e.clock.Now()) {
		e.log.Error("the journal is damaged; selling stops", "at", seq, "problem", what)
	}
	return fmt.Errorf("%w: %s", errDamaged, what)
}
