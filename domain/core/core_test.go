package core_test

import (
	"reflect"
	"testing"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/entitlement"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// shop is a State with one vendor, one payer, and a clock that tests turn.
type shop struct {
	t       *testing.T
	s       *core.State
	now     int64
	made    uint64
	entries []*journal.Entry
	usd     token.Currency
	vendor  token.VendorID
	account token.AccountID
	user    token.UserID
	split   royalty.Split
}

const (
	second = int64(1000)
	hour   = 3600 * second
	day    = 24 * hour
)

func newShop(t *testing.T, funds token.Amount) *shop {
	p := &shop{t: t, s: core.NewState(), now: 20_000 * day, usd: token.MustCurrency("USD"),
		vendor: id[token.VendorKind](1), account: id[token.AccountKind](1), user: id[token.UserKind](1),
		split: royalty.Split{ID: id[token.SplitKind](1), Version: 1, Shares: []royalty.Share{
			{Payee: id[token.PayeeKind](1), PPM: 400_000}, {Payee: id[token.PayeeKind](2), PPM: 500_000, Of: 1}}}}
	p.s.Accounts[p.account] = &core.Account{ID: p.account}
	if funds > 0 {
		p.must(&core.Fund{Account: p.account, Fund: journal.Fund{Amount: funds, Currency: p.usd, Method: "bank", Reference: "first"}})
	}
	return p
}

func (p *shop) run(c core.Command) (core.Outcome, error) {
	out, err := core.Run(p.s, c, p.now)
	if err == nil {
		p.entries = out.Entries(p.entries)
	}
	return out, err
}

func (p *shop) must(c core.Command) core.Outcome {
	p.t.Helper()
	out, err := p.run(c)
	if err != nil {
		p.t.Fatalf("%T: %v", c, err)
	}
	return out
}

func (p *shop) refused(c core.Command, code token.Code) {
	p.t.Helper()
	before := len(p.entries)
	if _, err := p.run(c); token.CodeOf(err) != code {
		p.t.Errorf("%T: %v, want %s", c, err, code)
	}
	if len(p.entries) != before {
		p.t.Errorf("%T: something was recorded", c)
	}
}

func (p *shop) key() journal.Key {
	p.made++
	return journal.Key{Scope: p.vendor, Hash: id[token.KeyKind](p.made)}
}

func (p *shop) rule() journal.Rule {
	return journal.Rule{Split: p.split.ID, Version: 1, Fee: royalty.FeeRule{PPM: 100_000}}
}

// open opens an order; change alters it before.
func (p *shop) open(price token.Amount, change func(*journal.Opened)) token.OrderID {
	p.t.Helper()
	p.made++
	o := journal.Opened{Price: price, Currency: p.usd, Rule: p.rule(), ExpiresAt: p.now + hour, Item: journal.Item{SKU: "item"}}
	if change != nil {
		change(&o)
	}
	order := id[token.OrderKind](p.made)
	p.must(&core.OpenOrder{ID: order, Vendor: p.vendor, Opened: o, Key: p.key()})
	return order
}

func (p *shop) pay(order token.OrderID) *core.Pay {
	return &core.Pay{Order: order, Account: p.account, User: p.user, Quoted: p.s.Orders[order].Price, Split: p.split,
		Consent: journal.Consent{Method: journal.ByClick, Login: p.now, Until: p.now + hour}}
}

func (p *shop) charge(price token.Amount) *core.Charge {
	p.made++
	return &core.Charge{ID: id[token.OrderKind](p.made), Account: p.account, User: p.user, Vendor: p.vendor, Split: p.split, Key: p.key(),
		Sale: journal.Sale{Price: price, Currency: p.usd, Rule: p.rule()}}
}

func (p *shop) allow(perPurchase, most token.Amount, period limit.Period) token.AllowanceID {
	p.t.Helper()
	p.made++
	a := id[token.AllowanceKind](p.made)
	p.must(&core.Permit{Account: p.account, User: p.user, Key: p.key(), GiveAllowance: &limit.Allowance{ID: a, User: p.user, Vendor: p.vendor,
		Currency: p.usd, PerPurchase: perPurchase, Period: period, Max: most, Until: p.now + 90*day}})
	return a
}

func (p *shop) limit(most token.Amount, period limit.Period) {
	p.t.Helper()
	p.made++
	p.must(&core.Permit{Account: p.account, User: p.user, Key: p.key(), AsOf: p.s.Accounts[p.account].Seq,
		SetLimit: &limit.Limit{ID: id[token.LimitKind](p.made), Currency: p.usd, Period: period, Max: most}})
}

func (p *shop) wallet(class token.Class) core.Wallet {
	if w := p.s.Accounts[p.account].Wallet(p.usd, class); w != nil {
		return *w
	}
	return core.Wallet{}
}

func (p *shop) balance(want token.Amount) {
	p.t.Helper()
	if got := p.wallet(token.PurchasedClass).Balance; got != want {
		p.t.Errorf("the wallet holds %d, want %d", got, want)
	}
}

func TestAPurchaseIsDividedAndPaidOnce(t *testing.T) {
	p := newShop(t, 1_000_000)
	order := p.open(250_000, nil)
	out := p.must(p.pay(order))
	sale := out.Order.Sale
	if sale.Net != 125_000 || sale.Fee != 25_000 || sale.Lines[0].Amount != 50_000 || sale.Lines[1].Amount != 50_000 {
		t.Errorf("divided into %d, %d, %v", sale.Net, sale.Fee, sale.Lines)
	}
	p.balance(750_000)
	if again := p.must(p.pay(order)); !again.Replayed || again.Order.Status != core.Paid {
		t.Errorf("paid again: %+v", again)
	}
	p.balance(750_000)
}

func TestPaymentsThatAreRefused(t *testing.T) {
	for _, c := range []struct {
		name  string
		funds token.Amount
		open  func(*journal.Opened)
		pay   func(*shop, *core.Pay)
		code  token.Code
	}{
		{"another price was confirmed", 1_000_000, nil, func(_ *shop, c *core.Pay) { c.Quoted++ }, token.CodeQuoteChanged},
		{"too few tokens", 249_999, nil, nil, token.CodeFundsMissing},
		{"no such order", 1_000_000, nil, func(_ *shop, c *core.Pay) { c.Order[0]++ }, token.CodeNotFound},
		{"no such account", 1_000_000, nil, func(_ *shop, c *core.Pay) { c.Account[0]++ }, token.CodeNotFound},
		{"the order has expired", 1_000_000, nil, func(p *shop, _ *core.Pay) { p.now += hour }, token.CodeOrderExpired},
		{"the login's window has ended", 1_000_000, nil, func(p *shop, c *core.Pay) { c.Consent.Until = p.now }, token.CodeWindowClosed},
		{"nobody agreed", 1_000_000, nil, func(_ *shop, c *core.Pay) { c.Consent.Method = 0 }, token.CodeInternal},
		{"above the approval limit", 1_000_000, nil, func(_ *shop, c *core.Pay) { c.Consent.Method = journal.ByApproval }, token.CodeQuoteChanged},
		{"the sandbox's reader at a live order", 1_000_000, nil, func(_ *shop, c *core.Pay) { c.Consent.Method = journal.ByTest }, token.CodeModeMismatch},
		{"real tokens for a test order", 1_000_000, func(o *journal.Opened) { o.Test = true }, nil, token.CodeFundsMissing},
		{"the item can be opened no more", 1_000_000, func(o *journal.Opened) { o.Item.Terms.Expiry = 1 }, nil, token.CodeEntitlementOver},
		{"another split version", 1_000_000, nil, func(_ *shop, c *core.Pay) { c.Split.Version++ }, token.CodeInternal},
		{"the account is frozen", 1_000_000, nil, func(p *shop, _ *core.Pay) {
			frozen := journal.Frozen
			p.must(&core.Permit{Account: p.account, SetStanding: &frozen})
		}, token.CodeAccountClosed},
		{"a limit", 1_000_000, nil, func(p *shop, _ *core.Pay) { p.limit(249_999, limit.PerPurchase) }, token.CodeLimitExceeded},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newShop(t, c.funds)
			order := p.open(250_000, c.open)
			pay := p.pay(order)
			if c.pay != nil {
				c.pay(p, pay)
			}
			p.refused(pay, c.code)
			p.balance(c.funds)
		})
	}
}

