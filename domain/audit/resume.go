package audit

import (
	"slices"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/token"
)

// Past is what an Auditor asks that did not see the journal from its first entry on. It is
// asked about entries before one that is looked at. Where it fails, the audit is void.
type Past interface {
	// Account returns how an account stood before an entry.
	Account(id token.AccountID, before uint64) (Earlier, error)
	// Order returns the entries of an order before an entry, ascending; of its views the newest
	// is enough, where that tells the first.
	Order(id token.OrderID, before uint64) ([]*journal.Entry, error)
	// Credited reports whether an outside event brought money before an entry.
	Credited(event Event, before uint64) (bool, error)
}

// Event is what brought money in: a payment method, and its reference.
type Event struct{ Method, Reference string }

// Earlier is how an account stood.
type Earlier struct {
	Stored  *Snapshot        // how it is stored; nil where its entries are all of it
	Entries []*journal.Entry // those since then, ascending
	Until   uint64           // where that is not known: how it stands after this entry can be asked; else zero
}

// Credit is an outside event that brought money.
type Credit struct {
	Event
	Seq uint64
}

// Finding is an invariant that does not hold, and where that was found first.
type Finding struct {
	Invariant int
	Also      []int  // others that the same entry breaks
	Entry     uint64 // or the first of a block
	Detail    string
}

// resumed is what an Auditor has beside its fold that began in the middle of a journal.
type resumed struct {
	past    Past
	origin  journal.Head                 // where it began
	began   int64                        // the time of its first block, in milliseconds since 1970
	before  map[uint64]struct{}          // the keys of the auditor before it
	known   map[token.AccountID]*account // the accounts of the auditor before it
	credits []Credit
	skipped uint64
	spare   Report // for what is not judged
	found   *Finding
	failure error
}

// Resume returns an Auditor of a journal from the block after head on. It keeps little in memory,
// since it can be asked for the Next one at any time: of accounts and orders that it does not know it asks the past. It
// checks after each entry that tokens went where they came from, and keeps the first Finding.
//
// What it does not check, beside what needs all of the journal at once: that a key, an order or
// an item is not used again, where the first time lies before the auditor before it; what was
// spent on single days before it began; and vendors' incentive tokens, unless head is zero.
// Where the past cannot say how an account stood, its entries are not judged but by their
// legs, and counted as Skipped.
func Resume(rules Rules, past Past, head journal.Head) *Auditor {
	a := New(rules)
	a.head = head
	a.debts.unknown = head.Seq != 0
	a.resumed = &resumed{past: past, origin: head, spare: NewReport()}
	return a
}

// Next returns an Auditor that goes on where this one is, and knows little more than what it
// was told of vendors' incentive tokens and of what needs a second person. Of keys and accounts
// it knows those that this one met; of accounts not, where that would make it remember
// more than so many users, vendors and kinds of terms.
func (a *Auditor) Next(most int) *Auditor {
	next := Resume(a.rules, a.resumed.past, a.head)
	next.debts, next.desk, next.lookUp, next.resumed.before = a.debts, a.desk, a.lookUp, a.keys
	next.resumed.skipped, next.resumed.began = a.resumed.skipped, a.resumed.began
	if len(a.ids.values)+len(a.ruleTable.values)+len(a.termsTable.values) <= most {
		next.shared, next.resumed.known = a.shared, a.accounts
	}
	return next
}

// remembered returns an account that the auditor before this one met last; nil where it did not.
func (a *Auditor) remembered(id token.AccountID) *account {
	if a.resumed == nil {
		return nil
	}
	found := a.resumed.known[id]
	delete(a.resumed.known, id)
	return found
}

// Size is how many accounts it met, or orders or keys, whichever are most. Together one of each is
// some hundred bytes.
func (a *Auditor) Size() int { return max(len(a.accounts), int(a.orders.count), len(a.keys)) }

// Head returns where the audit is.
func (a *Auditor) Head() journal.Head { return a.head }

// Found returns the first invariant that does not hold, nil where all do.
func (a *Auditor) Found() *Finding { return a.resumed.found }

// Skipped returns how many entries were judged by their legs only.
func (a *Auditor) Skipped() uint64 { return a.resumed.skipped }

// Err returns why the audit is void: the past could not be asked. Nil where it is not.
func (a *Auditor) Err() error { return a.resumed.failure }

// Fail makes the audit void, for who looks something up for it and cannot.
func (a *Auditor) Fail(err error) {
	if r := a.resumed; r != nil && r.failure == nil {
		r.failure = err
	}
}

// Credits returns the outside events that brought money since it was last called.
func (a *Auditor) Credits() []Credit {
	taken := a.resumed.credits
	a.resumed.credits = nil
	return taken
}

