package audit

import (
	"encoding/binary"
	"slices"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// bought checks a purchase or a hold, and records it.
func (a *Auditor) bought(e *journal.Entry, acc *account) {
	a.report.Checked(OneDebit, 1)
	sale := e.Sale
	if sale == nil {
		a.report.Fault(OneDebit, "entry %d is a %s without a sale", e.Seq, e.Kind)
		return
	}
	o := a.buys(e)
	if o == nil {
		return
	}
	a.consented(e, acc)
	a.bounded(e, acc)
	o.status, o.price, o.paidAt, o.until = paid, int64(sale.Price), e.At, sale.Until
	o.account, o.user, o.allowance = a.ids.number(e.Account), a.ids.number(e.User), a.ids.number(sale.Consent.Allowance)
	if len(sale.Sources) > 0 {
		a.orders.extra(o).sources = sale.Sources
		a.orders.extra(o).grants = sale.Grants
	}
	a.sourced(e, sale, o)
	a.forItem(e, o)
	a.ownedBefore(e, o)
	a.spent(e, acc, o)
	if o.more != 0 {
		a.orders.extra(o).campaigns = nil
	}
	acc.spend(o.user, o.vendor, o.allowance, sale.Consent.Allowance, sale.Currency, day(e.At), int64(sale.Price))
	a.expected.rows = a.expected.rows[:0]
	if e.Kind == journal.HoldPlaced {
		o.status = onHold
		a.holdsOpen++
		a.report.Checked(HoldsAccounted, 1)
		a.holdPlaced(e, o)
		if sale.Net != 0 || sale.Fee != 0 || len(sale.Lines) > 0 || sale.Until <= e.At {
			a.report.Fault(HoldsAccounted, "entry %d places a hold that pays somebody, or has no time", e.Seq)
		}
		a.expectHold(o, a.orders.sources(o), -1)
		a.compare(e, HoldsAccounted)
		return
	}
	a.divided(e, o)
	a.expectSale(e, ledger.Wallet, sale, o)
	a.compare(e, OneDebit)
}

// holdPlaced checks that a hold lasts as long as its order says: a day where it does not say.
func (a *Auditor) holdPlaced(e *journal.Entry, o *order) {
	const hour = 60 * 60 * 1000
	hours := int64(o.hours)
	if hours == 0 {
		hours = 24
	}
	a.report.Checked(HoldTime, 1)
	if e.Sale.Until != e.At+hours*hour {
		a.report.Fault(HoldTime, "entry %d places a hold until %d, and the order says %d hours", e.Seq, e.Sale.Until, hours)
	}
}

// buys returns the order that the entry pays, made where it is a direct purchase.
func (a *Auditor) buys(e *journal.Entry) *order {
	sale := e.Sale
	a.report.Checked(Entitlements, 1)
	o := a.orderOf(e)
	if o == nil {
		if e.Kind != journal.Purchased || sale.Consent.Method != journal.ByAllowance || e.Order.IsZero() {
			a.report.Fault(OneDebit, "entry %d pays order %s, which nobody opened", e.Seq, e.Order)
		}
		o = a.orders.add(e.Order)
		o.vendor, o.currency, o.test = a.ids.number(e.Vendor), sale.Currency, sale.Test
		o.rule, o.terms = a.ruleTable.number(sale.Rule), a.termsTable.number(sale.Terms)
		return o
	}
	if o.status != open {
		a.report.Fault(OneDebit, "entry %d pays order %s a second time", e.Seq, e.Order)
		a.report.Fault(Entitlements, "entry %d: order %s gives two entitlements", e.Seq, e.Order)
		return nil
	}
	if int64(sale.Price) != o.price || sale.Currency != o.currency || sale.Test != o.test || a.ids.number(e.Vendor) != o.vendor ||
		a.ruleTable.number(sale.Rule) != o.rule || a.termsTable.number(sale.Terms) != o.terms || (e.Kind == journal.HoldPlaced) != o.manual {
		a.report.Fault(OneDebit, "entry %d does not match the quote of order %s", e.Seq, e.Order)
	}
	if e.At >= o.until {
		a.report.Fault(OneDebit, "entry %d pays order %s after it expired", e.Seq, e.Order)
	}
	return o
}

// consented checks who agreed, how, and within which login.
func (a *Auditor) consented(e *journal.Entry, acc *account) {
	sale := e.Sale
	consent := sale.Consent
	if acc.frozen {
		a.report.Fault(OneDebit, "entry %d: account %s was frozen", e.Seq, e.Account)
	}
	switch consent.Method {
	case journal.ByClick:
	case journal.ByTest:
		if !sale.Test {
			a.report.Fault(OneDebit, "entry %d: the sandbox's reader paid with real tokens", e.Seq)
		}
	case journal.ByApproval:
		most := token.Amount(0)
		for _, p := range acc.approvals {
			if p.User == e.User && p.Currency == sale.Currency {
				most = p.Max
			}
		}
		if sale.Price > most {
			a.report.Fault(OneDebit, "entry %d: %d is above the user's approval limit of %d", e.Seq, sale.Price, most)
		}
	case journal.ByAllowance:
		return
	default:
		a.report.Fault(OneDebit, "entry %d: nobody agreed to the purchase", e.Seq)
	}
	if consent.Until > 0 {
		a.report.Checked(InPurchaseWindow, 1)
		if e.At >= consent.Until || e.At < consent.Login {
			a.report.Fault(InPurchaseWindow, "entry %d lies at %d, outside its login's window of %d to %d", e.Seq, e.At, consent.Login, consent.Until)
		}
	}
}

// bounded checks the limits and the allowance in force.
func (a *Auditor) bounded(e *journal.Entry, acc *account) {
	sale, price, d := e.Sale, int64(e.Sale.Price), day(e.At)
	user, vendor := a.ids.number(e.User), a.ids.number(e.Vendor)
	for i := range acc.limits {
		b := &acc.limits[i]
		if !b.binds(user, vendor, sale.Currency) {
			continue
		}
		a.report.Checked(Limits, 1)
		if b.within(d)+price > b.most {
			a.report.Fault(Limits, "entry %d takes spending to %d, above limit %s of %d", e.Seq, b.within(d)+price, token.LimitID(b.id), b.most)
		}
	}
	if sale.Consent.Method != journal.ByAllowance {
		return
	}
	a.report.Checked(Limits, 1)
	for i := range acc.allowances {
		p := &acc.allowances[i]
		if p.id != sale.Consent.Allowance {
			continue
		}
		if p.user != user || p.vendor != vendor || p.currency != sale.Currency || e.At >= p.until || price > p.each || p.within(d)+price > p.most {
			a.report.Fault(Limits, "entry %d is not within allowance %s", e.Seq, sale.Consent.Allowance)
		}
		return
	}
	a.report.Fault(Limits, "entry %d names allowance %s, which is not in force", e.Seq, sale.Consent.Allowance)
}

// sourced checks which tokens pay.
func (a *Auditor) sourced(e *journal.Entry, sale *journal.Sale, o *order) {
	if len(sale.Sources) == 0 {
		if sale.Test {
			a.report.Fault(OneDebit, "entry %d: a sandbox sale is paid with real tokens", e.Seq)
		}
		return
	}
	a.backed(e, sale.Currency, sale.Sources)
	var sum token.Amount
	for i := range sale.Sources {
		source := &sale.Sources[i]
		sum += source.Amount
		if source.Amount <= 0 || (source.Class.Kind == token.Test) != o.test {
			a.report.Fault(OneDebit, "entry %d: %d tokens of class %s cannot pay", e.Seq, source.Amount, source.Class.Kind)
		}
	}
	if sum != sale.Price {
		a.report.Fault(OneDebit, "entry %d: the sources come to %d of a price of %d", e.Seq, sum, sale.Price)
	}
}

// divided checks who earns what of a price.
func (a *Auditor) divided(e *journal.Entry, o *order) {
	sale := e.Sale
	a.report.Checked(Division, 1)
	a.report.Checked(OneRoyalty, len(sale.Lines))
	sum := sale.Net + sale.Fee
	for i, line := range sale.Lines {
		sum += line.Amount
		for _, other := range sale.Lines[:i] {
			if other.Payee == line.Payee {
				a.report.Fault(OneRoyalty, "entry %d has two royalties of payee %s", e.Seq, line.Payee)
			}
		}
		if line.Amount < 0 {
			a.report.Fault(Division, "entry %d has a royalty of %d", e.Seq, line.Amount)
		}
	}
	if sum != sale.Price || sale.Net < 0 || sale.Fee < 0 {
		a.report.Fault(Division, "entry %d divides %d into %d net, %d fee and royalties that come to %d in all", e.Seq, sale.Price, sale.Net, sale.Fee, sum)
	}
	want, known := a.division(int64(sale.Price), o.rule)
	if !known {
		rule := a.ruleTable.values[o.rule]
		a.report.Fault(Division, "entry %d was divided by version %d of split %s, which is not there", e.Seq, rule.Version, rule.Split)
		a.orders.extra(o).sale = &parts{net: int64(sale.Net), fee: int64(sale.Fee), lines: sale.Lines}
		return
	}
	if !sameLines(want.lines, sale.Lines) {
		a.report.Fault(OneRoyalty, "entry %d has not the royalties that its rule gives", e.Seq)
	}
	if want.net != int64(sale.Net) || want.fee != int64(sale.Fee) {
		a.report.Fault(Division, "entry %d divides %d into %d net and %d fee, but its rule gives %d and %d", e.Seq, sale.Price, sale.Net, sale.Fee, want.net, want.fee)
	}
}

func sameLines(a, b []royalty.Line) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// expectSale expects a price to go from wallets or holds to those who earn it.
func (a *Auditor) expectSale(e *journal.Entry, from ledger.Code, sale *journal.Sale, o *order) {
	sources := sale.Sources
	if len(sources) == 0 {
		sources = []journal.Source{{Amount: sale.Price}}
	}
	for i := range sources {
		a.expected.add(from, e.Account, o.currency, sources[i].Class, -int64(sources[i].Amount))
		a.expectIssuer(&sources[i], o.currency, int64(sources[i].Amount))
	}
	a.expectEarned(e, o, int64(sale.Net), int64(sale.Fee), sale.Lines, 1)
}

// expectIssuer expects spent incentive tokens to go back to their campaign, and
// whoever issued them to pay; a negative amount the reverse.
func (a *Auditor) expectIssuer(source *journal.Source, currency token.Currency, amount int64) {
	if source.Class.Kind != token.Incentive {
		return
	}
	a.expected.add(ledger.IncentiveIssued, source.Class.Campaign, currency, source.Class, amount)
	if source.Issuer.IsZero() {
		a.expected.add(ledger.Promotion, [16]byte{}, currency, token.PurchasedClass, -amount)
	} else {
		a.expected.add(ledger.VendorPayable, source.Issuer, currency, token.PurchasedClass, -amount)
	}
}

func (a *Auditor) expectEarned(e *journal.Entry, o *order, net, fee int64, lines []royalty.Line, sign int64) {
	class := o.earned()
	a.expected.add(ledger.VendorPayable, e.Vendor, o.currency, class, sign*net)
	a.expected.add(ledger.Fee, [16]byte{}, o.currency, class, sign*fee)
	for i := range lines {
		a.expected.add(ledger.PayeePayable, lines[i].Payee, o.currency, class, sign*int64(lines[i].Amount))
	}
}

// expectHold expects sources to go from holds to wallets (sign 1) or back (-1).
func (a *Auditor) expectHold(o *order, sources []journal.Source, sign int64) {
	owner := a.ids.values[o.account]
	for i := range sources {
		a.expected.add(ledger.Wallet, owner, o.currency, sources[i].Class, sign*int64(sources[i].Amount))
		a.expected.add(ledger.Held, owner, o.currency, sources[i].Class, -sign*int64(sources[i].Amount))
	}
}

// captured checks that a hold became a purchase of no more than it.
func (a *Auditor) captured(e *journal.Entry, acc *account) {
	a.report.Checked(HoldsAccounted, 1)
	o := a.held(e)
	sale := e.Sale
	if o == nil || sale == nil {
		return
	}
	a.report.Checked(HoldTime, 1)
	if e.At >= o.until {
		a.report.Fault(HoldTime, "entry %d captures hold %s after its time", e.Seq, e.Order)
		return
	}
	if sale.Price <= 0 || int64(sale.Price) > o.price || sale.Currency != o.currency ||
		a.ruleTable.number(sale.Rule) != o.rule || a.termsTable.number(sale.Terms) != o.terms {
		a.report.Fault(HoldsAccounted, "entry %d captures what hold %s does not give", e.Seq, e.Order)
		return
	}
	held, rest := a.orders.sources(o), o.price-int64(sale.Price)
	if len(sale.Sources) > 0 && !slices.Equal(sale.Sources, firstOf(held, int64(sale.Price))) {
		a.report.Fault(TokenIssuer, "entry %d captures other tokens than hold %s set aside", e.Seq, e.Order)
	}
	if binary.BigEndian.Uint64(sale.Item[:]) != o.item {
		a.report.Fault(OrderItem, "entry %d captures another item than hold %s is for", e.Seq, e.Order)
	}
	a.holdsOpen--
	a.gaveBack(e, acc, o, rest)
	o.price, o.status, o.until = int64(sale.Price), paid, 0
	if len(sale.Sources) > 0 {
		a.orders.extra(o).sources = sale.Sources
	}
	a.sourced(e, sale, o)
	a.divided(e, o)
	a.expected.rows = a.expected.rows[:0]
	a.expectHold(o, held, 1)
	a.expectSale(e, ledger.Wallet, &journal.Sale{Price: sale.Price, Sources: firstOf(held, int64(sale.Price)), Net: sale.Net, Fee: sale.Fee, Lines: sale.Lines}, o)
	a.compare(e, HoldsAccounted)
}

// firstOf returns the sources that pay amount where the first are used up first.
func firstOf(sources []journal.Source, amount int64) []journal.Source {
	var used []journal.Source
	for _, source := range sources {
		source.Amount = min(source.Amount, token.Amount(amount))
		if amount -= int64(source.Amount); source.Amount > 0 {
			used = append(used, source)
		}
	}
	return used
}

// released checks that all of a hold went back to where it came from.
func (a *Auditor) released(e *journal.Entry, acc *account) {
	a.report.Checked(HoldsAccounted, 1)
	o := a.held(e)
	if o == nil {
		return
	}
	if e.Kind == journal.HoldExpired && e.At < o.until {
		a.report.Fault(HoldsAccounted, "entry %d lets hold %s expire before its time", e.Seq, e.Order)
	}
	a.holdsOpen--
	a.gaveBack(e, acc, o, o.price)
	o.status = freed
	a.expected.rows = a.expected.rows[:0]
	a.expectHold(o, a.orders.sources(o), 1)
	a.compare(e, HoldsAccounted)
}

// held returns the order on hold that the entry ends.
func (a *Auditor) held(e *journal.Entry) *order {
	o := a.order(e.Order)
	switch {
	case o == nil || o.status != onHold:
		a.report.Fault(HoldsAccounted, "entry %d ends a hold of order %s, which has none", e.Seq, e.Order)
		return nil
	case a.ids.number(e.Account) != o.account || a.ids.number(e.Vendor) != o.vendor:
		a.report.Fault(HoldsAccounted, "entry %d ends a hold of another account or vendor", e.Seq)
		return nil
	}
	return o
}
