package store

import (
	"context"
	"fmt"

	"farthing.dev/farthing/domain/journal"
)

// Walk hands the blocks that hold the entries after seq to fn, ascending, until the journal's
// end or an error of fn. It proves none of them.
func Walk(ctx context.Context, db Database, seq uint64, fn func(*journal.Block) error) error {
	for {
		blocks, err := db.BlocksAfter(ctx, seq, blocksPerRead)
		if err != nil || len(blocks) == 0 {
			return err
		}
		for _, b := range blocks {
			if err := fn(b); err != nil {
				return err
			}
		}
		next := blocks[len(blocks)-1].Last()
		if next <= seq { // a damaged block must not make this go round for ever
			return fmt.Errorf("block %d does not end after entry %d", blocks[len(blocks)-1].First, seq)
		}
		seq = next
	}
}