// asks reports whether there is a past to ask.
func (a *Auditor) asks() bool { return a.resumed != nil && a.resumed.origin.Seq > 0 }

// notice keeps the first finding.
func (a *Auditor) notice() {
	r := a.resumed
	if r == nil || !a.report.broken || r.found != nil {
		return
	}
	broken := a.report.Broken()
	r.found = &Finding{Invariant: broken[0], Also: broken[1:], Entry: a.seq, Detail: a.report.Checks[broken[0]-1].Faults[0]}
}

// judge has what follows about an entry written down as nothing where nobody knows how its
// accounts stood, until the function is called that it returns.
func (a *Auditor) judge(e *journal.Entry, acc *account) func() {
	r := a.resumed
	if r == nil {
		return func() {}
	}
	if r.began == 0 {
		r.began = e.At
	}
	unknown := acc.unknownTo >= e.Seq
	if t := e.Transfer(); t != nil && !t.To.IsZero() {
		unknown = a.account(t.To).unknownTo >= e.Seq || unknown
	}
	if !unknown {
		return func() {}
	}
	r.skipped++
	return a.quiet()
}

// quiet has faults written down as nothing until the function is called that it returns.
func (a *Auditor) quiet() func() {
	if a.resumed == nil {
		return func() {}
	}
	kept := a.report
	a.report = a.resumed.spare
	return func() {
		a.report = kept
		a.resumed.spare = NewReport()
	}
}

// usedBefore reports whether a key was used before this auditor began.
func (a *Auditor) usedBefore(key uint64) bool {
	if a.resumed == nil {
		return false
	}
	_, used := a.resumed.before[key]
	return used
}

// creditedBefore reports whether an outside event brought money before, and remembers that it does now.
func (a *Auditor) creditedBefore(event [2]string) bool {
	r := a.resumed
	if r == nil {
		return false
	}
	credit := Credit{Event: Event{event[0], event[1]}, Seq: a.seq}
	r.credits = append(r.credits, credit)
	credited, err := r.past.Credited(credit.Event, a.seq)
	if err != nil {
		a.Fail(err)
	}
	return credited
}

// asksOf reports whether the past is asked about an account that is not known. Of vendors' accounts
// only what they owe counts, see debts.
func (a *Auditor) asksOf(id token.AccountID) bool { return a.asks() && id[0]&(1<<7) == 0 }

// Asks reports whether an entry of the account would have the past asked how it stood.
func (a *Auditor) Asks(id token.AccountID) bool {
	if id.IsZero() || !a.asksOf(id) || a.accounts[id] != nil {
		return false
	}
	return a.resumed.known[id] == nil
}

// recall makes an account what it was before the entry that is looked at.
func (a *Auditor) recall(id token.AccountID, acc *account) {
	if !a.asksOf(id) {
		return
	}
	earlier, err := a.resumed.past.Account(id, a.seq)
	if err != nil {
		a.Fail(err)
		return
	}
	if earlier.Until != 0 {
		acc.unknownTo = earlier.Until
		return
	}
	if earlier.Stored != nil {
		a.adopt(acc, earlier.Stored)
	}
	for _, e := range earlier.Entries {
		a.replay(id, acc, e)
	}
}

// adopt takes a stored account for what its entries gave it.
func (a *Auditor) adopt(acc *account, s *Snapshot) {
	acc.partial, acc.frozen = true, s.Standing == journal.Frozen
	acc.approvals = slices.Clone(s.Approvals)
	for i := range s.Wallets {
		w := &s.Wallets[i]
		acc.wallets = append(acc.wallets, wallet{currency: w.Currency, class: w.Class, balance: int64(w.Balance), held: int64(w.Held), credit: int64(w.Credit), terms: w.Terms})
		acc.incentives = acc.incentives || w.Class.Kind == token.Incentive
	}
	for i := range s.Limits {
		l := &s.Limits[i]
		acc.limits = append(acc.limits, bound{id: l.ID, user: a.ids.number(l.User), vendor: a.ids.number(l.Vendor), currency: l.Currency, period: l.Period,
			most: int64(l.Max), from: day(l.Counter.Start), to: day(l.Counter.End), spent: int64(l.Counter.Spent)})
	}
	for i := range s.Allowances {
		p := &s.Allowances[i]
		acc.allowances = append(acc.allowances, bound{id: p.ID, user: a.ids.number(p.User), vendor: a.ids.number(p.Vendor), currency: p.Currency, period: p.Period,
			most: int64(p.Max), each: int64(p.PerPurchase), until: p.Until, from: day(p.Counter.Start), to: day(p.Counter.End), spent: int64(p.Counter.Spent)})
	}
}