func TestSomebodyElsesPaidOrderIsRefused(t *testing.T) {
	p := newShop(t, 1_000_000)
	order := p.open(250_000, nil)
	p.must(p.pay(order))
	other := p.pay(order)
	other.Account = id[token.AccountKind](2)
	p.s.Accounts[other.Account] = &core.Account{ID: other.Account}
	p.refused(other, token.CodeOrderState)
}

func TestWhatIsOwnedIsNotChargedAgain(t *testing.T) {
	p := newShop(t, 1_000_000)
	first := p.open(250_000, func(o *journal.Opened) { o.Item.Terms = entitlement.Terms{Times: 1} })
	p.must(p.pay(first))
	second := p.open(250_000, nil)
	if out := p.must(p.pay(second)); out.Order.Status != core.Covers || out.Order.By != first {
		t.Errorf("covered by %s: %+v", first, out.Order)
	}
	p.balance(750_000)
	p.must(&core.View{Order: second, Vendor: p.vendor}) // counts where the right is
	p.refused(&core.View{Order: first, Vendor: p.vendor}, token.CodeEntitlementUsed)
	p.must(p.pay(p.open(250_000, nil))) // used up, so charged again
	p.balance(500_000)
}

func TestItemsWithoutANameCoverNothing(t *testing.T) {
	p := newShop(t, 1_000_000)
	for range 2 {
		p.must(p.pay(p.open(250_000, func(o *journal.Opened) { o.Item.SKU = "" })))
	}
	p.balance(500_000)
}

