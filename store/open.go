package store

import (
	"context"
	"errors"
	"fmt"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// mend makes the state anew where it is not to be trusted.
func (e *Engine) mend(ctx context.Context) error {
	if !e.loop.broken && !e.index.doubt.Load() {
		return nil
	}
	err := e.reset(ctx)
	if errors.Is(err, ErrOtherJournal) { // it became another one meanwhile
		e.replaced(err)
	}
	return err
}

// reset makes the state from the database: the snapshots, and the entries after the
// last flush. Where the runs were lost or damaged those can be many, so they are written
// behind as it goes on, and an attempt that comes to its deadline goes on where the last
// one ended.
func (e *Engine) reset(ctx context.Context) error {
	l := &e.loop
	l.broken, l.unconfirmed = true, true
	if err := e.checkOrigin(ctx); err != nil {
		return err
	}
	if err := e.checkEnd(ctx); err != nil {
		return err
	}
	e.anew.Store(e.anew.Load() | 1)
	e.recent.reset()
	l.state, l.facts = core.NewState(), newFacts()
	l.state.Partial = true
	l.absent = append(l.absent[:0], journal.Provider) // every batch needs it
	l.cache = cache{maxAccounts: e.options.Accounts, maxOrders: e.options.Orders}
	end, err := e.index.restart(ctx)
	if missing, ok := errors.AsType[*NoBlockError](err); ok {
		return e.damage(missing.Seq, "no block holds entry %d", missing.Seq)
	}
	if err != nil {
		return err
	}
	head := journal.Head{}
	if end != nil {
		if err := e.prove(end); err != nil {
			return err
		}
		head = end.Head()
		if head.Seq != e.index.flushedTo() { // flushed in the middle of a block: begin with the whole of it
			head = journal.Head{Seq: end.First - 1, Hash: end.Prev}
		}
	}
	e.head.Store(&head)
	if err := e.replay(ctx); err != nil {
		return err
	}
	if err := e.findOrigin(ctx); err != nil {
		return err
	}
	l.broken, l.replaced = false, false
	e.anew.Add(1)
	if e.remaking.Swap(false) && e.health.clear(ProblemBehind) {
		e.log.Info("what is derived from the journal is whole again", "entries", e.Head().Seq)
	}
	return nil
}

// replayFactor is how many tails are replayed in memory before they are written behind.
const replayFactor = 2

// replay reads and applies what was appended after the head, and writes it behind where it
// is too much for the memory.
func (e *Engine) replay(ctx context.Context) error {
	told := e.Head().Seq
	for {
		blocks, err := e.db.BlocksAfter(ctx, e.Head().Seq, blocksPerRead)
		if err != nil {
			return fmt.Errorf("read the journal: %w", err)
		}
		if len(blocks) == 0 {
			return nil
		}
		for _, b := range blocks {
			if err := e.missed(ctx, []*journal.Block{b}); err != nil {
				return err
			}
			if err := e.bound(ctx); err != nil {
				return err
			}
		}
		if head := e.Head(); head.Seq >= told+tellEvery {
			told = head.Seq
			e.log.Info("what is derived from the journal is being made again", "entries", head.Seq)
		}
	}
}

// bound writes behind what was replayed, where it is too much for the memory.
func (e *Engine) bound(ctx context.Context) error {
	if active, _ := e.index.waiting(); active < replayFactor*e.options.Tail {
		return nil
	}
	e.tellRemaking()
	if err := e.behind.takeOver(ctx, func() error { return e.writeReplayed(ctx) }); err != nil {
		return fmt.Errorf("write what was derived: %w", err)
	}
	e.forget()
	return nil
}

// tellRemaking says that there is more to replay than the end of the journal.
func (e *Engine) tellRemaking() {
	e.remaking.Store(true)
	if e.health.set(ProblemBehind, "what is derived from the journal is being made again; nothing is sold meanwhile", e.clock.Now()) {
		e.log.Warn("what is derived from the journal was lost or damaged, or is of an earlier version; it is made again", "from", e.index.flushedTo())
	}
}

// tellEvery is how many entries are replayed between two lines of the log.
const tellEvery = 500_000

// writeReplayed writes the tail behind, or waits until another process has.
func (e *Engine) writeReplayed(ctx context.Context) error {
	direct := func(ctx context.Context, task func(context.Context, *core.State) error) error {
		if err := e.confirm(ctx); err != nil {
			return err
		}
		return task(ctx, e.loop.state)
	}
	return e.behind.maintained(ctx, direct, replayFactor)
}

// forget drops accounts from memory until there are as many as there may be.
func (e *Engine) forget() {
	l := &e.loop
	for before := -1; len(l.state.Accounts) != before; {
		before = len(l.state.Accounts)
		l.cache.evict(l.state, e.keep)
	}
}

// keep reports whether an account stays in memory: it has entries that no snapshot stands for, or
// every batch needs it.
func (e *Engine) keep(id token.AccountID) bool { return id == journal.Provider || e.index.pinned(id) }

// errReplaced says that the database holds a journal that is not a part, or another end,
// of the one that this process knows. Nothing of it is used.
var errReplaced = errors.New("the database holds the journal of another provider, or none: if that is right, start again; if not, see to it that the address leads to the right one")

// findOrigin remembers the journal's first block.
func (e *Engine) findOrigin(ctx context.Context) error {
	if e.origin != (journal.Hash{}) || e.Head().Seq == 0 {
		return nil
	}
	blocks, err := e.db.BlocksOf(ctx, []uint64{1})
	if err != nil {
		return fmt.Errorf("read the journal's beginning: %w", err)
	}
	e.origin = blocks[0].Hash
	return nil
}

// checkOrigin refuses a database whose journal begins otherwise.
func (e *Engine) checkOrigin(ctx context.Context) error {
	if e.origin == (journal.Hash{}) {
		return nil
	}
	blocks, err := e.db.BlocksOf(ctx, []uint64{1})
	if _, missing := errors.AsType[*NoBlockError](err); missing {
		return errReplaced
	}
	if err != nil {
		return fmt.Errorf("read the journal's beginning: %w", err)
	}
	if blocks[0].Hash != e.origin {
		return errReplaced
	}
	return nil
}

// checkEnd finds out whether the database still holds the journal's end as it was known, and
// forgets what was read before where it does not.
func (e *Engine) checkEnd(ctx context.Context) error {
	if e.loop.replaced || e.Head().Seq == 0 {
		return nil
	}
	_, err := e.db.Follow(ctx, e.Head(), 1)
	if errors.Is(err, ErrOtherJournal) {
		e.replaced(err)
		return nil
	}
	return err
}

// replaced forgets everything that was read from a journal that the database does not
// hold any more: a standby took over that lacked something, or a backup was put back. The
// state is made again from what it holds now, if that is a part of the same journal.
func (e *Engine) replaced(cause error) {
	e.loop.broken, e.loop.replaced = true, true
	e.replacements.Add(1)
	e.confirmed.Store(unconfirmed)
	e.anew.Store(e.anew.Load() | 1)
	e.index.forget()
	e.blocksMu.Lock()
	e.blocks.Purge()
	e.blocksMu.Unlock()
	e.log.Error("the database holds a shorter or another journal than before: what was acknowledged since is lost; the state is made again", "known", e.Head().Seq, "error", cause)
}

// forget drops the runs that this process knows: others of the same names may take their
// places.
func (x *index) forget() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.runs, x.reserved = map[runKind][]*run{}, 0
}

