package core_test

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// A purchase refunded in any parts is reversed exactly: every ledger account stands
// where it stood, and on the way nobody gives back more than they got.
func TestRefundsInPartsReverseAPurchaseExactly(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := newShop(t, 100_000_000)
		p.split.Shares = nil
		for i := range rapid.IntRange(0, 6).Draw(r, "shares") {
			p.split.Shares = append(p.split.Shares, royalty.Share{Payee: id[token.PayeeKind](uint64(i + 1)),
				PPM: rapid.Int64Range(0, 150_000).Draw(r, "ppm"), Minimum: token.Amount(rapid.Int64Range(0, 3).Draw(r, "minimum")), Of: rapid.IntRange(0, i).Draw(r, "of")})
		}
		var campaigns []token.CampaignID
		for i := range rapid.IntRange(0, 4).Draw(r, "campaigns") {
			campaigns = append(campaigns, id[token.CampaignKind](uint64(i+1)))
			p.must(&core.Grant{Account: p.account, Key: p.key(), Grant: journal.Grant{Campaign: campaigns[i],
				Amount: token.Amount(rapid.Int64Range(1, 20).Draw(r, "granted")), Currency: p.usd, Expiry: p.now + day}})
		}
		price := token.Amount(rapid.Int64Range(1, 60).Draw(r, "price"))
		before := p.s.Accounts[p.account].Clone()
		books := map[ledger.Account]token.Amount{}
		order := p.open(price, func(o *journal.Opened) { o.Item.Campaigns = campaigns })
		book := func(out core.Outcome) {
			for _, leg := range out.Entry.Legs {
				if books[leg.Account] += leg.Amount; books[leg.Account] == 0 {
					delete(books, leg.Account)
				}
			}
		}
		book(p.must(p.pay(order)))
		for o := p.s.Orders[order]; o.Status == core.Paid; o = p.s.Orders[order] {
			amount := token.Amount(rapid.Int64Range(1, int64(price-o.Refunded)).Draw(r, "refund"))
			book(p.must(&core.Refund{Order: order, Vendor: p.vendor, Amount: amount}))
			for account, sum := range books {
				if wrong := sum < 0 && (account.Code == ledger.VendorPayable || account.Code == ledger.PayeePayable || account.Code == ledger.Fee); wrong {
					r.Fatalf("%s gave back %d more than it got", account.Code, -sum)
				}
			}
		}
		if len(books) != 0 {
			r.Fatalf("after all is refunded: %v", books)
		}
		after := p.s.Accounts[p.account]
		for _, w := range before.Wallets {
			if got := p.wallet(w.Class); !reflect.DeepEqual(got, w) {
				r.Fatalf("the wallet was %+v and is %+v", w, got)
			}
		}
		if len(after.Wallets) != len(before.Wallets) {
			r.Fatalf("%d wallets, were %d", len(after.Wallets), len(before.Wallets))
		}
	})
}
