package store

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// The past, for who follows the journal some way behind its end and does not remember all of it.

// EarlierAccount is how an account stood before an entry.
type EarlierAccount struct {
	Stored  *core.Account    // its newest snapshot; nil where its entries are all of it
	Entries []*journal.Entry // those since then, ascending
	Until   uint64           // where that is not known, since the snapshot is newer: up to which entry; else zero
}

// maxHistory is how many entries of an account, or of an order, are folded where there is no
// snapshot that is old enough.
const (
	maxHistory      = 16
	maxOrderHistory = 4096
)

// AccountsBefore returns how accounts stood before an entry, in their order. It looks into what is
// written behind and at the entries since, and never at the state, which is later.
func (e *Engine) AccountsBefore(ctx context.Context, ids []token.AccountID, before uint64) (earlier []EarlierAccount, err error) {
	err = e.unchanged(func() error {
		// The tails are read first: a flush meanwhile only makes the snapshot newer.
		seqs := make([][]uint64, len(ids))
		for i, id := range ids {
			seqs[i] = e.index.recent(journal.TermAccount(id))
		}
		var newer []uint64
		if earlier, newer, err = e.index.earlier(ctx, ids, before); err != nil {
			return fmt.Errorf("read accounts as they were: %w", err)
		}
		var all []uint64
		for i := range ids {
			from := uint64(0)
			if earlier[i].Stored != nil {
				from = earlier[i].Stored.Seq
			}
			if newer[i] > 0 { // there may be entries that only it stands for
				if seqs[i], err = e.index.between(ctx, journal.TermAccount(ids[i]), from, before, maxHistory+1); err != nil {
					return fmt.Errorf("look up an account's entries: %w", err)
				}
			}
			seqs[i] = slices.DeleteFunc(seqs[i], func(seq uint64) bool { return seq <= from || seq >= before })
			if newer[i] > 0 && len(seqs[i]) > maxHistory {
				earlier[i], seqs[i] = EarlierAccount{Until: newer[i]}, nil
			}
			slices.Reverse(seqs[i])
			all = append(all, seqs[i]...)
		}
		entries, err := e.fetch(ctx, all)
		if err != nil {
			return err
		}
		for i, id := range ids {
			for _, entry := range entries[:len(seqs[i])] {
				if slices.Contains(entry.Accounts(nil), id) {
					earlier[i].Entries = append(earlier[i].Entries, entry)
				}
			}
			entries = entries[len(seqs[i]):]
		}
		return nil
	})
	return earlier, err
}

// earlier returns for each account its newest snapshot that is of an entry before another one; and
// where a later one was met, which entry that is of.
func (x *index) earlier(ctx context.Context, ids []token.AccountID, before uint64) (found []EarlierAccount, newer []uint64, err error) {
	found, newer = make([]EarlierAccount, len(ids)), make([]uint64, len(ids))
	err = x.snapshotsBefore(ctx, ids, before, func(i int, body []byte) (enough bool, err error) {
		read := &core.Account{}
		if err := read.ReadSnapshot(body); err != nil {
			return false, err
		}
		if read.Seq >= before {
			newer[i] = max(newer[i], read.Seq)
			return false, nil
		}
		if found[i].Stored = nil; read.Seq > 0 {
			found[i].Stored = read
		}
		return true, nil
	})
	return found, newer, err
}

// OrderBefore returns the entries of an order before an entry, ascending. Of its views there is
// the newest, or all where that does not tell when the first one was.
func (e *Engine) OrderBefore(ctx context.Context, id token.OrderID, before uint64) (entries []*journal.Entry, err error) {
	err = e.unchanged(func() error {
		seqs, err := e.index.page(ctx, journal.TermOrder(id), before, maxOrderHistory)
		if err != nil {
			return fmt.Errorf("look up an order: %w", err)
		}
		if len(seqs) == 0 {
			return nil
		}
		of := func(entry *journal.Entry) bool { return entry.Order == id }
		var views []*journal.Entry
		for _, most := range []int{1, math.MaxInt} {
			viewed, err := e.index.page(ctx, journal.TermViews(id), before, most)
			if err != nil {
				return fmt.Errorf("look up an order's views: %w", err)
			}
			if views, err = e.ascending(ctx, viewed, of); err != nil {
				return err
			}
			if len(views) == 0 || views[0].TellsFirst() {
				break
			}
		}
		if entries, err = e.ascending(ctx, seqs, of); err != nil {
			return err
		}
		entries = append(entries, views...)
		slices.SortFunc(entries, func(a, b *journal.Entry) int { return cmp.Compare(a.Seq, b.Seq) })
		return nil
	})
	return entries, err
}

// WrittenBehind returns the head up to which snapshots and index are written, at the end of a
// block: what is known of the past there does not depend on this process.
func (e *Engine) WrittenBehind(ctx context.Context) (journal.Head, error) {
	seq := e.index.flushedTo()
	if seq == 0 {
		return journal.Head{}, nil
	}
	blocks, err := e.blocksOf(ctx, []uint64{seq})
	if err != nil {
		return journal.Head{}, err
	}
	if b := blocks[0]; b.Last() != seq {
		return journal.Head{Seq: b.First - 1, Hash: b.Prev}, nil
	}
	return blocks[0].Head(), nil
}

// ascending returns entries by their numbers, those that are meant by a term.
func (e *Engine) ascending(ctx context.Context, seqs []uint64, meant func(*journal.Entry) bool) ([]*journal.Entry, error) {
	slices.Reverse(seqs)
	entries, err := e.fetch(ctx, seqs)
	return slices.DeleteFunc(entries, func(entry *journal.Entry) bool { return !meant(entry) }), err
}

// unchanged runs work, and fails where the index is made anew meanwhile.
func (e *Engine) unchanged(work func() error) error {
	index := e.anew.Load()
	if index%2 != 0 {
		return errRebuilt
	}
	if err := work(); err != nil {
		return err
	}
	if e.anew.Load() != index {
		return errRebuilt
	}
	return nil
}
