package store

import (
	"context"
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
		blocks, err := e.db.BlocksOf(ctx, wanted)
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
