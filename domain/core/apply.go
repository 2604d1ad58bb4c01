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
	s.ApplyOrder(e)
	s.ApplyAccount(e)
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
	o := s.Orders[e.Order]
	if o == nil {
		if o = firstEntry(e); o == nil {
			return
		}
		s.Orders[e.Order] = o
	} else if e.Seq != 0 && e.Seq <= o.Seq {
		return
	}
	o.apply(e)
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
		if e.View == 1 {
			o.Use.FirstView = e.At
		}
	case journal.Covered:
		if e.By != e.Order {
			o.Status, o.By, o.Account, o.User = Covers, e.By, e.Account, e.User
		}
	}
}

// ApplyAccount brings the account that the entry is about up to date, if it is in
// the State.
func (s *State) ApplyAccount(e *journal.Entry) {
	a := s.Accounts[e.Account]
	if a == nil || e.Account.IsZero() || (e.Seq != 0 && e.Seq <= a.Seq) {
		return
	}
	a.Seq = e.Seq
	for i := range e.Legs {
		a.post(&e.Legs[i])
	}
	switch e.Kind {
	case journal.Purchased, journal.HoldPlaced:
		a.count(e.User, e.Vendor, e.Sale.Currency, e.Sale.Consent.Allowance, e.At, e.Sale.Price)
	case journal.Captured, journal.Released, journal.HoldExpired, journal.Refunded:
		a.uncount(s.Orders[e.Order], e)
	case journal.Granted:
		w := a.wallet(e.Grant.Currency, token.Class{Kind: token.Incentive, Campaign: e.Grant.Campaign})
		w.Issuer, w.Vendors, w.Listed, w.Expiry = e.Grant.Issuer, e.Grant.Vendors, e.Grant.Listed, e.Grant.Expiry
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

// post adds a leg to the account's own wallets; other legs are not its concern. An
// incentive wallet that is used up is forgotten.
func (a *Account) post(leg *ledger.Leg) {
	if leg.Account.Owner != a.ID {
		return
	}
	switch leg.Account.Code {
	case ledger.Wallet:
		a.wallet(leg.Account.Currency, leg.Account.Class).Balance += leg.Amount
	case ledger.Held:
		a.wallet(leg.Account.Currency, leg.Account.Class).Held += leg.Amount
	default:
		return
	}
	if leg.Account.Class.Kind == token.Incentive {
		a.Wallets = slices.DeleteFunc(a.Wallets, func(w Wallet) bool {
			return w.Class.Kind == token.Incentive && w.Balance == 0 && w.Held == 0
		})
	}
}

// count adds what was spent to every limit and allowance that it falls under.
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

// uncount takes back what a capture did not use, a release or a refund gave back.
// It counts at the time of the purchase, so it frees only the period that paid.
func (a *Account) uncount(o *Order, e *journal.Entry) {
	if o == nil {
		return
	}
	var back token.Amount
	switch e.Kind {
	case journal.Captured, journal.Released, journal.HoldExpired:
		for i := range e.Legs { // what left Held and came back to the wallet
			if leg := &e.Legs[i]; leg.Account.Code == ledger.Wallet && leg.Account.Owner == a.ID {
				back += leg.Amount
			}
		}
	case journal.Refunded:
		back = e.Refund.Amount
	}
	if back != 0 {
		a.count(o.User, o.Vendor, o.Currency, o.Sale.Consent.Allowance, o.PaidAt, -back)
	}
}
