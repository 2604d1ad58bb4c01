package audit

import (
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/token"
)

// refunded checks that a reversal takes back what was posted, in its proportions, and
// never more.
func (a *Auditor) refunded(e *journal.Entry, acc *account) {
	a.report.Checked(Reversals, 1)
	o, r := a.order(e.Order), e.Refund
	if r == nil || o == nil || o.status != paid {
		a.report.Fault(Reversals, "entry %d refunds order %s, which is not paid", e.Seq, e.Order)
		return
	}
	if a.ids.number(e.Account) != o.account || a.ids.number(e.Vendor) != o.vendor || r.Currency != o.currency {
		a.report.Fault(Reversals, "entry %d refunds order %s to or from somebody else", e.Seq, e.Order)
		return
	}
	amount, before := int64(r.Amount), a.orders.rest(o).refunded
	if amount <= 0 || amount > o.price-before || int64(r.Total) != before+amount {
		a.report.Fault(Reversals, "entry %d refunds %d of order %s, of which %d is left", e.Seq, amount, e.Order, o.price-before)
		return
	}
	a.tookBack(e, o)
	a.gaveBack(e, acc, o, amount)
	a.expected.rows = a.expected.rows[:0]
	a.expectEarned(e, o, int64(r.Net), int64(r.Fee), r.Lines, -1)
	skip, rest := before, amount
	sources := a.orders.sources(o)
	for i := len(sources) - 1; i >= 0; i-- {
		gone := min(skip, int64(sources[i].Amount))
		part := min(rest, int64(sources[i].Amount)-gone)
		skip, rest = skip-gone, rest-part
		a.expected.add(ledger.Wallet, e.Account, o.currency, sources[i].Class, part)
		a.expectIssuer(&sources[i], o.currency, -part)
	}
	a.compare(e, Reversals)
	a.orders.extra(o).refunded = before + amount
	if before+amount == o.price {
		o.status = reversed
	}
}

// tookBack checks what vendor, payees and provider gave back.
func (a *Auditor) tookBack(e *journal.Entry, o *order) {
	sale, known := a.division(o.price, o.rule)
	if !known {
		told := a.orders.rest(o).sale
		if told == nil {
			return // told at the sale
		}
		sale = *told
	}
	left := make([]int64, 0, len(sale.lines)+2)
	left = append(left, sale.fee)
	for i := range sale.lines {
		left = append(left, int64(sale.lines[i].Amount))
	}
	left = append(left, sale.net)
	more := a.orders.extra(o)
	if more.back == nil {
		more.back = make([]int64, len(left))
	}
	for i := range left {
		left[i] -= more.back[i]
	}
	said := make([]int64, 0, len(left))
	said = append(said, int64(e.Refund.Fee))
	for i := range e.Refund.Lines {
		said = append(said, int64(e.Refund.Lines[i].Amount))
		if i < len(sale.lines) && e.Refund.Lines[i].Payee != sale.lines[i].Payee {
			a.report.Fault(Reversals, "entry %d reverses a royalty that order %s did not pay", e.Seq, e.Order)
		}
	}
	said = append(said, int64(e.Refund.Net))
	want := takeBack(int64(e.Refund.Amount), left)
	if len(said) != len(want) {
		a.report.Fault(Reversals, "entry %d reverses %d royalties of %d", e.Seq, len(said)-2, len(want)-2)
		return
	}
	for i := range want {
		if want[i] != said[i] {
			a.report.Fault(Reversals, "entry %d takes %d back where its part is %d, of %d that is left", e.Seq, said[i], want[i], left[i])
		}
		more.back[i] += want[i]
	}
}

// gaveBack checks what the entry tells the payer's account, and takes it off what was
// spent.
func (a *Auditor) gaveBack(e *journal.Entry, acc *account, o *order, amount int64) {
	allowance := token.AllowanceID(a.ids.values[o.allowance])
	if amount == 0 {
		if e.Back != nil {
			a.report.Fault(Reversals, "entry %d gives back what it does not", e.Seq)
		}
		return
	}
	b := e.Back
	if b == nil || int64(b.Amount) != amount || b.Currency != o.currency || b.PaidAt != o.paidAt || b.Allowance != allowance {
		a.report.Fault(Reversals, "entry %d does not say rightly what it gives back of order %s", e.Seq, e.Order)
	} else if grants := a.orders.rest(o).grants; len(b.Grants) != len(grants) {
		a.report.Fault(Reversals, "entry %d loses the terms of incentive tokens", e.Seq)
	} else {
		for i := range grants {
			a.sameTerms(e, &grants[i], &b.Grants[i], grants[i].Amount)
		}
	}
	acc.spend(o.user, o.vendor, o.allowance, allowance, o.currency, day(o.paidAt), -amount)
}
