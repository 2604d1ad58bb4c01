package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// facts are what has been looked up for the batch at hand.
type facts struct {
	need   core.Facts
	keys   map[journal.KeyName]bool
	items  map[journal.ItemKey]bool
	orders map[token.OrderID]bool // also those that do not exist
}

func newFacts() facts {
	return facts{keys: map[journal.KeyName]bool{}, items: map[journal.ItemKey]bool{}, orders: map[token.OrderID]bool{}}
}

func (f *facts) ask(s *core.State, cmd core.Command) {
	f.need.Accounts, f.need.Orders, f.need.Keys, f.need.Items = f.need.Accounts[:0], f.need.Orders[:0], f.need.Keys[:0], f.need.Items[:0]
	cmd.Need(s, &f.need)
}

// ready reports whether the state holds everything that the command must see. An
// earlier command of the batch may have made something (an order) from which a
// need follows that could not be known when the batch was loaded.
func (f *facts) ready(s *core.State, cmd core.Command) bool {
	f.ask(s, cmd)
	for _, id := range f.need.Accounts {
		if s.Accounts[id] == nil {
			return false
		}
	}
	for _, id := range f.need.Orders {
		if s.Orders[id] == nil && !f.orders[id] {
			return false
		}
	}
	for _, name := range f.need.Keys {
		if !f.keys[name] {
			return false
		}
	}
	for _, key := range f.need.Items {
		if !f.items[key] {
			return false
		}
	}
	return true
}

// clear forgets what was looked up for one batch.
func (f *facts) clear(s *core.State) {
	clear(f.keys)
	clear(f.items)
	clear(f.orders)
	clear(s.Keys)
	clear(s.Items)
}

// rounds bounds how often commands are asked what they need: what they name follows
// from what was found before.
const rounds = 4

// load brings everything into the state that the batch must see.
func (e *Engine) load(ctx context.Context) error {
	l := &e.loop
	m := &l.missing
	for range rounds {
		if e.find(m); m.empty() {
			return nil
		}
		accounts := e.loadAccounts(ctx, m.accounts) // meanwhile
		err := e.loadEntries(ctx, m)
		failure := accounts()
		// The places of accounts that were not read are taken, and would say that they do not exist.
		l.broken = l.broken || failure != nil || err != nil && !errors.Is(err, errDamaged)
		if err := errors.Join(failure, err); err != nil {
			return err
		}
		for _, name := range m.keys {
			l.facts.keys[name] = true
		}
		for _, key := range m.items {
			l.facts.items[key] = true
		}
	}
	return nil
}

// missing is what a round has to load.
type missing struct {
	accounts []token.AccountID
	orders   []token.OrderID
	keys     []journal.KeyName
	items    []journal.ItemKey
}

func (m *missing) empty() bool {
	return len(m.accounts)+len(m.orders)+len(m.keys)+len(m.items) == 0
}

// find lists what the batch must see and the state does not hold.
func (e *Engine) find(m *missing) {
	l := &e.loop
	m.accounts, m.orders, m.keys, m.items = m.accounts[:0], m.orders[:0], m.keys[:0], m.items[:0]
	need := func(accounts []token.AccountID) {
		for _, id := range accounts {
			if l.state.Accounts[id] == nil {
				l.state.Accounts[id] = &core.Account{ID: id} // also keeps it from being named twice
				m.accounts = append(m.accounts, id)
			}
		}
	}
	need(l.absent)
	l.absent = l.absent[:0]
	for _, r := range l.batch {
		if r.done() {
			continue
		}
		l.facts.ask(l.state, r.cmd)
		need(l.facts.need.Accounts)
		for _, id := range l.facts.need.Orders {
			if l.state.Orders[id] == nil && !l.facts.orders[id] {
				l.facts.orders[id] = true
				m.orders = append(m.orders, id)
			}
		}
		for _, name := range l.facts.need.Keys {
			if _, asked := l.facts.keys[name]; !asked {
				l.facts.keys[name] = false
				m.keys = append(m.keys, name)
			}
		}
		for _, key := range l.facts.need.Items {
			if _, asked := l.facts.items[key]; !asked {
				l.facts.items[key] = false
				m.items = append(m.items, key)
			}
		}
	}
}

// accountsPerPart is how many accounts are worth a goroutine: reading and decoding
// them is most of the work where far more accounts exist than fit in memory.
const (
	accountsPerPart = 32
	loadParts       = 2
)

// loadAccounts begins to read accounts that are not in the state. done waits for them and
// puts them there, those without an entry too. Their places are taken already, so after an
// error the caller makes the state anew.
func (e *Engine) loadAccounts(ctx context.Context, ids []token.AccountID) (done func() error) {
	if len(ids) == 0 {
		return func() error { return nil }
	}
	accounts := make([]core.Account, len(ids))
	size := max(accountsPerPart, (len(ids)+loadParts-1)/loadParts)
	errs := make([]error, (len(ids)+size-1)/size)
	var wait sync.WaitGroup
	for part := range errs {
		from, to := part*size, min(len(ids), (part+1)*size)
		wait.Go(func() { errs[part] = e.readAccounts(ctx, ids[from:to], accounts[from:to]) })
	}
	return func() error {
		wait.Wait()
		if err := errors.Join(errs...); err != nil {
			return err
		}
		l := &e.loop
		for i, id := range ids {
			// A copy of its own: one that stays must not keep the others in memory.
			a := accounts[i]
			l.state.Accounts[id] = &a
			l.cache.accounts.touch(id)
		}
		return nil
	}
}