// replay folds an earlier entry into one account, and judges nothing.
func (a *Auditor) replay(id token.AccountID, acc *account, e *journal.Entry) {
	if e.Account == id && e.Kind == journal.Granted && e.Grant != nil {
		acc.wallet(e.Grant.Currency, token.Class{Kind: token.Incentive, Campaign: e.Grant.Campaign}).terms = e.Grant
		acc.incentives = true
	}
	if e.Account == id && e.Back != nil {
		for i := range e.Back.Grants {
			g := &e.Back.Grants[i]
			if w := acc.wallet(g.Currency, token.Class{Kind: token.Incentive, Campaign: g.Campaign}); !w.alive() {
				w.terms = g
			}
			acc.incentives = true
		}
	}
	for i := range e.Legs {
		leg := &e.Legs[i]
		if leg.Account.Owner != [16]byte(id) {
			continue
		}
		switch leg.Account.Code {
		case ledger.Wallet:
			acc.wallet(leg.Account.Currency, leg.Account.Class).balance += int64(leg.Amount)
		case ledger.Held:
			acc.wallet(leg.Account.Currency, leg.Account.Class).held += int64(leg.Amount)
		}
	}
	if e.Account != id {
		return
	}
	user, vendor := a.ids.number(e.User), a.ids.number(e.Vendor)
	if sale := e.Sale; sale != nil && (e.Kind == journal.Purchased || e.Kind == journal.HoldPlaced) {
		acc.spend(user, vendor, a.ids.number(sale.Consent.Allowance), sale.Consent.Allowance, sale.Currency, day(e.At), int64(sale.Price))
	}
	if b := e.Back; b != nil {
		acc.spend(user, vendor, a.ids.number(b.Allowance), b.Allowance, b.Currency, day(b.PaidAt), -int64(b.Amount))
	}
	switch e.Kind {
	case journal.LimitSet, journal.LimitRemoved, journal.AllowanceGranted, journal.AllowanceRevoked, journal.ApprovalSet, journal.CreditSet, journal.StandingSet:
		loud := a.quiet()
		a.permission(e, acc)
		loud()
	default:
	}
}

// order returns an order that is known, or that the past knows; nil where there is none.
func (a *Auditor) order(id token.OrderID) *order {
	if o := a.orders.find(id); o != nil || !a.asks() || id.IsZero() {
		return o
	}
	entries, err := a.resumed.past.Order(id, a.seq)
	if err != nil {
		a.Fail(err)
	}
	if len(entries) == 0 {
		return nil
	}
	scratch := New(a.rules)
	scratch.shared, scratch.lookUp, scratch.offers, scratch.debts.unknown = a.shared, a.lookUp, a.offers, true
	for _, e := range entries {
		if o := scratch.orders.find(id); o != nil && e.Kind == journal.Viewed {
			o.views = e.View
			if o.first = max(o.first, e.First); o.first == 0 && e.View > 0 {
				o.first = e.At
			}
			continue
		}
		scratch.entry(e)
		if o := scratch.orders.find(id); o != nil && e.Kind == journal.Covered && e.By != id {
			o.status = covered
		}
	}
	found := scratch.orders.find(id)
	if found == nil {
		return nil
	}
	o := a.orders.add(id)
	*o = *found
	if o.more != 0 {
		rest := scratch.orders.rests[o.more-1]
		o.more = 0
		*a.orders.extra(o) = *rest
	}
	return o
}

// orderOf returns the order that a purchase or hold is of. One that a direct purchase makes is
// not looked for where its id is younger than all that was before the first auditor.
func (a *Auditor) orderOf(e *journal.Entry) *order {
	const slack = 10_000 // milliseconds by which the clocks of two servers may differ, and more
	if o := a.orders.find(e.Order); o != nil || !a.asks() {
		return o
	}
	if e.Kind == journal.Purchased && e.Sale.Consent.Method == journal.ByAllowance && e.Order.Millis() > a.resumed.began+slack {
		return nil
	}
	return a.order(e.Order)
}

// settle checks that an entry leaves as many tokens as there were, but for those that came to be
// or went, and forgets both.
func (a *Auditor) settle(e *journal.Entry) {
	if a.resumed == nil {
		return
	}
	for i := range e.Legs {
		leg := &e.Legs[i]
		if leg.Account.Code == ledger.Wallet || leg.Account.Code == ledger.Held {
			a.flow(leg.Account.Currency, leg.Account.Class).expired += int64(leg.Amount)
		}
	}
	for key, f := range a.flows {
		a.report.Checked(TokensOutstanding, 1)
		if off := f.expired + f.redeemed - f.issued; off != 0 {
			a.report.Fault(TokensOutstanding, "entry %d (%s) leaves %d tokens of %s %s more than came to be", e.Seq, e.Kind, off, key.currency, key.class.Kind)
		}
	}
	clear(a.flows)
	clear(a.received)
}