func TestAnExpiredHoldCoversNothing(t *testing.T) {
	p := newShop(t, 1_000_000)
	p.must(p.pay(p.open(250_000, func(o *journal.Opened) { o.Manual, o.HoldHours = true, 1 })))
	p.now += hour
	if out := p.must(p.pay(p.open(250_000, nil))); out.Order.Status != core.Paid {
		t.Errorf("the second order is %s", out.Order.Status)
	}
}

func TestChargesAreBoundedByTheAllowance(t *testing.T) {
	p := newShop(t, 9_000_000)
	p.refused(p.charge(100_000), token.CodeAllowanceMissing)
	p.allow(300_000, 500_000, limit.Day)
	p.refused(p.charge(300_001), token.CodeAllowanceSpent)
	p.must(p.charge(300_000))
	p.refused(p.charge(200_001), token.CodeAllowanceSpent)
	p.must(p.charge(200_000))
	p.allow(300_000, 600_000, limit.Day) // given anew, what was spent is not forgotten
	p.refused(p.charge(100_001), token.CodeAllowanceSpent)
	p.now += day
	p.must(p.charge(300_000))
	p.now += 90 * day
	p.refused(p.charge(1), token.CodeAllowanceMissing)
}

func TestACallersFiguresAreNotBelieved(t *testing.T) {
	p := newShop(t, 9_000_000)
	p.allow(1_000_000, 5_000_000, limit.Day)
	c := p.charge(250_000)
	c.Sale.Until, c.Sale.Net, c.Sale.Sources = p.now+hour, 7, []journal.Source{{Amount: 1}}
	if out := p.must(c); out.Order.Status != core.Paid || out.Order.Sale.Net != 125_000 || out.Order.Sale.Sources != nil {
		t.Errorf("the order: %+v", out.Order)
	}
	p.balance(8_750_000)
}