// readAccounts reads and decodes snapshots.
func (e *Engine) readAccounts(ctx context.Context, ids []token.AccountID, accounts []core.Account) error {
	for i, id := range ids {
		accounts[i].ID = id
	}
	err := e.index.snapshots(ctx, ids, func(i int, body []byte) error {
		accounts[i] = core.Account{}
		return accounts[i].ReadSnapshot(body)
	})
	if err != nil {
		return fmt.Errorf("load accounts: %w", err)
	}
	return nil
}

// loadEntries finds the entries of keys, items and orders, all with one look into the
// index. Of an order's views the newest is enough.
func (e *Engine) loadEntries(ctx context.Context, m *missing) error {
	terms := make([]journal.Term, 0, len(m.keys)+len(m.items)+2*len(m.orders))
	for _, name := range m.keys {
		terms = append(terms, journal.TermKey(name))
	}
	for _, key := range m.items {
		terms = append(terms, journal.TermItem(key))
	}
	for _, id := range m.orders {
		terms = append(terms, journal.TermOrder(id))
	}
	views := len(terms)
	for _, id := range m.orders {
		terms = append(terms, journal.TermViews(id))
	}
	if len(terms) == 0 {
		return nil
	}
	seqs, err := e.index.lookup(ctx, terms, views)
	if err != nil {
		return fmt.Errorf("look up: %w", err)
	}
	entries, err := e.fetch(ctx, slices.Concat(seqs...))
	if err != nil {
		return err
	}
	found := make([][]*journal.Entry, len(terms)) // newest first
	for i := range seqs {
		found[i], entries = entries[:len(seqs[i])], entries[len(seqs[i]):]
	}
	s := e.loop.state
	for i, name := range m.keys {
		for _, entry := range found[i] {
			if entry.Key.Name() == name && !entry.Key.IsZero() {
				s.Keys[name] = entry // the oldest, if ever there were two
			}
		}
	}
	var owners []token.OrderID
	for i, key := range m.items {
		if owner, ok := newestOwner(key, found[len(m.keys)+i]); ok {
			s.Items[key] = owner
			owners = append(owners, owner)
		}
	}
	for i, id := range m.orders {
		viewed := found[views+i]
		if len(viewed) == 1 && !viewed[0].TellsFirst() {
			if viewed, err = e.allViews(ctx, id); err != nil {
				return err
			}
		}
		e.foldOrder(id, slices.Concat(found[len(m.keys)+len(m.items)+i], viewed))
	}
	return e.loadOwners(ctx, owners)
}

// allViews returns all views of an order.
func (e *Engine) allViews(ctx context.Context, id token.OrderID) ([]*journal.Entry, error) {
	seqs, err := e.index.lookup(ctx, []journal.Term{journal.TermViews(id)}, 1)
	if err != nil {
		return nil, fmt.Errorf("look up views: %w", err)
	}
	return e.fetch(ctx, seqs[0])
}

// newestOwner returns the order of the newest entry by which the item was bought.
func newestOwner(key journal.ItemKey, entries []*journal.Entry) (token.OrderID, bool) {
	for _, entry := range entries {
		if k, ok := entry.ItemKey(); ok && k == key {
			return entry.Order, true
		}
	}
	return token.OrderID{}, false
}

// loadOwners loads the orders that own items.
func (e *Engine) loadOwners(ctx context.Context, ids []token.OrderID) error {
	l := &e.loop
	more := missing{}
	for _, id := range ids {
		if l.state.Orders[id] == nil && !l.facts.orders[id] {
			l.facts.orders[id] = true
			more.orders = append(more.orders, id)
		}
	}
	return e.loadEntries(ctx, &more)
}

// foldOrder makes an order from its entries and puts it into the state.
func (e *Engine) foldOrder(id token.OrderID, entries []*journal.Entry) {
	if o := foldedOrder(id, entries); o != nil {
		e.loop.state.Orders[id] = o
		e.loop.cache.orders.touch(id)
	}
}

// foldedOrder makes an order from its entries, nil where they begin none.
func foldedOrder(id token.OrderID, entries []*journal.Entry) *core.Order {
	scratch := core.State{Orders: map[token.OrderID]*core.Order{}}
	slices.SortFunc(entries, func(a, b *journal.Entry) int { return cmp.Compare(a.Seq, b.Seq) })
	for _, entry := range entries {
		if entry.Order == id {
			scratch.ApplyOrder(entry)
		}
	}
	return scratch.Orders[id]
}
