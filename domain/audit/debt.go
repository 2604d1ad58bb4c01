package audit

import (
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// debt is what one vendor's incentive tokens of one currency come to.
type debt struct {
	vendor   token.VendorID
	currency token.Currency
	owed     int64
	most     int64 // where it is bounded
	bounded  bool
}

// debts follows what vendors give, from the first entry on; what they may give, from the first
// bound on.
type debts struct {
	of      map[token.AccountID][]*debt // by the account that they are stored under
	most    int64
	counted bool // there is a bound of all vendors
	unknown bool // they were not followed from the first entry on, so nothing is said about them
}

func (d *debts) find(vendor token.VendorID, currency token.Currency) *debt {
	account := issuerAccount(vendor)
	for _, known := range d.of[account] {
		if known.currency == currency {
			return known
		}
	}
	made := &debt{vendor: vendor, currency: currency}
	d.of[account] = append(d.of[account], made)
	return made
}

// limit is what a vendor's tokens may come to.
func (d *debts) limit(of *debt) int64 {
	if of.bounded {
		return of.most
	}
	return d.most
}

// issuerAccount is where the debts of a vendor are stored: its id, with the first bit set.
func issuerAccount(vendor token.VendorID) token.AccountID {
	id := [16]byte(vendor)
	id[0] |= 1 << 7
	return id
}

// owes counts what a campaign gave, or took back, against the vendor that pays for it.
func (a *Auditor) owes(e *journal.Entry) {
	g := e.Grant
	if a.debts.unknown {
		return
	}
	if g.Owed != (a.debts.counted && !g.Issuer.IsZero()) {
		a.report.Fault(IncentiveDebts, "entry %d (%s) does not count what vendor %s owes", e.Seq, e.Kind, g.Issuer)
	}
	if g.Issuer.IsZero() {
		return
	}
	d, amount := a.debts.find(g.Issuer, g.Currency), int64(g.Amount)
	if a.debts.counted {
		account := issuerAccount(g.Issuer)
		acc := a.account(account)
		a.fresh(e, account, acc)
		a.reach(acc, e.Seq)
	}
	if e.Kind == journal.Lapsed {
		d.owed -= amount
		return
	}
	d.owed += amount
	if a.debts.counted {
		a.report.Checked(IncentiveDebts, 1)
		if most := a.debts.limit(d); d.owed > most {
			a.report.Fault(IncentiveDebts, "entry %d takes what vendor %s gave to %d %s, above its bound of %d", e.Seq, g.Issuer, d.owed, g.Currency, most)
		}
	}
}

// backed checks that tokens that pay come from vendors within their bounds.
func (a *Auditor) backed(e *journal.Entry, currency token.Currency, sources []journal.Source) {
	if !a.debts.counted {
		return
	}
	for i := range sources {
		issuer := sources[i].Issuer
		if sources[i].Class.Kind != token.Incentive || issuer.IsZero() {
			continue
		}
		a.report.Checked(IncentiveDebts, 1)
		if d := a.debts.find(issuer, currency); d.owed > a.debts.limit(d) {
			a.report.Fault(IncentiveDebts, "entry %d (%s) is paid with tokens of vendor %s, which come to %d %s, above its bound of %d",
				e.Seq, e.Kind, issuer, d.owed, currency, a.debts.limit(d))
		}
	}
}

// boundSet follows what the operator lets vendors give. The first bound says what was given
// before.
func (a *Auditor) boundSet(e *journal.Entry) {
	b := e.Bound
	if a.debts.unknown {
		return
	}
	if b == nil || b.Max < 0 {
		a.report.Fault(IncentiveDebts, "entry %d bounds nothing", e.Seq)
		return
	}
	if e.Account != journal.AllIssuers {
		if e.Account != issuerAccount(e.Vendor) || b.Currency.IsZero() || len(b.Debts) > 0 || !a.debts.counted {
			a.report.Fault(IncentiveDebts, "entry %d is not the bound of one vendor", e.Seq)
		}
		d := a.debts.find(e.Vendor, b.Currency)
		d.most, d.bounded = int64(b.Max), true
		return
	}
	if !b.Currency.IsZero() || !e.Vendor.IsZero() || (a.debts.counted && len(b.Debts) > 0) {
		a.report.Fault(IncentiveDebts, "entry %d is not the bound of all vendors", e.Seq)
	}
	if !a.debts.counted {
		a.countedBefore(e)
	}
	a.debts.most, a.debts.counted = int64(b.Max), true
}

// countedBefore compares what the first bound says was given before.
func (a *Auditor) countedBefore(e *journal.Entry) {
	told := map[*debt]bool{}
	for _, said := range e.Bound.Debts {
		account := issuerAccount(said.Issuer)
		acc := a.account(account)
		a.fresh(e, account, acc)
		a.reach(acc, e.Seq)
		a.report.Checked(IncentiveDebts, 1)
		d := a.debts.find(said.Issuer, said.Currency)
		if told[d] || int64(said.Amount) != d.owed {
			a.report.Fault(IncentiveDebts, "entry %d says that vendor %s gave %d %s before, and it gave %d", e.Seq, said.Issuer, said.Amount, said.Currency, d.owed)
		}
		told[d] = true
	}
	for _, all := range a.debts.of {
		for _, d := range all {
			if !told[d] {
				a.report.Fault(IncentiveDebts, "entry %d does not say that vendor %s gave %d %s before", e.Seq, d.vendor, d.owed, d.currency)
			}
		}
	}
}

// StoredDebt is what a store keeps of a vendor's incentive tokens.
type StoredDebt struct {
	Currency  token.Currency
	Owed, Max token.Amount
	Bounded   bool
}

// compareDebts compares a stored vendor's account with the fold's.
func (a *Auditor) compareDebts(s *Snapshot) {
	if s.Account == journal.AllIssuers {
		if len(s.Debts) != 1 || s.Debts[0] != (StoredDebt{Max: token.Amount(a.debts.most), Bounded: true}) {
			a.report.Fault(StoredBalances, "the bound of all vendors' incentive tokens is stored as %+v, not %d", s.Debts, a.debts.most)
		}
		return
	}
	stored := map[token.Currency]StoredDebt{}
	for _, d := range s.Debts {
		stored[d.Currency] = d
	}
	for _, d := range a.debts.of[s.Account] {
		is, want := stored[d.currency], StoredDebt{d.currency, token.Amount(d.owed), token.Amount(d.most), d.bounded}
		if is.Currency = d.currency; is != want {
			a.report.Fault(StoredBalances, "vendor %s is stored at entry %d with incentive tokens of %+v; its entries give %+v", d.vendor, s.Seq, is, want)
		}
		delete(stored, d.currency)
	}
	for _, d := range stored {
		a.report.Fault(StoredBalances, "account %s is stored at entry %d with incentive tokens of %+v that no entry gave", s.Account, s.Seq, d)
	}
}