// What is given back frees limit and allowance of the period in which it was spent.
func TestGivingBackFreesThePeriodThatPaid(t *testing.T) {
	for _, c := range []struct {
		name string
		back func(*shop, token.OrderID)
		want token.Amount // what still counts of 400,000
	}{
		{"a refund of all", func(p *shop, o token.OrderID) { p.must(&core.Refund{Order: o, Vendor: p.vendor}) }, 0},
		{"a refund of a part", func(p *shop, o token.OrderID) { p.must(&core.Refund{Order: o, Vendor: p.vendor, Amount: 150_000}) }, 250_000},
		{"a refund of parts", func(p *shop, o token.OrderID) {
			p.must(&core.Refund{Order: o, Vendor: p.vendor, Amount: 150_000})
			p.must(&core.Refund{Order: o, Vendor: p.vendor, Amount: 50_000})
		}, 200_000},
		{"a refund in the next period", func(p *shop, o token.OrderID) {
			p.now += day
			p.must(&core.Refund{Order: o, Vendor: p.vendor})
			p.now -= day
		}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newShop(t, 9_000_000)
			p.limit(5_000_000, limit.Day)
			p.allow(1_000_000, 5_000_000, limit.Day)
			out := p.must(p.charge(400_000))
			c.back(p, out.Order.ID)
			a := p.s.Accounts[p.account]
			if got := a.Limits[0].Counter.At(p.now); got != c.want {
				t.Errorf("the limit counts %d, want %d", got, c.want)
			}
			if got := a.Allowances[0].Counter.At(p.now); got != c.want {
				t.Errorf("the allowance counts %d, want %d", got, c.want)
			}
		})
	}
}

func TestARefundOfYesterdayDoesNotFreeToday(t *testing.T) {
	p := newShop(t, 9_000_000)
	p.limit(400_000, limit.Day)
	p.allow(1_000_000, 9_000_000, limit.Month)
	yesterday := p.must(p.charge(400_000)).Order.ID
	p.now += day
	p.must(p.charge(400_000))
	p.must(&core.Refund{Order: yesterday, Vendor: p.vendor})
	p.refused(p.charge(1), token.CodeLimitExceeded)
}

func TestHolds(t *testing.T) {
	hold := func(t *testing.T) (*shop, token.OrderID) {
		p := newShop(t, 1_000_000)
		p.limit(5_000_000, limit.Day)
		order := p.open(400_000, func(o *journal.Opened) { o.Manual, o.HoldHours = true, 2 })
		p.must(p.pay(order))
		if w := p.wallet(token.PurchasedClass); w.Balance != 600_000 || w.Held != 400_000 {
			t.Fatalf("on hold: %+v", w)
		}
		return p, order
	}
	check := func(p *shop, balance, counted token.Amount, status core.Status, order token.OrderID) {
		p.t.Helper()
		p.balance(balance)
		if w := p.wallet(token.PurchasedClass); w.Held != 0 {
			p.t.Errorf("%d is still held", w.Held)
		}
		if got := p.s.Accounts[p.account].Limits[0].Counter.At(p.now); got != counted {
			p.t.Errorf("the limit counts %d, want %d", got, counted)
		}
		if got := p.s.Orders[order].Status; got != status {
			p.t.Errorf("the order is %s, want %s", got, status)
		}
	}
	t.Run("captured in part", func(t *testing.T) {
		p, order := hold(t)
		p.refused(&core.Capture{Order: order, Vendor: p.vendor, Amount: 400_001, Split: p.split}, token.CodeHoldTooSmall)
		out := p.must(&core.Capture{Order: order, Vendor: p.vendor, Amount: 300_000, Split: p.split})
		if s := out.Order.Sale; s.Net+s.Fee+s.Lines[0].Amount+s.Lines[1].Amount != 300_000 {
			t.Errorf("divided: %+v", s)
		}
		check(p, 700_000, 300_000, core.Paid, order)
		p.refused(&core.Capture{Order: order, Vendor: p.vendor, Split: p.split}, token.CodeOrderState)
		p.must(&core.Refund{Order: order, Vendor: p.vendor})
		check(p, 1_000_000, 0, core.Reversed, order)
	})
	t.Run("captured whole, where no amount is named", func(t *testing.T) {
		p, order := hold(t)
		p.must(&core.Capture{Order: order, Vendor: p.vendor, Split: p.split})
		check(p, 600_000, 400_000, core.Paid, order)
	})
	t.Run("released", func(t *testing.T) {
		p, order := hold(t)
		p.refused(&core.Release{Order: order, Vendor: id[token.VendorKind](9)}, token.CodeNotFound)
		p.must(&core.Release{Order: order, Vendor: p.vendor})
		check(p, 1_000_000, 0, core.Freed, order)
		p.refused(&core.View{Order: order, Vendor: p.vendor}, token.CodeEntitlementGone)
		p.refused(&core.Release{Order: order, Vendor: p.vendor}, token.CodeOrderState)
	})
	t.Run("expired", func(t *testing.T) {
		p, order := hold(t)
		p.refused(&core.Release{Order: order, Vendor: p.vendor, Expire: true}, token.CodeOrderState)
		p.now += 2 * hour
		p.refused(&core.Capture{Order: order, Vendor: p.vendor, Split: p.split}, token.CodeOrderExpired)
		p.must(&core.Release{Order: order, Vendor: p.vendor, Expire: true})
		check(p, 1_000_000, 0, core.Freed, order)
	})
	t.Run("without hours, for a day", func(t *testing.T) {
		p := newShop(t, 1_000_000)
		out := p.must(p.pay(p.open(1, func(o *journal.Opened) { o.Manual = true })))
		if got := out.Order.Sale.Until - p.now; got != day {
			t.Errorf("held for %d", got)
		}
	})
}

