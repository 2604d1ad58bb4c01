package core

import (
	"slices"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// Apply brings the State up to date with an entry. It never refuses: an entry is a
// fact. Entries are applied in the order of the journal; one that a snapshot
// already stands for changes nothing.
func (s *State) Apply(e *journal.Entry) {
	s.Seq = max(s.Seq, e.Seq)
	s.ApplyOrder(e)
	s.ApplyAccount(e)
	s.remember(e)
}

// remember keeps what the rest of the batch may look for.
func (s *State) remember(e *journal.Entry) {
	if !e.Key.IsZero() {
		s.Keys[e.Key.Name()] = e
	}
	if key, ok := e.ItemKey(); ok {
		s.Items[key] = e.Order
	}
}

// ApplyOrder brings the order that the entry is about up to date. Without the
// order's first entry there is nothing to bring up to date.
func (s *State) ApplyOrder(e *journal.Entry) {
	if e.Order.IsZero() {
		return
	}
	if o := s.Orders[e.Order]; o == nil || e.Seq > o.Seq {
		s.applyOrder(o, e)
	}
}

// applyOrder applies e to the order, which it begins where there is none, and returns
// the order as it stands after. An Order in the State never changes: a new one takes
// its place, so whoever was given the old one may keep it.
func (s *State) applyOrder(o *Order, e *journal.Entry) *Order {
	if e.By == e.Order {
		return o // it covers another purchase of the same, and stays what it is
	}
	if o == nil {
		o = firstEntry(e)
	} else {
		copied := *o
		o = &copied
	}
	if o != nil {
		o.apply(e)
		s.Orders[e.Order] = o
	}
	return o
}

// firstEntry returns the order that e begins, or nil where e begins none.
func firstEntry(e *journal.Entry) *Order {
	switch {
	case e.Kind == journal.OrderOpened:
		return &Order{ID: e.Order, Vendor: e.Vendor, Status: Open, Opened: *e.Opened, OpenedAt: e.At}
	case e.Kind == journal.Purchased:
		return &Order{ID: e.Order, Vendor: e.Vendor, Status: Open, OpenedAt: e.At, Opened: journal.Opened{
			Price: e.Sale.Price, Currency: e.Sale.Currency, Offer: e.Sale.Offer, OfferVer: e.Sale.OfferVer,
			Rule: e.Sale.Rule, Tracking: e.Sale.Tracking, Test: e.Sale.Test, Item: journal.Item{Terms: e.Sale.Terms},
		}}
	}
	return nil
}

func (o *Order) apply(e *journal.Entry) {
	o.Seq = e.Seq
	switch e.Kind {
	case journal.Purchased:
		o.Status, o.Sale = Paid, *e.Sale
		o.Account, o.User, o.PaidAt, o.PaidSeq = e.Account, e.User, e.At, e.Seq
	case journal.HoldPlaced:
		o.Status, o.Sale = OnHold, *e.Sale
		o.Account, o.User, o.PaidAt, o.PaidSeq = e.Account, e.User, e.At, e.Seq
	case journal.Captured:
		o.Status, o.Sale, o.PaidSeq = Paid, *e.Sale, e.Seq
	case journal.Released, journal.HoldExpired:
		o.Status = Freed
	case journal.Refunded:
		o.Refunded = e.Refund.Total
		o.Back.Net += e.Refund.Net
		o.Back.Fee += e.Refund.Fee
		lines := make([]royalty.Line, len(o.Sale.Lines))
		copy(lines, o.Back.Lines)
		for i, line := range e.Refund.Lines {
			lines[i] = royalty.Line{Payee: line.Payee, Amount: lines[i].Amount + line.Amount}
		}
		o.Back.Lines = lines
		if o.Refunded == o.Sale.Price {
			o.Status = Reversed
		}
	case journal.Viewed:
		o.Use.Views = e.View
		switch {
		case e.First != 0:
			o.Use.FirstView = e.First
		case e.View > 0 && o.Use.FirstView == 0: // the first one
			o.Use.FirstView = e.At
		}
	case journal.Covered:
		o.Status, o.By, o.Account, o.User = Covers, e.By, e.Account, e.User
	}
}

// ApplyAccount brings the accounts that the entry changes up to date, those that are in
// the State.
func (s *State) ApplyAccount(e *journal.Entry) {
	s.collect(e)
	s.fold(e)
}

// collect lists the accounts in the State that the entry changes, and returns how many of those
// that the ledger owes are not there; in a State that is not Partial those have no entry yet, and
// are made.
func (s *State) collect(e *journal.Entry) (absent int) {
	s.Absent, s.changed, s.folding = s.Absent[:0], e.Payers(s.changed[:0]), s.folding[:0]
	for _, id := range s.changed {
		if a := s.Accounts[id]; a != nil {
			s.folding = append(s.folding, a)
		}
	}
	s.payers, s.postings = len(s.folding), s.postings[:0]
	s.changed = e.Owed(s.changed[:0])
	for _, id := range s.changed {
		a := s.Accounts[id]
		switch {
		case a != nil:
		case s.Partial:
			s.Absent = append(s.Absent, id)
			absent++
			continue
		default:
			a = &Account{ID: id}
			s.Accounts[id] = a
		}
		s.folding = append(s.folding, a)
		s.postings = a.postings(s.postings, e.Legs)
	}
	return absent
}

// gather is collect for an entry that is not a fact yet: all must be there, and have room.
func (s *State) gather(e *journal.Entry) error {
	if s.collect(e) > 0 {
		return ErrAbsent
	}
	for i := range s.postings {
		if !s.postings[i].fits() {
			return token.Refuse(token.Unprocessable, "amount_overflow.sum")
		}
	}
	return nil
}

// fold applies the entry to the accounts that were collected.
func (s *State) fold(e *journal.Entry) {
	for _, a := range s.folding[:s.payers] {
		if e.Seq > a.Seq {
			a.apply(e)
		}
	}
	for i := range s.postings {
		s.postings[i].post(e.Seq)
	}
	for _, a := range s.folding[s.payers:] {
		if e.Seq > a.Seq {
			a.Seq = e.Seq
			a.turnOver(e)
		}
	}
}

// apply folds an entry that changes a payer's account into it. It looks at nothing but the
// account and the entry, so that an account can be folded on its own.
func (a *Account) apply(e *journal.Entry) {
	a.Seq = e.Seq
	if journal.IsIssuerAccount(a.ID) {
		a.applyDebt(e)
		return
	}
	if a.ID == journal.Approvals {
		a.applyDesk(e)
		return
	}
	a.move(e)
	switch e.Kind {
	case journal.Purchased, journal.HoldPlaced:
		a.count(e.User, e.Vendor, e.Sale.Currency, e.Sale.Consent.Allowance, e.At, e.Sale.Price)
	case journal.LimitSet:
		a.Limits = put(a.Limits, *e.Limit, func(l limit.Limit) bool { return l.ID == e.Limit.ID })
	case journal.LimitRemoved:
		a.Limits = slices.DeleteFunc(a.Limits, func(l limit.Limit) bool { return l.ID == e.Limit.ID })
	case journal.AllowanceGranted:
		a.Allowances = put(a.Allowances, *e.Allowance, func(p limit.Allowance) bool {
			return p.User == e.Allowance.User && p.Vendor == e.Allowance.Vendor && p.Currency == e.Allowance.Currency
		})
	case journal.AllowanceRevoked:
		a.Allowances = slices.DeleteFunc(a.Allowances, func(p limit.Allowance) bool { return p.ID == e.Allowance.ID })
	case journal.ApprovalSet:
		a.Approvals = slices.DeleteFunc(a.Approvals, func(p limit.Approval) bool {
			return p.User == e.Approval.User && p.Currency == e.Approval.Currency
		})
		if e.Approval.Max > 0 {
			a.Approvals = append(a.Approvals, *e.Approval)
		}
	case journal.CreditSet:
		a.wallet(e.Credit.Currency, token.PurchasedClass).Credit = e.Credit.Line
	case journal.StandingSet:
		a.Standing = e.Standing
	}
}

// put replaces the element that same picks out, or appends.
func put[T any](list []T, value T, same func(T) bool) []T {
	if i := slices.IndexFunc(list, same); i >= 0 {
		list[i] = value
		return list
	}
	return append(list, value)
}

// move adds the entry's legs to the account's wallets and takes what it gives back
// off the limits. Incentive wallets get their terms before tokens arrive, and one that
// is used up, or to which nothing came back after all, is forgotten once all legs have been
// posted: between two legs, tokens on their way into a hold are in neither.
func (a *Account) move(e *journal.Entry) {
	if e.Kind == journal.Granted {
		a.incentive(e.Grant).setTerms(e.Grant)
	}
	if e.Back != nil {
		for i := range e.Back.Grants {
			a.comeBack(&e.Back.Grants[i])
		}
		a.count(e.User, e.Vendor, e.Back.Currency, e.Back.Allowance, e.Back.PaidAt, -e.Back.Amount)
	}
	usedUp := e.Back != nil && len(e.Back.Grants) > 0
	for i := range e.Legs {
		if w := a.post(&e.Legs[i]); w != nil {
			usedUp = usedUp || w.usedUp()
		}
	}
	if usedUp {
		a.Wallets = slices.DeleteFunc(a.Wallets, func(w Wallet) bool { return w.usedUp() })
	}
}

// post adds a leg to the account's own wallet and returns that; other legs are not
// its concern.
func (a *Account) post(leg *ledger.Leg) *Wallet {
	if leg.Account.Owner != a.ID {
		return nil
	}
	switch leg.Account.Code {
	case ledger.Wallet:
		w := a.wallet(leg.Account.Currency, leg.Account.Class)
		w.Balance += leg.Amount
		return w
	case ledger.Held:
		w := a.wallet(leg.Account.Currency, leg.Account.Class)
		w.Held += leg.Amount
		return w
	}
	return nil
}

// incentive returns the wallet of a campaign's tokens, made if it is not there.
func (a *Account) incentive(g *journal.Grant) *Wallet {
	return a.wallet(g.Currency, token.Class{Kind: token.Incentive, Campaign: g.Campaign})
}

// comeBack makes the wallet for incentive tokens that come back, with the terms that
// they had; where the wallet is still there, its terms hold.
func (a *Account) comeBack(g *journal.Grant) {
	if a.Wallet(g.Currency, token.Class{Kind: token.Incentive, Campaign: g.Campaign}) == nil {
		a.incentive(g).setTerms(g)
	}
}

// count adds what was spent (negative: given back) to every limit and allowance that it falls under.
func (a *Account) count(user token.UserID, vendor token.VendorID, currency token.Currency, allowance token.AllowanceID, at int64, amount token.Amount) {
	for i := range a.Limits {
		if l := &a.Limits[i]; l.Covers(user, vendor, currency) {
			l.Counter.Add(l.Period, at, amount)
		}
	}
	if allowance.IsZero() {
		return
	}
	for i := range a.Allowances {
		if p := &a.Allowances[i]; p.ID == allowance {
			p.Counter.Add(p.Period, at, amount)
		}
	}
}
