package audit

import (
	"bytes"
	"context"

	"golang.org/x/sync/errgroup"

	"farthing.dev/farthing/domain/journal"
)

// decoded is a block taken apart.
type decoded struct {
	block   *journal.Block
	sum     journal.Hash
	entries []*journal.Entry
	err     error
}

func decode(b *journal.Block) decoded {
	entries, err := b.Entries()
	return decoded{block: b, sum: b.Sum(), entries: entries, err: err}
}

// Blocks hands blocks, from the first on, to fn until fn returns an error.
type Blocks func(ctx context.Context, fn func(*journal.Block) error) error

// Stream audits all blocks of a source. Taking blocks apart costs more than auditing
// them, so workers of them do that side by side; the fold sees them in their order.
// At most two blocks per worker are in memory. seen, which may be nil, is told of each
// block with its entries after it was folded in.
func (a *Auditor) Stream(ctx context.Context, source Blocks, workers int, seen func(*journal.Block, []*journal.Entry) error) error {
	group, ctx := errgroup.WithContext(ctx)
	type job struct {
		block *journal.Block
		done  chan decoded
	}
	work := make(chan job)
	order := make(chan job, max(1, 2*workers))
	for range max(1, workers) {
		group.Go(func() error {
			for j := range work {
				j.done <- decode(j.block)
			}
			return nil
		})
	}
	group.Go(func() error {
		defer close(work)
		defer close(order)
		return source(ctx, func(b *journal.Block) error {
			own := *b // a store may use the memory again when this returns
			own.Body = bytes.Clone(b.Body)
			j := job{block: &own, done: make(chan decoded, 1)}
			for _, queue := range []chan job{order, work} {
				select {
				case queue <- j:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return nil
		})
	})
	group.Go(func() error {
		for j := range order {
			select {
			case d := <-j.done:
				a.fold(d)
				if seen != nil {
					if err := seen(d.block, d.entries); err != nil {
						return err
					}
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	return group.Wait()
}