// Incentive tokens are spent first; held, refunded or granted again, they keep the
// terms under which they were given.
func TestIncentiveTokensKeepTheirTerms(t *testing.T) {
	campaign := id[token.CampaignKind](1)
	class := token.Class{Kind: token.Incentive, Campaign: campaign}
	setup := func(t *testing.T) (*shop, journal.Grant) {
		p := newShop(t, 1_000_000)
		p.issuers(token.PerUnit, 1)
		g := journal.Grant{Campaign: campaign, Amount: 100_000, Currency: p.usd, Issuer: p.vendor, Vendors: []token.VendorID{p.vendor}, Expiry: p.now + 30*day}
		p.must(&core.Grant{Account: p.account, Grant: g, Key: p.key()})
		return p, g
	}
	terms := func(p *shop, g journal.Grant, balance, held token.Amount) {
		p.t.Helper()
		w := p.wallet(class)
		if w.Balance != balance || w.Held != held || w.Issuer != g.Issuer || w.Expiry != g.Expiry || !reflect.DeepEqual(w.Vendors, g.Vendors) {
			p.t.Errorf("the wallet is %+v, want %d and %d held under %+v", w, balance, held, g)
		}
	}
	t.Run("held and released", func(t *testing.T) {
		p, g := setup(t)
		order := p.open(150_000, func(o *journal.Opened) { o.Manual = true })
		p.must(p.pay(order))
		terms(p, g, 0, 100_000)
		p.must(&core.Release{Order: order, Vendor: p.vendor})
		terms(p, g, 100_000, 0)
	})
	t.Run("spent, forgotten, and refunded", func(t *testing.T) {
		p, g := setup(t)
		order := p.open(150_000, nil)
		p.must(p.pay(order))
		p.balance(950_000)
		if w := p.s.Accounts[p.account].Wallet(p.usd, class); w != nil {
			t.Errorf("a used up wallet is kept: %+v", w)
		}
		p.must(&core.Refund{Order: order, Vendor: p.vendor, Amount: 50_000}) // bought tokens come back first
		p.balance(1_000_000)
		p.must(&core.Refund{Order: order, Vendor: p.vendor, Amount: 40_000})
		terms(p, g, 40_000, 0)
		p.must(&core.Refund{Order: order, Vendor: p.vendor})
		terms(p, g, 100_000, 0)
		if p.s.Orders[order].Status != core.Reversed {
			t.Error("all was refunded")
		}
	})
	t.Run("granted again, they do not expire sooner", func(t *testing.T) {
		p, g := setup(t)
		again := g
		again.Expiry = p.now + day
		p.must(&core.Grant{Account: p.account, Grant: again, Key: p.key()})
		terms(p, g, 200_000, 0)
		again.Issuer = token.VendorID{}
		p.refused(&core.Grant{Account: p.account, Grant: again, Key: p.key()}, token.CodeTaken)
	})
	t.Run("lapsed", func(t *testing.T) {
		p, g := setup(t)
		lapse := &core.Lapse{Account: p.account, Campaign: campaign, Currency: p.usd}
		if out := p.must(lapse); out.Entry != nil {
			t.Error("lapsed before its time")
		}
		p.now = g.Expiry
		p.must(p.pay(p.open(150_000, nil))) // not spent any more
		p.balance(850_000)
		p.must(lapse)
		if w := p.s.Accounts[p.account].Wallet(p.usd, class); w != nil {
			t.Errorf("after the lapse: %+v", w)
		}
	})
}

