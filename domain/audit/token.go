package audit

import (
	"slices"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// The terms of incentive tokens are those of the grants that brought them, as the auditor
// follows them itself: what a sale says of them is compared, never believed.

// alive reports whether a wallet of incentive tokens still has any to know its terms by.
func (w *wallet) alive() bool { return w.balance != 0 || w.held != 0 }

// arrive takes up the terms of incentive tokens that an entry brings, before they arrive.
func (a *Auditor) arrive(e *journal.Entry, acc *account) {
	switch {
	case e.Kind == journal.Granted && e.Grant != nil:
		w := acc.wallet(e.Grant.Currency, token.Class{Kind: token.Incentive, Campaign: e.Grant.Campaign})
		if w.alive() && w.terms != nil {
			a.sameIssuer(e, w.terms, e.Grant.Issuer)
			if e.Grant.Expiry != 0 && (w.terms.Expiry == 0 || e.Grant.Expiry < w.terms.Expiry) {
				a.report.Fault(TokenExpiry, "entry %d lets tokens of campaign %s that are there expire sooner, at %d", e.Seq, e.Grant.Campaign, e.Grant.Expiry)
			}
		}
		w.terms = e.Grant
	case e.Back != nil:
		o := a.order(e.Order)
		if o == nil {
			return
		}
		grants := a.orders.rest(o).grants
		acc.incentives = acc.incentives || len(grants) > 0
		for i := range grants {
			g := &grants[i]
			if w := acc.wallet(g.Currency, token.Class{Kind: token.Incentive, Campaign: g.Campaign}); !w.alive() {
				w.terms = g // where some are still there, theirs hold
			}
		}
	}
}

func (a *Auditor) sameIssuer(e *journal.Entry, terms *journal.Grant, issuer token.VendorID) {
	a.report.Checked(TokenIssuer, 1)
	if terms.Issuer != issuer {
		a.report.Fault(TokenIssuer, "entry %d lets vendor %q pay for tokens of campaign %s that %q gave", e.Seq, issuer, terms.Campaign, terms.Issuer)
	}
}

// spent checks the incentive tokens that pay a purchase or hold: that whoever granted them pays
// for them, that their time is not over, that they may be spent here, and that none that would
// have expired sooner were left.
func (a *Auditor) spent(e *journal.Entry, acc *account, o *order) {
	sale := e.Sale
	if sale.Test || !acc.incentives {
		if len(sale.Grants) > 0 {
			a.report.Fault(TokenIssuer, "entry %d names terms of incentive tokens that it does not spend", e.Seq)
		}
		return
	}
	campaigns, known := a.campaigns(o, sale)
	last, grants := int64(-1), sale.Grants // when the latest of those spent expires; -1 where none is
	bought := len(sale.Sources) == 0
	for i := range sale.Sources {
		source := &sale.Sources[i]
		if source.Class.Kind != token.Incentive {
			bought = true
			continue
		}
		w := acc.wallet(sale.Currency, source.Class)
		if w.terms == nil || len(grants) == 0 {
			a.report.Fault(TokenIssuer, "entry %d spends tokens of campaign %s that nobody gave, or without their terms", e.Seq, source.Class.Campaign)
			continue
		}
		a.sameIssuer(e, w.terms, source.Issuer)
		a.sameTerms(e, w.terms, &grants[0], source.Amount)
		grants = grants[1:]
		a.report.Checked(TokenExpiry, 1)
		if w.terms.Expiry != 0 && e.At >= w.terms.Expiry {
			a.report.Fault(TokenExpiry, "entry %d spends tokens of campaign %s after their time, which ended at %d", e.Seq, source.Class.Campaign, w.terms.Expiry)
		}
		if expiry := endless(w.terms.Expiry); expiry < last {
			a.report.Fault(TokenExpiry, "entry %d spends tokens of campaign %s after others that expire later", e.Seq, source.Class.Campaign)
		} else {
			last = expiry
		}
		a.report.Checked(TokenScope, 1)
		if !inScope(w.terms, e.Vendor, campaigns, known, true) {
			a.report.Fault(TokenScope, "entry %d spends tokens of campaign %s where they are not good", e.Seq, source.Class.Campaign)
		}
	}
	if len(grants) > 0 {
		a.report.Fault(TokenIssuer, "entry %d names terms of incentive tokens that it does not spend", e.Seq)
	}
	for i := range acc.wallets { // what was left, after this entry
		w := &acc.wallets[i]
		if w.class.Kind != token.Incentive || w.currency != sale.Currency || w.balance <= 0 || w.terms == nil {
			continue
		}
		if expiry := endless(w.terms.Expiry); e.At < expiry && (bought || expiry < last) &&
			inScope(w.terms, e.Vendor, campaigns, known, false) && a.couldPay(w.terms, sale.Currency) {
			a.report.Fault(TokenExpiry, "entry %d leaves %d tokens of campaign %s, which would have gone before what it takes", e.Seq, w.balance, w.class.Campaign)
		}
	}
}

// endless makes an expiry comparable: none is later than all.
func endless(expiry int64) int64 {
	if expiry == 0 {
		return 1<<63 - 1
	}
	return expiry
}

// inScope reports whether tokens may be spent at a vendor, for an item that lists campaigns.
// Where nobody knows what it lists, it is as unknown says.
func inScope(terms *journal.Grant, vendor token.VendorID, campaigns []token.CampaignID, known, unknown bool) bool {
	if len(terms.Vendors) > 0 && !slices.Contains(terms.Vendors, vendor) {
		return false
	}
	if !terms.Listed {
		return true
	}
	if !known {
		return unknown
	}
	return slices.Contains(campaigns, terms.Campaign)
}

// couldPay reports whether it is certain that a grant's tokens were within their issuer's bound.
func (a *Auditor) couldPay(terms *journal.Grant, currency token.Currency) bool {
	if terms.Issuer.IsZero() {
		return true
	}
	d := a.debts.find(terms.Issuer, currency)
	return a.debts.counted && d.owed <= a.debts.limit(d)
}

// sameTerms checks what a sale says about the terms of tokens, by which they will come back.
func (a *Auditor) sameTerms(e *journal.Entry, terms, said *journal.Grant, amount token.Amount) {
	switch {
	case said.Campaign != terms.Campaign || said.Amount != amount || said.Currency != terms.Currency || said.Issuer != terms.Issuer:
		a.report.Fault(TokenIssuer, "entry %d says that it spends %d tokens of campaign %s, given by %q", e.Seq, said.Amount, said.Campaign, said.Issuer)
	case said.Expiry != terms.Expiry:
		a.report.Fault(TokenExpiry, "entry %d says that tokens of campaign %s expire at %d, not %d", e.Seq, terms.Campaign, said.Expiry, terms.Expiry)
	case said.Listed != terms.Listed || !slices.Equal(said.Vendors, terms.Vendors):
		a.report.Fault(TokenScope, "entry %d says that tokens of campaign %s are good elsewhere than they are", e.Seq, terms.Campaign)
	}
}

// campaigns returns what campaigns the item of a sale lists, where that is known.
func (a *Auditor) campaigns(o *order, sale *journal.Sale) (listed []token.CampaignID, known bool) {
	if sale.Consent.Method != journal.ByAllowance {
		return a.orders.rest(o).campaigns, true
	}
	if offer := a.offer(sale); offer != nil {
		return offer.campaigns, true
	}
	return nil, false
}

// lapsed checks that tokens whose time is over were taken back: all of them that are there,
// and no others.
func (a *Auditor) lapsed(e *journal.Entry, acc *account) {
	g := e.Grant
	a.report.Checked(Lapses, 1)
	w := acc.wallet(g.Currency, token.Class{Kind: token.Incentive, Campaign: g.Campaign})
	if w.balance != 0 {
		a.report.Fault(Lapses, "entry %d takes %d tokens of campaign %s back, and leaves %d", e.Seq, g.Amount, g.Campaign, w.balance)
	}
	if w.terms == nil || w.terms.Expiry == 0 || e.At < w.terms.Expiry {
		a.report.Fault(Lapses, "entry %d takes tokens of campaign %s back before their time", e.Seq, g.Campaign)
		return
	}
	a.sameIssuer(e, w.terms, g.Issuer)
}