// blocksPerRead bounds how many blocks are in memory at once while the journal is read.
const blocksPerRead = 64

// catchUp reads and applies what was appended after the head.
func (e *Engine) catchUp(ctx context.Context) error {
	for {
		blocks, err := e.db.Follow(ctx, e.Head(), blocksPerRead)
		if err != nil {
			return fmt.Errorf("read the journal: %w", err)
		}
		if len(blocks) == 0 {
			return nil
		}
		if err := e.missed(ctx, blocks); err != nil {
			return err
		}
	}
}

// missed applies blocks that follow the head.
func (e *Engine) missed(ctx context.Context, blocks []*journal.Block) error {
	for i, b := range blocks {
		head := e.Head()
		if err := e.prove(b); err != nil {
			return err
		}
		// What does not follow the state's end can also be another journal.
		if !e.loop.broken && i == 0 && (b.First != head.Seq+1 || b.Prev != head.Hash) {
			return fmt.Errorf("%w: block %d does not follow entry %d", ErrOtherJournal, b.First, head.Seq)
		}
		if err := e.follows(ctx, b, head); err != nil {
			return err
		}
		if b.First == 1 {
			e.origin = b.Hash
		}
		e.loop.unconfirmed = true
		entries, err := b.Entries()
		if err != nil {
			return err
		}
		if err := e.apply(ctx, entries); err != nil {
			e.loop.broken = true
			return err
		}
		e.recent.add(b, entries)
		head = b.Head()
		e.head.Store(&head)
	}
	return nil
}

// apply brings the state and the tail up to date with entries of others, or of an
// earlier life. Accounts that they are about come into memory and stay; orders change
// where they are in memory.
func (e *Engine) apply(ctx context.Context, entries []*journal.Entry) error {
	l := &e.loop
	var absent, changed []token.AccountID
	for _, entry := range entries {
		changed = entry.Accounts(changed[:0])
		for _, id := range changed {
			if l.state.Accounts[id] == nil {
				l.state.Accounts[id] = &core.Account{ID: id}
				absent = append(absent, id)
			}
		}
	}
	if err := e.loadAccounts(ctx, absent)(); err != nil {
		return err
	}
	for _, entry := range entries {
		l.state.ApplyAccount(entry)
		if l.state.Orders[entry.Order] != nil || l.facts.orders[entry.Order] {
			l.state.ApplyOrder(entry)
			l.cache.orders.touch(entry.Order)
		}
		if !entry.Key.IsZero() && l.facts.keys[entry.Key.Name()] {
			l.state.Keys[entry.Key.Name()] = entry
		}
		if key, ok := entry.ItemKey(); ok && l.facts.items[key] {
			l.state.Items[key] = entry.Order
		}
	}
	e.index.add(entries)
	return nil
}