func TestRepliesAreTheFirstAnswer(t *testing.T) {
	p := newShop(t, 1_000_000)
	p.allow(1_000_000, 5_000_000, limit.Day)
	bought := p.charge(100_000)
	first := p.must(bought)
	again := p.must(bought)
	if !again.Replayed || again.Entry != first.Entry || again.Order.ID != first.Order.ID {
		t.Errorf("the same key: %+v", again)
	}
	p.balance(900_000)
	other := *bought
	other.Key.Digest[0]++
	p.refused(&other, token.CodeKeyReused)
	refund := &core.Refund{Order: first.Order.ID, Vendor: p.vendor, Key: p.key()}
	p.must(refund)
	if again := p.must(refund); !again.Replayed {
		t.Error("a refund was made twice")
	}
	p.balance(1_000_000)
	without := *bought // no key, but the same order
	without.Key = journal.Key{}
	p.refused(&without, token.CodeTaken)
}

func TestViews(t *testing.T) {
	p := newShop(t, 1_000_000)
	order := p.open(1, func(o *journal.Opened) { o.Item.Terms = entitlement.Terms{Times: 2, Hours: 1} })
	p.refused(&core.View{Order: order, Vendor: p.vendor}, token.CodeOrderState)
	p.must(p.pay(order))
	ticket := &core.View{Order: order, Vendor: p.vendor, Key: p.key(), Once: true}
	p.must(ticket)
	p.refused(ticket, token.CodeTicketUsed)
	p.now += hour - 1
	p.must(&core.View{Order: order, Vendor: p.vendor, Key: p.key(), Peek: true}) // uses a ticket up, counts nothing, starts no clock anew
	if use := p.s.Orders[order].Use; use.Views != 1 || use.FirstView != p.now-hour+1 {
		t.Errorf("after one view and a look: %+v", use)
	}
	p.must(&core.View{Order: order, Vendor: p.vendor})
	p.refused(&core.View{Order: order, Vendor: p.vendor}, token.CodeEntitlementUsed)
}

func TestFundsAreRefusedWhereTheyWouldBeLost(t *testing.T) {
	p := newShop(t, 0)
	fund := func(account token.AccountID, amount token.Amount, currency token.Currency) *core.Fund {
		return &core.Fund{Account: account, Fund: journal.Fund{Amount: amount, Currency: currency, Method: "bank", Reference: "r"}}
	}
	p.s.Accounts[token.AccountID{}] = &core.Account{}
	p.refused(fund(token.AccountID{}, 1, p.usd), token.CodeNotFound)
	p.refused(fund(id[token.AccountKind](9), 1, p.usd), token.CodeNotFound)
	p.refused(fund(p.account, 0, p.usd), token.CodeAmountInvalid)
	p.refused(fund(p.account, -1, p.usd), token.CodeAmountInvalid)
	p.refused(fund(p.account, 1, token.Currency{}), token.CodeCurrencyInvalid)
	p.refused(&core.Fund{Account: p.account, Fund: journal.Fund{Amount: 1, Currency: p.usd, Method: "bank", Reference: "\xff"}}, token.CodeFieldInvalid)
	p.refused(&core.Fund{Account: p.account, Fund: journal.Fund{Amount: 1, Currency: p.usd, Method: "bank"}}, token.CodeFieldInvalid)
	p.refused(&core.Fund{Account: p.account, Fund: journal.Fund{Amount: 1, Currency: p.usd, Reference: "r"}}, token.CodeFieldInvalid)
}

