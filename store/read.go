package store

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// look is a command that only looks. It runs in a batch like any other, so it sees
// everything committed before, on any replica.
type look struct {
	account token.AccountID
	owner   bool // the account is that of an owner whom the ledger owes
	order   token.OrderID
}

var _ core.Command = (*look)(nil)

// Need asks for what is looked at.
func (c *look) Need(_ *core.State, f *core.Facts) {
	if !c.account.IsZero() {
		f.Accounts = append(f.Accounts, c.account)
	}
	if !c.order.IsZero() {
		f.Orders = append(f.Orders, c.order)
	}
}

// Decide copies what is looked at.
func (c *look) Decide(s *core.State, _ int64) (core.Outcome, error) {
	var out core.Outcome
	if a := s.Accounts[c.account]; a != nil {
		out.Account = a.Clone()
	}
	if o := s.Orders[c.order]; o != nil {
		copied := *o
		out.Order = &copied
	}
	return out, nil
}

// Account returns a copy of the account; an empty one where it has no entry.
func (e *Engine) Account(ctx context.Context, id token.AccountID) (*core.Account, error) {
	out, err := e.look(ctx, &look{account: id})
	if err == nil && out.Account == nil {
		out.Account = &core.Account{ID: id}
	}
	return out.Account, err
}

// Owner returns a copy of the account of a vendor, payee or campaign, with its balances and
// sales; of the provider, where owner is zero. It is empty where it has no entry.
func (e *Engine) Owner(ctx context.Context, owner [16]byte) (*core.Account, error) {
	id := journal.OwnerAccount(owner)
	out, err := e.look(ctx, &look{account: id, owner: true})
	if err == nil && out.Account == nil {
		out.Account = &core.Account{ID: id}
	}
	return out.Account, err
}

// Order returns a copy of the order.
func (e *Engine) Order(ctx context.Context, id token.OrderID) (*core.Order, error) {
	out, err := e.look(ctx, &look{order: id})
	if err == nil && out.Order == nil {
		err = token.Refuse(token.NotFound, "not_found.order")
	}
	return out.Order, err
}

// fresh makes sure that the index knows what any replica committed before the call: the
// batch goroutine looks before it decides, and first makes anew what it does not trust. It
// returns the number below which entries may be told: where that goroutine is held up, of the
// first one that is not confirmed.
func (e *Engine) fresh(ctx context.Context) (below uint64, err error) {
	if !e.db.Shared() && e.anew.Load()%2 == 0 && !e.index.doubt.Load() && e.confirmed.Load() != unconfirmed {
		return math.MaxUint64, nil
	}
	aside, err := e.handLook(ctx, &look{}, nil)
	if err != nil || !aside {
		return math.MaxUint64, err
	}
	err = e.steadily(func(upTo uint64) error { below = upTo + 1; return nil })
	return below, err
}

// look runs a look, aside where the batch goroutine is held up.
func (e *Engine) look(ctx context.Context, c *look) (out core.Outcome, err error) {
	aside, err := e.handLook(ctx, c, &out)
	if err == nil && aside {
		return e.lookAside(ctx, c)
	}
	return out, err
}

// handLook hands a look in and waits for it, or reports that the batch goroutine is held
// up: then it was given up.
func (e *Engine) handLook(ctx context.Context, c *look, out *core.Outcome) (aside bool, err error) {
	if e.watch.slow.on() {
		return true, nil
	}
	r, _ := e.requests.Get().(*request)
	slow := e.watch.slow.C(r.number)
	r.cmd = c
	if err := e.hand(ctx, r); err != nil {
		e.release(r)
		return e.watch.slow.on(), err
	}
	select {
	case <-r.finished:
		if err = r.err; out != nil {
			*out = r.out
		}
		e.release(r)
		return false, err
	case <-slow:
		e.giveUp(r)
		return true, nil
	case <-ctx.Done():
		e.giveUp(r)
		return false, e.unavailable("unavailable.given_up", ctx.Err())
	}
}

// pageSize bounds how many entries Find decodes at once, and firstPage is how many it
// begins with where not every entry will do: each later page is twice as large, so what
// is rarely there costs few looks into the index.
const (
	firstPage = 16
	pageSize  = 256
)

// findings bounds how often Find begins again because the index was made anew meanwhile.
const findings = 3

