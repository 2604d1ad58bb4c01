package core_test

import (
	"reflect"
	"testing"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// issuers lets vendors 1 to n give incentive tokens, up to most each.
func (p *shop) issuers(most token.Amount, n uint64) {
	p.t.Helper()
	p.s.Accounts[journal.AllIssuers] = &core.Account{ID: journal.AllIssuers}
	for vendor := range n {
		account := journal.IssuerAccount(id[token.VendorKind](vendor + 1))
		p.s.Accounts[account] = &core.Account{ID: account}
	}
	p.must(&core.BoundIncentives{Max: most, AsOf: p.s.Seq})
}

// A vendor that has earned nothing cannot give its own reader tokens and let payees be owed
// what nobody has: what its tokens come to is bounded, and the bound is none where none was set.
func TestWhatAVendorGivesIsBounded(t *testing.T) {
	p := newShop(t, 0)
	give := func(amount token.Amount) *core.Grant {
		g := p.gift(1, 1, 0)
		g.Grant.Amount = amount
		return g
	}
	p.refused(give(1), token.CodeIncentiveDebt) // nobody said what holds
	p.issuers(0, 2)
	p.refused(give(1), token.CodeIncentiveDebt)
	p.must(&core.BoundIncentives{Max: 100_000, AsOf: p.s.Seq})
	p.must(give(60_000))
	p.refused(give(40_001), token.CodeIncentiveDebt)
	p.must(p.pay(p.open(50_000, nil))) // spent tokens stay owed
	p.refused(give(40_001), token.CodeIncentiveDebt)
	p.must(give(40_000))
	other := p.gift(2, 1, 0)
	other.Grant.Amount = 100_000
	p.must(other) // each vendor has its own

	euros := give(1)
	euros.Grant.Currency = token.MustCurrency("EUR")
	p.must(euros) // and each currency
	p.must(&core.BoundIncentives{Vendor: p.vendor, Currency: p.usd, Max: 150_000})
	p.refused(give(50_001), token.CodeIncentiveDebt)
	p.must(give(50_000))
	p.must(&core.BoundIncentives{Vendor: p.vendor, Currency: p.usd})
	p.refused(give(1), token.CodeIncentiveDebt)
	provider := p.gift(0, 1, 0)
	provider.Grant.Amount = token.PerUnit
	p.must(provider) // the provider's own are not bounded
}

// What lapses, or comes back and lapses, is owed no more.
func TestWhatLapsesIsOwedNoMore(t *testing.T) {
	p := newShop(t, 1_000_000)
	p.issuers(100_000, 1)
	g := p.gift(1, 1, p.now+hour)
	g.Grant.Amount = 100_000
	p.must(g)
	order := p.open(70_000, nil)
	p.must(p.pay(order))
	p.must(&core.Refund{Order: order, Vendor: p.vendor, Amount: 20_000})
	p.now += hour
	lapse := &core.Lapse{Account: p.account, Campaign: g.Grant.Campaign, Currency: p.usd}
	p.must(lapse)
	if d := p.s.IncentiveDebt(p.vendor, p.usd); d.Owed != 50_000 {
		t.Errorf("%d are owed after a lapse of 50,000 of 100,000", d.Owed)
	}
	p.must(&core.Refund{Order: order, Vendor: p.vendor})
	p.must(lapse)
	if d := p.s.IncentiveDebt(p.vendor, p.usd); d.Owed != 0 {
		t.Errorf("%d are owed of what has all lapsed", d.Owed)
	}
}

// Tokens beyond the bound pay for nothing: no royalty is made of them.
func TestTokensBeyondTheBoundDoNotPay(t *testing.T) {
	p := newShop(t, 0)
	p.issuers(100_000, 1)
	g := p.gift(1, 1, 0)
	g.Grant.Amount = 100_000
	p.must(g)
	held := p.open(10_000, func(o *journal.Opened) { o.Manual, o.Item.SKU = true, "held" })
	p.must(p.pay(held))
	order, direct := p.open(50_000, nil), p.open(60_000, func(o *journal.Opened) { o.Item.SKU = "other" })
	p.must(&core.BoundIncentives{Max: 99_999})
	p.refused(p.pay(order), token.CodeFundsMissing)
	p.refused(&core.Capture{Order: held, Vendor: p.vendor, Split: p.split}, token.CodeIncentiveDebt)
	p.must(&core.Fund{Account: p.account, Fund: journal.Fund{Amount: 60_000, Currency: p.usd, Method: "bank", Reference: "second"}})
	p.must(p.pay(direct))
	p.balance(0)
	p.must(&core.BoundIncentives{Max: 100_000})
	p.must(&core.Capture{Order: held, Vendor: p.vendor, Split: p.split})
	p.must(p.pay(p.open(50_000, func(o *journal.Opened) { o.Item.SKU = "third" })))
}

// What was given before there were bounds counts from the first one on.
func TestWhatWasGivenBeforeCounts(t *testing.T) {
	p := newShop(t, 0)
	issuer := journal.IssuerAccount(p.vendor)
	p.s.Accounts[journal.AllIssuers], p.s.Accounts[issuer] = &core.Account{ID: journal.AllIssuers}, &core.Account{ID: issuer}
	first := &core.BoundIncentives{Max: 100_000, AsOf: p.s.Seq, Before: []journal.Debt{{Issuer: p.vendor, Currency: p.usd, Amount: 70_000}}}
	p.must(&core.Fund{Account: p.account, Fund: journal.Fund{Amount: 1, Currency: p.usd, Method: "bank", Reference: "second"}})
	p.refused(first, token.CodeStale) // something happened since it was counted
	p.refused(&core.BoundIncentives{Vendor: p.vendor, Currency: p.usd, Max: 1}, token.CodeStale)
	first.AsOf = p.s.Seq
	p.must(first)
	if out := p.must(first); out.Entry != nil {
		t.Error("the same bound was recorded twice")
	}
	g := p.gift(1, 1, 0)
	g.Grant.Amount = 30_001
	p.refused(g, token.CodeIncentiveDebt)
	g.Grant.Amount = 30_000
	p.must(g)
}

// What a vendor's tokens come to is the fold of the journal, from any snapshot on.
func TestIncentiveDebtsAreTheFoldOfTheJournal(t *testing.T) {
	p := newShop(t, 1_000_000)
	p.issuers(200_000, 2)
	for vendor := range uint64(2) {
		g := p.gift(vendor+1, 1, p.now+hour)
		g.Grant.Amount = 100_000
		p.must(g)
	}
	p.must(p.pay(p.open(120_000, nil)))
	p.must(&core.BoundIncentives{Vendor: p.vendor, Currency: p.usd, Max: 300_000})
	p.now += hour
	for vendor := range uint64(2) {
		p.must(&core.Lapse{Account: p.account, Campaign: p.gift(vendor+1, 1, 0).Grant.Campaign, Currency: p.usd})
	}
	for _, account := range []token.AccountID{journal.AllIssuers, journal.IssuerAccount(p.vendor), journal.IssuerAccount(id[token.VendorKind](2)), p.account} {
		for from := range p.entries {
			state := core.NewState()
			state.Accounts[account] = &core.Account{ID: account}
			for _, e := range p.entries[:from] {
				state.ApplyAccount(e)
			}
			var back core.Account
			if err := back.ReadSnapshot(state.Accounts[account].AppendSnapshot(nil)); err != nil {
				t.Fatal(err)
			}
			state.Accounts[account] = &back
			for _, e := range p.entries {
				state.ApplyAccount(e)
			}
			if got, want := state.Accounts[account], p.s.Accounts[account]; got.Seq != want.Seq || !reflect.DeepEqual(got.Debts, want.Debts) {
				t.Fatalf("from entry %d on: %+v, want %+v", from, got, want)
			}
		}
	}
}
