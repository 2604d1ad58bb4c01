package store

import (
	"context"
	"fmt"
	"math"
	"slices"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// While the batch goroutine waits for a commit, or for the lock, looks are answered
// aside: from the snapshots and the entries that are confirmed, never from the state, in which
// the batch under way has already happened. What was committed by other replicas since is not
// seen.

// unconfirmed says that it is not known yet what of the journal is confirmed.
const unconfirmed = -1

// lookAside answers a look.
func (e *Engine) lookAside(ctx context.Context, c *look) (out core.Outcome, err error) {
	err = e.steadily(func(upTo uint64) error {
		switch {
		case c.owner:
			if out.Account, err = e.ownerAside(ctx, c.account, upTo); err != nil {
				return err
			}
		case !c.account.IsZero():
			if out.Account, err = e.accountAside(ctx, c.account, upTo); err != nil {
				return err
			}
		}
		if !c.order.IsZero() {
			out.Order, err = e.orderAside(ctx, c.order, upTo)
		}
		return err
	})
	if err != nil {
		return core.Outcome{}, e.unavailable("unavailable.storage_silent", err)
	}
	return out, nil
}

// steadily runs work with the number of the last confirmed entry, and fails where the
// index is rebuilt meanwhile.
func (e *Engine) steadily(work func(upTo uint64) error) error {
	index, upTo := e.anew.Load(), e.confirmed.Load()
	if index%2 != 0 || upTo == unconfirmed {
		return errRebuilt
	}
	if err := work(uint64(upTo)); err != nil {
		return err
	}
	if e.anew.Load() != index {
		return errRebuilt
	}
	return nil
}

// accountAside folds the account's confirmed entries into its snapshot.
func (e *Engine) accountAside(ctx context.Context, id token.AccountID, upTo uint64) (*core.Account, error) {
	// The tails are read first: a flush meanwhile only makes the snapshot newer.
	recent := e.index.recent(journal.TermAccount(id))
	var read [1]core.Account
	if err := e.readAccounts(ctx, []token.AccountID{id}, read[:]); err != nil {
		return nil, err
	}
	state := alone(&read[0])
	entries, err := e.fetch(ctx, slices.DeleteFunc(recent, func(seq uint64) bool { return seq <= read[0].Seq || seq > upTo }))
	if err != nil {
		return nil, err
	}
	for _, entry := range slices.Backward(entries) {
		state.ApplyAccount(entry)
	}
	return state.Accounts[id], nil
}

// alone returns a state that holds one account.
func alone(a *core.Account) *core.State {
	state := core.NewState()
	state.Partial = true
	state.Accounts[a.ID] = a
	return state
}

// ownerAside folds all confirmed entries since its snapshot into an owner's account: none of them is
// found by it. They are no more than the tails hold.
func (e *Engine) ownerAside(ctx context.Context, id token.AccountID, upTo uint64) (*core.Account, error) {
	from := e.index.flushedTo() // read first: a flush meanwhile only makes the snapshot newer
	var read [1]core.Account
	if err := e.readAccounts(ctx, []token.AccountID{id}, read[:]); err != nil {
		return nil, err
	}
	state := alone(&read[0])
	for from < upTo {
		blocks, err := e.blocksAfter(ctx, from, blocksPerFetch)
		if err != nil || len(blocks) == 0 {
			return state.Accounts[id], err
		}
		for _, b := range blocks {
			entries, err := b.Entries()
			if err != nil {
				return nil, err
			}
			for _, entry := range entries {
				if entry.Seq <= upTo {
					state.ApplyAccount(entry)
				}
			}
		}
		from = blocks[len(blocks)-1].Last()
	}
	return state.Accounts[id], nil
}

// orderAside folds an order from its confirmed entries; nil where there is none.
func (e *Engine) orderAside(ctx context.Context, id token.OrderID, upTo uint64) (*core.Order, error) {
	seqs, err := e.index.lookup(ctx, []journal.Term{journal.TermOrder(id), journal.TermViews(id)}, math.MaxInt)
	if err != nil {
		return nil, fmt.Errorf("look up: %w", err)
	}
	entries, err := e.fetch(ctx, slices.DeleteFunc(slices.Concat(seqs...), func(seq uint64) bool { return seq > upTo }))
	if err != nil {
		return nil, err
	}
	return foldedOrder(id, entries), nil
}

// recent returns the numbers of the entries in the tails that have the term, newest first.
func (x *index) recent(term journal.Term) []uint64 {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.frozen.find(term, math.MaxUint64, math.MaxInt, x.active.find(term, math.MaxUint64, math.MaxInt, nil))
}