// One outside event is credited once, whatever account, amount or currency it is said to be of.
func TestAReferenceIsCreditedOnce(t *testing.T) {
	p := newShop(t, 0)
	other := id[token.AccountKind](99)
	p.s.Accounts[other] = &core.Account{ID: other}
	fund := &core.Fund{Account: p.account, Fund: journal.Fund{Amount: 5, Currency: p.usd, Method: "bank", Reference: "r"}}
	p.must(fund)
	if out := p.must(fund); !out.Replayed {
		t.Error("it was credited twice")
	}
	again := *fund
	again.Account = other
	p.refused(&again, token.CodeKeyReused)
	again = *fund
	again.Fund.Amount = 6
	p.refused(&again, token.CodeKeyReused)
	again = *fund
	again.Fund.Currency = token.MustCurrency("EUR")
	p.refused(&again, token.CodeKeyReused)
	again = *fund
	again.Account, again.Fund.Method = other, "card"
	p.must(&again)
}

func TestPermissionsThatWouldBoundNothingAreRefused(t *testing.T) {
	p := newShop(t, 1)
	limited := func(change func(*limit.Limit)) *core.Permit {
		l := limit.Limit{ID: id[token.LimitKind](1), Currency: p.usd, Period: limit.Day, Max: 1}
		change(&l)
		return &core.Permit{Account: p.account, SetLimit: &l, AsOf: p.s.Accounts[p.account].Seq}
	}
	p.refused(limited(func(l *limit.Limit) { l.Period = 9 }), token.CodeFieldInvalid)
	p.refused(limited(func(l *limit.Limit) { l.Currency = token.Currency{} }), token.CodeFieldInvalid)
	p.refused(limited(func(l *limit.Limit) { l.Max = -1 }), token.CodeAmountInvalid)
	stale := limited(func(*limit.Limit) {})
	stale.AsOf--
	p.refused(stale, token.CodeStale)
	p.refused(&core.Permit{Account: p.account}, token.CodeMalformed)
}

// Every account and order is the fold of its entries, from any of them on.
func TestTheStateIsTheFoldOfTheJournal(t *testing.T) {
	p := newShop(t, 5_000_000)
	p.limit(9_000_000, limit.Month)
	p.allow(1_000_000, 5_000_000, limit.Week)
	p.must(&core.Grant{Account: p.account, Key: p.key(), Grant: journal.Grant{Campaign: id[token.CampaignKind](1), Amount: 70_000, Currency: p.usd}})
	order := p.must(p.charge(100_000)).Order.ID
	p.must(&core.Refund{Order: order, Vendor: p.vendor, Amount: 33_333})
	p.must(p.pay(p.open(100_000, func(o *journal.Opened) { o.Manual = true })))
	p.must(&core.View{Order: order, Vendor: p.vendor})
	p.must(&core.Refund{Order: order, Vendor: p.vendor})
	for from := range p.entries {
		again := core.NewState()
		again.Accounts[p.account] = &core.Account{ID: p.account}
		for _, e := range p.entries[:from] {
			again.Apply(e)
		}
		for id, o := range again.Orders { // nothing but the account survives
			_ = o
			delete(again.Orders, id)
		}
		for _, e := range p.entries { // those applied already change nothing
			again.ApplyAccount(e)
		}
		if !reflect.DeepEqual(again.Accounts, p.s.Accounts) {
			t.Fatalf("folded from entry %d on: %+v, want %+v", from, again.Accounts[p.account], p.s.Accounts[p.account])
		}
	}
	whole := core.NewState()
	for _, e := range p.entries {
		whole.Apply(e)
	}
	if !reflect.DeepEqual(whole.Orders, p.s.Orders) || whole.Seq != p.s.Seq {
		t.Error("the orders folded again differ")
	}
}
