package core_test

import (
	"slices"
	"testing"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/token"
)

// gift is a grant of one of many campaigns of one of many vendors; vendor 0 is the provider.
func (p *shop) gift(vendor, campaign uint64, expiry int64) *core.Grant {
	g := journal.Grant{Campaign: id[token.CampaignKind](vendor*10_000 + campaign), Amount: 1, Currency: p.usd, Expiry: expiry}
	if vendor > 0 {
		g.Issuer = id[token.VendorKind](vendor)
		g.Vendors = []token.VendorID{g.Issuer}
	}
	return &core.Grant{Account: p.account, Grant: g, Key: p.key()}
}

// What strangers give never keeps the owner's money out.
func TestAThousandGiftsDoNotKeepMoneyOut(t *testing.T) {
	p := newShop(t, 0)
	p.issuers(token.PerUnit, 50)
	given := 0
	for round := range uint64(6) { // those that are over make room for more, and are not taken away yet
		p.now += hour
		given = 0
		for n := range uint64(1000) {
			if _, err := p.run(p.gift(1+n%50, 1000*round+n, p.now+hour)); err == nil {
				given++
			} else if token.CodeOf(err) != token.CodeGiftsFull {
				t.Fatalf("gift %d: %v", n, err)
			}
		}
		if given > core.MaxGifts || (given == 0) != (round >= 4) {
			t.Errorf("round %d: %d gifts were taken", round, given)
		}
		if round == 0 {
			p.must(p.gift(0, 1, 0)) // nor the provider's own gifts
		}
	}
	if n := len(p.s.Accounts[p.account].Wallets); n < core.MaxWallets {
		t.Errorf("strangers' gifts are in %d wallets: the test is not what it was", n)
	}
	for _, code := range []string{"USD", "EUR", "GBP", "JPY"} {
		p.must(&core.Fund{Account: p.account, Fund: journal.Fund{Amount: token.PerUnit, Currency: token.MustCurrency(code), Method: "bank", Reference: code}})
		p.must(&core.Permit{Account: p.account, SetCredit: &journal.Credit{Currency: token.MustCurrency(code), Line: 1}})
	}
	p.must(p.pay(p.open(500_000, nil)))
}

// One vendor's gifts keep no other vendor's out, and what is over makes room.
func TestGiftsAreBoundedPerVendor(t *testing.T) {
	p := newShop(t, 0)
	p.issuers(token.PerUnit, 2)
	for n := range uint64(core.MaxGiftsOfOne) {
		p.must(p.gift(1, n, p.now+hour))
	}
	p.refused(p.gift(1, 99, 0), token.CodeGiftsFull)
	p.must(p.gift(1, 0, p.now+hour)) // more of the same is one wallet
	p.must(p.gift(2, 0, 0))
	p.now += hour // all of the first vendor's are over
	p.must(p.gift(1, 99, 0))
	if n := len(p.s.Accounts[p.account].Wallets); n > core.MaxGifts {
		t.Errorf("%d wallets", n)
	}
}

// A refund of a part that only bought tokens paid leaves no empty wallet of incentive
// tokens behind.
func TestARefundOfAPartLeavesNoEmptyWallet(t *testing.T) {
	for _, c := range []struct {
		name string
		back func(p *shop, order token.OrderID)
		open func(*journal.Opened)
	}{
		{"a refund", func(p *shop, o token.OrderID) { p.must(&core.Refund{Order: o, Vendor: p.vendor, Amount: 50_000}) }, nil},
		{"a capture of a part", func(p *shop, o token.OrderID) {
			p.must(&core.Capture{Order: o, Vendor: p.vendor, Amount: 120_000, Split: p.split})
		}, func(o *journal.Opened) { o.Manual = true }},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newShop(t, 1_000_000)
			p.must(&core.Grant{Account: p.account, Key: p.key(), Grant: journal.Grant{Campaign: id[token.CampaignKind](1), Amount: 100_000, Currency: p.usd}})
			order := p.open(150_000, c.open)
			p.must(p.pay(order))
			c.back(p, order)
			for _, w := range p.s.Accounts[p.account].Wallets {
				if w.Balance == 0 && w.Held == 0 {
					t.Errorf("an empty wallet is left: %+v", w)
				}
			}
		})
	}
}

// An allowance that is given again counts on, and a refund of what was bought before
// frees it like any other.
func TestARefundFreesARenewedAllowance(t *testing.T) {
	for _, c := range []struct {
		name    string
		between func(*shop)
		free    token.Amount // of 1,000,000, after 400,000 was bought and refunded
	}{
		{"given again", func(p *shop) { p.allow(1_000_000, 1_000_000, limit.Day) }, 1_000_000},
		{"given again twice", func(p *shop) {
			p.allow(1_000_000, 2_000_000, limit.Day)
			p.allow(1_000_000, 1_000_000, limit.Day)
		}, 1_000_000},
		{"taken and given anew: the first purchase was never counted here", func(p *shop) {
			p.must(&core.Permit{Account: p.account, User: p.user, TakeAllowance: p.s.Accounts[p.account].Allowances[0].ID})
			p.allow(1_000_000, 1_000_000, limit.Day)
			p.must(p.charge(300_000))
		}, 700_000},
		{"given for another period: nor here", func(p *shop) {
			p.allow(1_000_000, 1_000_000, limit.Week)
			p.must(p.charge(300_000))
		}, 700_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newShop(t, 9_000_000)
			p.allow(1_000_000, 1_000_000, limit.Day)
			bought := p.must(p.charge(400_000)).Order.ID
			c.between(p)
			p.must(&core.Refund{Order: bought, Vendor: p.vendor})
			p.must(p.charge(c.free))
			p.refused(p.charge(1), token.CodeAllowanceSpent)
		})
	}
}

// Incentive tokens that expire sooner are spent sooner, those that never do last of all,
// whatever the order in which they came.
func TestIncentiveTokensAreSpentInTheOrderOfTheirExpiry(t *testing.T) {
	p := newShop(t, 1_000_000)
	expiries := []int64{p.now + 3*day, 0, p.now + day, p.now + 2*day}
	for n, expiry := range expiries {
		g := p.gift(0, uint64(n+1), expiry)
		g.Grant.Amount = 100_000
		p.must(g)
	}
	out := p.must(p.pay(p.open(350_000, nil)))
	var spent []token.CampaignID
	for _, source := range out.Order.Sale.Sources {
		spent = append(spent, source.Class.Campaign)
	}
	want := []token.CampaignID{id[token.CampaignKind](3), id[token.CampaignKind](4), id[token.CampaignKind](1), id[token.CampaignKind](2)}
	if !slices.Equal(spent, want) {
		t.Errorf("spent in the order %v, want %v", spent, want)
	}
	if w := p.wallet(token.Class{Kind: token.Incentive, Campaign: want[3]}); w.Balance != 50_000 {
		t.Errorf("%d are left of those that never expire", w.Balance)
	}
}