// Find returns up to limit entries that have the term and match, newest first, all
// numbered below before (0 for no bound). match may be nil.
func (e *Engine) Find(ctx context.Context, t journal.Term, match func(*journal.Entry) bool, before uint64, limit int) ([]*journal.Entry, error) {
	for range findings {
		below, err := e.fresh(ctx)
		if errors.Is(err, errRebuilt) {
			break
		}
		if err != nil {
			return nil, err
		}
		if before != 0 {
			below = min(below, before)
		}
		index := e.anew.Load()
		out, err := e.found(ctx, t, match, below, limit)
		if errors.Is(err, errDoubt) || errors.Is(err, ErrOtherJournal) {
			continue // it is made again before the next look
		}
		if err != nil || index%2 == 0 && index == e.anew.Load() {
			return out, err
		}
	}
	return nil, e.unavailable("unavailable.reading_anew", nil)
}

// errRebuilt says that the index was rebuilt while it was read.
var errRebuilt = errors.New("what was recorded is being read again")

// found is Find in the index as it is.
func (e *Engine) found(ctx context.Context, t journal.Term, match func(*journal.Entry) bool, before uint64, limit int) ([]*journal.Entry, error) {
	var out []*journal.Entry
	var terms []journal.Term
	page := min(firstPage, limit)
	for len(out) < limit {
		wanted := min(pageSize, limit-len(out))
		if match != nil {
			wanted = min(pageSize, max(page, wanted))
			page *= 2
		}
		seqs, err := e.index.page(ctx, t, before, wanted)
		if err != nil {
			return nil, fmt.Errorf("find entries: %w", err)
		}
		entries, err := e.fetch(ctx, seqs)
		if err != nil {
			return nil, err
		}
		for i := 0; i < len(entries) && len(out) < limit; i++ {
			entry := entries[i]
			terms = entry.Terms(terms[:0])
			if slices.Contains(terms, t) && (match == nil || match(entry)) {
				out = append(out, entry)
			}
		}
		if len(seqs) < wanted {
			break
		}
		before = seqs[len(seqs)-1]
	}
	return out, nil
}

// Entries returns up to limit entries from number from on, ascending.
func (e *Engine) Entries(ctx context.Context, from uint64, limit int) ([]*journal.Entry, error) {
	from = max(from, 1)
	var out []*journal.Entry
	for len(out) < limit {
		blocks, err := e.blocksAfter(ctx, from-1, blocksPerFetch)
		if err != nil {
			return nil, fmt.Errorf("read entries: %w", err)
		}
		if len(blocks) == 0 {
			break
		}
		for _, b := range blocks {
			entries, err := b.Entries()
			if err != nil {
				return nil, err
			}
			for _, entry := range entries {
				if entry.Seq >= from && len(out) < limit {
					out = append(out, entry)
				}
			}
		}
		from = blocks[len(blocks)-1].Last() + 1
	}
	return out, nil
}

// Blocks calls visit for each block that holds entries from number from on, ascending.
func (e *Engine) Blocks(ctx context.Context, from uint64, visit func(*journal.Block) error) error {
	from = max(from, 1)
	for {
		blocks, err := e.blocksAfter(ctx, from-1, blocksPerFetch)
		if err != nil {
			return fmt.Errorf("read blocks: %w", err)
		}
		if len(blocks) == 0 {
			return nil
		}
		for _, b := range blocks {
			if err := visit(b); err != nil {
				return err
			}
		}
		from = blocks[len(blocks)-1].Last() + 1
	}
}

// Snapshots calls visit for the newest stored snapshot of each account, in the order of
// their ids. Each says itself up to which entry it stands for its account.
func (e *Engine) Snapshots(ctx context.Context, visit func(*core.Account) error) error {
	return e.behind.exclusively(ctx, func(ctx context.Context) error {
		if err := e.index.reload(ctx); err != nil {
			return err
		}
		return e.index.explain(ctx, e.index.mergeRuns(ctx, e.index.view(snapshotRun), func(_ Key16, body []byte) error {
			a := &core.Account{}
			if err := a.ReadSnapshot(body); err != nil {
				return fmt.Errorf("decode snapshot: %w", err)
			}
			return visit(a)
		}))
	})
}
