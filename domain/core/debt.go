package core

import (
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// A vendor that gives incentive tokens pays for them when they are spent; what others earn by
// them the provider owes, whether the vendor can pay or not. So what a vendor's tokens come to,
// outstanding and spent, is bounded: none are given beyond it, and while they come to more
// (because the bound was lowered, or there was none before) none of them pays for anything.

// Debt is what a vendor's incentive tokens of one currency come to, and may come to. It is
// part of the account journal.IssuerAccount; the bound of all vendors that have none of their
// own stands in the account journal.AllIssuers, under no currency.
type Debt struct {
	Currency token.Currency `cbor:"1,keyasint"`
	Owed     token.Amount   `cbor:"2,keyasint,omitzero"` // granted less lapsed
	Max      token.Amount   `cbor:"3,keyasint,omitzero"`
	Bounded  bool           `cbor:"4,keyasint,omitzero"` // Max was set, else the one of all vendors holds
}

// Debt returns what the account owes for incentive tokens of a currency.
func (a *Account) Debt(currency token.Currency) Debt {
	for i := range a.Debts {
		if a.Debts[i].Currency == currency {
			return a.Debts[i]
		}
	}
	return Debt{Currency: currency}
}

// debt is Debt for changing it, made if it is not there.
func (a *Account) debt(currency token.Currency) *Debt {
	for i := range a.Debts {
		if a.Debts[i].Currency == currency {
			return &a.Debts[i]
		}
	}
	a.Debts = append(a.Debts, Debt{Currency: currency})
	return &a.Debts[len(a.Debts)-1]
}

// applyDebt folds in what an entry says of the account as of one that gives tokens.
func (a *Account) applyDebt(e *journal.Entry) {
	switch {
	case e.Bound != nil:
		for i := range e.Bound.Debts {
			if d := &e.Bound.Debts[i]; journal.IssuerAccount(d.Issuer) == a.ID {
				a.debt(d.Currency).Owed = d.Amount
			}
		}
		if a.ID == e.Account {
			d := a.debt(e.Bound.Currency)
			d.Max, d.Bounded = e.Bound.Max, true
		}
	case e.Kind == journal.Granted:
		a.debt(e.Grant.Currency).Owed += e.Grant.Amount
	case e.Kind == journal.Lapsed:
		a.debt(e.Grant.Currency).Owed -= e.Grant.Amount
	}
}

// IncentiveDebt returns what a vendor's incentive tokens of a currency come to, with the bound
// that holds for it. Both accounts must be in the State; what is not owes and may owe nothing.
func (s *State) IncentiveDebt(issuer token.VendorID, currency token.Currency) Debt {
	d := Debt{Currency: currency}
	if a := s.Accounts[journal.IssuerAccount(issuer)]; a != nil {
		d = a.Debt(currency)
	}
	if all := s.Accounts[journal.AllIssuers]; all != nil && !d.Bounded {
		d.Max = all.Debt(token.Currency{}).Max
	}
	return d
}

// counted reports whether what vendors' incentive tokens come to is counted: from the first
// bound on.
func (s *State) counted() bool {
	all := s.Accounts[journal.AllIssuers]
	return all != nil && all.Debt(token.Currency{}).Bounded
}

// backed reports whether an issuer's tokens of a currency can pay. The provider's always can.
func (s *State) backed(issuer token.VendorID, currency token.Currency) bool {
	if issuer.IsZero() {
		return true
	}
	d := s.IncentiveDebt(issuer, currency)
	return d.Owed <= d.Max
}

// needIssuer asks for what tells whether an issuer's tokens are backed.
func needIssuer(f *Facts, issuer token.VendorID) {
	if !issuer.IsZero() {
		f.Accounts = append(f.Accounts, journal.IssuerAccount(issuer), journal.AllIssuers)
	}
}

// needIssuers asks for the issuers of all that the account holds.
func needIssuers(s *State, f *Facts, account token.AccountID) {
	a := s.Accounts[account]
	if a == nil {
		return
	}
	for i := range a.Wallets {
		needIssuer(f, a.Wallets[i].Issuer)
	}
}

// refuseDebt is why an issuer's tokens are not given, or do not pay.
func refuseDebt(d Debt, why token.Reason) error {
	return token.Refuse(token.Forbidden, why, token.Money("most", d.Max, d.Currency))
}

// BoundIncentives sets what a vendor's incentive tokens may come to, or those of every vendor
// that has no bound of its own. The first bound is one of all, and counts what was given
// before.
type BoundIncentives struct {
	Vendor   token.VendorID // zero: all that have none of their own
	Currency token.Currency // zero with all, and only then
	Max      token.Amount
	Before   []journal.Debt // with the first bound: what was given up to the entry AsOf
	AsOf     uint64

	cleared clearance
}

var _ Command = (*BoundIncentives)(nil)

func (c *BoundIncentives) account() token.AccountID {
	if c.Vendor.IsZero() {
		return journal.AllIssuers
	}
	return journal.IssuerAccount(c.Vendor)
}

// Need asks for the accounts that it bounds or counts for.
func (c *BoundIncentives) Need(_ *State, f *Facts) {
	f.Accounts = append(f.Accounts, journal.AllIssuers, c.account())
	needDesk(f)
	for i := range c.Before {
		f.Accounts = append(f.Accounts, journal.IssuerAccount(c.Before[i].Issuer))
	}
}

// Decide checks, in order: amount, currency, that what was given before is counted, and, but for
// the first bound, whether it needs a second person. A bound that holds already is not recorded
// again.
func (c *BoundIncentives) Decide(s *State, _ int64) (Outcome, error) {
	if c.Max < 0 || c.Max > token.MaxAmount {
		return Outcome{}, token.Refuse(token.Unprocessable, "amount_invalid.bound")
	}
	if c.Currency.IsZero() != c.Vendor.IsZero() {
		return Outcome{}, token.Refuse(token.Unprocessable, "currency_invalid.bound")
	}
	bound := &journal.Bound{Currency: c.Currency, Max: c.Max}
	switch {
	case !s.counted():
		if !c.Vendor.IsZero() || c.AsOf != s.Seq {
			return Outcome{}, token.Refuse(token.Conflict, "stale.debts")
		}
		bound.Debts = c.Before
	default:
		if d := s.Accounts[c.account()].Debt(c.Currency); d.Bounded && d.Max == c.Max {
			return Outcome{}, nil
		}
		if err := s.guard(c.cleared, journal.BoundVendors, c.Currency, c.Max); err != nil {
			return Outcome{}, err
		}
	}
	return Outcome{Entry: &journal.Entry{Kind: journal.IncentiveBound, Account: c.account(), Vendor: c.Vendor, Bound: bound}}, nil
}
