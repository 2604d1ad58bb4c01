package audit

import (
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/token"
)

// issue is tokens of one currency and class: how many came to be and went.
type issue struct {
	currency token.Currency
	class    token.Class
}

type flow struct{ issued, redeemed, expired int64 }

func (a *Auditor) flow(currency token.Currency, class token.Class) *flow {
	key := issue{currency, class}
	f := a.flows[key]
	if f == nil {
		f = &flow{}
		a.flows[key] = f
	}
	return f
}

// redeemed counts tokens that left wallets for good (or came back, negative).
func (a *Auditor) redeemed(currency token.Currency, sources []journal.Source, price token.Amount, sign int64) {
	if len(sources) == 0 {
		a.flow(currency, token.PurchasedClass).redeemed += sign * int64(price)
	}
	for i := range sources {
		a.flow(currency, sources[i].Class).redeemed += sign * int64(sources[i].Amount)
	}
}

// funded checks that money came in once, and tokens for it.
func (a *Auditor) funded(e *journal.Entry) {
	a.report.Checked(OutsideMoney, 1)
	f := e.Fund
	if f == nil || f.Amount <= 0 {
		a.report.Fault(OutsideMoney, "entry %d funds nothing", e.Seq)
		return
	}
	if f.Reference != "" && !f.Test {
		event := [2]string{f.Method, f.Reference}
		if a.receipts[event] || a.creditedBefore(event) {
			a.report.Fault(OutsideMoney, "entry %d credits %s %q a second time", e.Seq, f.Method, f.Reference)
		}
		a.receipts[event] = true
	}
	class, other := token.PurchasedClass, ledger.Cash
	if f.Test {
		class, other = token.TestClass, ledger.TestIssued
	} else {
		a.received[f.Currency] += int64(f.Amount)
	}
	a.flow(f.Currency, class).issued += int64(f.Amount)
	a.expected.rows = a.expected.rows[:0]
	a.expected.add(other, [16]byte{}, f.Currency, class, -int64(f.Amount))
	a.expected.add(ledger.Wallet, e.Account, f.Currency, class, int64(f.Amount))
	a.compare(e, OutsideMoney)
}

// granted checks that a campaign gave, or took back, what it says.
func (a *Auditor) granted(e *journal.Entry, acc *account) {
	a.report.Checked(TokensOutstanding, 1)
	g := e.Grant
	if g == nil || g.Amount <= 0 {
		a.report.Fault(TokensOutstanding, "entry %d grants nothing", e.Seq)
		return
	}
	a.owes(e)
	class, amount := token.Class{Kind: token.Incentive, Campaign: g.Campaign}, int64(g.Amount)
	if e.Kind == journal.Granted {
		if e.Parts != nil && (len(e.Parts.Due) != 1 || e.Parts.Due[0] != g.Expiry) {
			a.report.Fault(TokenExpiry, "entry %d grants tokens that expire at %d, and falls due at %v", e.Seq, g.Expiry, e.Parts.Due)
		}
		acc.incentives = true
		a.flow(g.Currency, class).issued += amount
	} else {
		a.lapsed(e, acc)
		a.flow(g.Currency, class).expired += amount
		amount = -amount
	}
	a.expected.rows = a.expected.rows[:0]
	a.expected.add(ledger.IncentiveIssued, g.Campaign, g.Currency, class, -amount)
	a.expected.add(ledger.Wallet, e.Account, g.Currency, class, amount)
	a.compare(e, TokensOutstanding)
}

// outstanding checks, at the end, that every token is somewhere.
func (a *Auditor) outstanding() {
	wallets := map[issue]int64{}
	for _, acc := range a.accounts {
		for i := range acc.wallets {
			w := &acc.wallets[i]
			wallets[issue{w.currency, w.class}] += w.balance + w.held
		}
	}
	for key, f := range a.flows {
		a.report.Checked(TokensOutstanding, 1)
		if is, want := wallets[key], f.issued-f.redeemed-f.expired; is != want {
			a.report.Fault(TokensOutstanding, "%d tokens of %s %s are in wallets, but %d issued - %d redeemed - %d expired = %d",
				is, key.currency, key.class.Kind, f.issued, f.redeemed, f.expired, want)
		}
		delete(wallets, key)
	}
	for key, is := range wallets {
		if is != 0 {
			a.report.Fault(TokensOutstanding, "%d tokens of %s %s are in wallets, but none were issued", is, key.currency, key.class.Kind)
		}
	}
	for currency, sum := range a.received {
		a.report.Checked(OutsideMoney, 1)
		cash := ledger.Account{Code: ledger.Cash, Currency: currency}
		if a.books[cash] != -sum {
			a.report.Fault(OutsideMoney, "receipts come to %d %s, but cash stands at %d", sum, currency, -a.books[cash])
		}
	}
}

// holdSlack is how long after its end, in milliseconds, a hold may wait to be given back: the
// server may have been down, and has other work when it starts.
const holdSlack = 60 * 60 * 1000

// holds checks, at the end, that what is set aside is what open holds set aside.
func (a *Auditor) holds() {
	want := map[issue]int64{}
	var open uint64
	for n := range a.orders.count {
		o := &a.orders.slabs[n/slabSize][n%slabSize]
		if o.status != onHold {
			continue
		}
		open++
		a.report.Checked(HoldTime, 1)
		if a.head.At > o.until+holdSlack {
			a.report.Fault(HoldTime, "a hold of account %s ended at %d, and was not given back up to %d", token.AccountID(a.ids.values[o.account]), o.until, a.head.At)
		}
		for _, source := range a.orders.sources(o) {
			want[issue{o.currency, source.Class}] += int64(source.Amount)
		}
	}
	if int64(open) != a.holdsOpen {
		a.report.Fault(HoldsAccounted, "%d holds are open, but %d were placed and not ended", open, a.holdsOpen)
	}
	for _, acc := range a.accounts {
		for i := range acc.wallets {
			w := &acc.wallets[i]
			want[issue{w.currency, w.class}] -= w.held
		}
	}
	for key, difference := range want {
		if difference != 0 {
			a.report.Fault(HoldsAccounted, "what is held of %s %s differs by %d from the open holds", key.currency, key.class.Kind, difference)
		}
	}
}
