package core_test

import (
	"slices"
	"testing"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// Each command names every account and order that it must see: those that it knows of itself, and
// those that follow from what is in the State already. What is not named is not loaded, and a
// command that did not see it would decide as if it were not there.
func TestCommandsNameWhatTheyMustSee(t *testing.T) {
	d := newDesk(t)
	p, issuer := d.shop, id[token.VendorKind](7)
	p.issuers(token.PerUnit, 7)
	p.must(&core.Fund{Account: p.account, Fund: journal.Fund{Amount: 1000, Currency: p.usd, Method: "bank", Reference: "r"}})
	gift := journal.Grant{Campaign: token.CampaignID{1}, Amount: 5, Currency: p.usd, Issuer: issuer}
	p.must(&core.Grant{Account: p.account, Grant: gift, Key: p.key()})
	held := p.open(20, func(o *journal.Opened) { o.Manual, o.Item.SKU = true, "held" })
	p.must(p.pay(held))
	bought := p.open(20, nil)
	p.must(p.pay(bought))
	covered := p.open(20, nil)
	p.must(p.pay(covered))
	unpaid := p.open(20, nil)
	repeated := p.open(20, func(o *journal.Opened) { o.Item.Repeatable = true })
	d.guarded(1, journal.Supervisor)
	request, _ := d.ask(d.deposit(d.operator, 200*token.PerUnit))
	frozen := journal.Frozen

	backing := []token.AccountID{journal.IssuerAccount(issuer), journal.AllIssuers}
	for _, c := range []struct {
		name     string
		command  core.Command
		accounts []token.AccountID
		orders   []token.OrderID
		items    int
	}{
		{"a capture", &core.Capture{Order: held, Vendor: p.vendor}, append([]token.AccountID{p.account}, backing...), []token.OrderID{held}, 0},
		{"a capture of nothing", &core.Capture{Order: token.OrderID{1}}, nil, []token.OrderID{{1}}, 0},
		{"a release", &core.Release{Order: held}, []token.AccountID{p.account}, []token.OrderID{held}, 0},
		{"a refund", &core.Refund{Order: bought}, []token.AccountID{p.account}, []token.OrderID{bought}, 0},
		{"a refund of what is not paid", &core.Refund{Order: unpaid}, nil, []token.OrderID{unpaid}, 0},
		{"a view", &core.View{Order: bought}, nil, []token.OrderID{bought}, 0},
		{"a view of what is covered", &core.View{Order: covered}, nil, []token.OrderID{covered, bought}, 0},
		{"a view of nothing", &core.View{Order: token.OrderID{1}}, nil, []token.OrderID{{1}}, 0},
		{"a payment", p.pay(unpaid), append([]token.AccountID{p.account}, backing...), []token.OrderID{unpaid, bought}, 1},
		{"a payment for what nobody owns", p.pay(repeated), append([]token.AccountID{p.account}, backing...), []token.OrderID{repeated}, 0},
		{"a payment of nothing", &core.Pay{Order: token.OrderID{1}, Account: p.account}, append([]token.AccountID{p.account}, backing...), []token.OrderID{{1}}, 0},
		{"a lapse", &core.Lapse{Account: p.account, Campaign: gift.Campaign, Currency: p.usd}, append([]token.AccountID{p.account}, backing...), nil, 0},
		{"a lapse of what is not there", &core.Lapse{Account: p.account, Campaign: token.CampaignID{2}, Currency: p.usd}, []token.AccountID{p.account}, nil, 0},
		{"a lapse of nobody's", &core.Lapse{Account: token.AccountID{1}, Campaign: gift.Campaign, Currency: p.usd}, []token.AccountID{{1}}, nil, 0},
		{"a credit line", &core.Permit{Account: p.account, SetCredit: &journal.Credit{}}, []token.AccountID{p.account, journal.Approvals}, nil, 0},
		{"a standing", &core.Permit{Account: p.account, SetStanding: &frozen}, []token.AccountID{p.account, journal.Approvals}, nil, 0},
		{"a limit's end", &core.Permit{Account: p.account, RemoveLimit: token.LimitID{1}}, []token.AccountID{p.account}, nil, 0},
		{"an instruction", d.deposit(d.operator, 1), []token.AccountID{journal.Approvals, p.account, journal.Approvals}, nil, 0},
		{"no instruction", &core.Instruct{}, []token.AccountID{journal.Approvals}, nil, 0},
		{"an approval", &core.Approve{Request: request, By: d.supervisor}, []token.AccountID{journal.Approvals, p.account, journal.Approvals}, nil, 0},
		{"an approval of nothing", &core.Approve{Request: 1, By: d.supervisor}, []token.AccountID{journal.Approvals}, nil, 0},
		{"a transfer", &core.Transfer{From: p.account, Transfer: journal.Transfer{To: token.AccountID{1}}}, []token.AccountID{p.account, {1}}, nil, 0},
	} {
		var facts core.Facts
		c.command.Need(p.s, &facts)
		if !slices.Equal(facts.Accounts, c.accounts) || !slices.Equal(facts.Orders, c.orders) || len(facts.Items) != c.items {
			t.Errorf("%s needs %v, %v and %d items; want %v, %v and %d", c.name, facts.Accounts, facts.Orders, len(facts.Items), c.accounts, c.orders, c.items)
		}
	}
}
