package core_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/entitlement"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/token"
)

// because runs a command that must be refused for a reason, and returns the refusal.
func (p *shop) because(c core.Command, reason token.Reason) *token.Error {
	p.t.Helper()
	before := len(p.entries)
	_, err := p.run(c)
	refusal, is := errors.AsType[*token.Error](err)
	if !is || refusal.Reason != reason {
		p.t.Errorf("%T: %v, want %s", c, err, reason)
		return &token.Error{}
	}
	if len(p.entries) != before {
		p.t.Errorf("%T: something was recorded", c)
	}
	return refusal
}

// nothing runs a command that has nothing to do.
func (p *shop) nothing(c core.Command) {
	p.t.Helper()
	if out := p.must(c); out.Entry != nil {
		p.t.Errorf("%T recorded a %s", c, out.Entry.Kind)
	}
}

func (p *shop) permit(c core.Permit) *core.Permit {
	c.Account, c.User, c.Key, c.AsOf = p.account, p.user, p.key(), p.s.Accounts[p.account].Seq
	return &c
}

func (p *shop) payer() *core.Account { return p.s.Accounts[p.account] }

// Amounts that a permission names may be nothing, where that means something, and as much as an
// amount can be.
func TestPermissionsAtTheirBounds(t *testing.T) {
	p := newShop(t, 0)
	for _, c := range []struct {
		name   string
		of     func(amount token.Amount) core.Permit
		reason token.Reason
	}{
		{"a limit", func(amount token.Amount) core.Permit {
			return core.Permit{SetLimit: &limit.Limit{ID: token.LimitID{1}, Currency: p.usd, Period: limit.Day, Max: amount}}
		}, "amount_invalid.limit"},
		{"an approval limit", func(amount token.Amount) core.Permit {
			return core.Permit{SetApproval: &limit.Approval{User: p.user, Currency: p.usd, Max: amount}}
		}, "amount_invalid.approval_limit"},
		{"a credit line", func(amount token.Amount) core.Permit {
			return core.Permit{SetCredit: &journal.Credit{Currency: p.usd, Line: amount}}
		}, "amount_invalid.credit_line"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, amount := range []token.Amount{0, 1, token.MaxAmount} {
				p.must(p.permit(c.of(amount)))
			}
			p.because(p.permit(c.of(-1)), c.reason)
			p.because(p.permit(c.of(token.MaxAmount+1)), c.reason)
		})
	}
}

// What a limit counts of the time before is of the period that it is set in.
func TestALimitIsSetWithinThePeriodItCounts(t *testing.T) {
	p := newShop(t, 0)
	set := func(end int64) *core.Permit {
		return p.permit(core.Permit{SetLimit: &limit.Limit{ID: token.LimitID{1}, Currency: p.usd, Period: limit.Day, Max: 5,
			Counter: limit.Counter{Start: p.now - day, End: end, Spent: 5}}})
	}
	p.must(set(p.now + 1))
	p.because(set(p.now), "stale.account")
	late := set(p.now + 1)
	late.AsOf--
	p.because(late, "stale.account")
}

// Each list of permissions is full at its bound; what stands in it can still be set anew.
func TestPermissionsAreFullAtTheirBounds(t *testing.T) {
	p := newShop(t, 0)
	setLimit := func(n uint64) *core.Permit {
		return p.permit(core.Permit{SetLimit: &limit.Limit{ID: id[token.LimitKind](n), Currency: p.usd, Period: limit.Day, Max: 5}})
	}
	allow := func(n uint64) *core.Permit {
		return p.permit(core.Permit{GiveAllowance: &limit.Allowance{ID: id[token.AllowanceKind](n), User: p.user, Vendor: id[token.VendorKind](n),
			Currency: p.usd, PerPurchase: 1, Period: limit.Day, Max: 1, Until: p.now + 1}})
	}
	approval := func(n uint64) *core.Permit {
		return p.permit(core.Permit{SetApproval: &limit.Approval{User: id[token.UserKind](n), Currency: p.usd, Max: 5}})
	}
	for _, c := range []struct {
		most   uint64
		set    func(n uint64) *core.Permit
		reason token.Reason
	}{
		{core.MaxLimits, setLimit, "field_invalid.limits"},
		{core.MaxAllowances, allow, "field_invalid.allowances"},
		{core.MaxApprovals, approval, "field_invalid.approval_limits"},
	} {
		for n := range c.most {
			p.must(c.set(n))
		}
		p.because(c.set(c.most), c.reason)
		p.must(c.set(c.most - 1))
		p.must(c.set(0))
	}
	p.because(p.permit(core.Permit{RemoveLimit: token.LimitID{0xFF}}), "not_found.limit")
	p.must(p.permit(core.Permit{RemoveLimit: id[token.LimitKind](7)}))
	if slices.ContainsFunc(p.payer().Limits, func(l limit.Limit) bool { return l.ID == id[token.LimitKind](7) }) || len(p.payer().Limits) != core.MaxLimits-1 {
		t.Error("another limit was removed")
	}
	p.must(p.permit(core.Permit{SetApproval: &limit.Approval{User: id[token.UserKind](7), Currency: p.usd}}))
	if len(p.payer().Approvals) != core.MaxApprovals-1 || p.payer().Approval(id[token.UserKind](7), p.usd) != 0 || p.payer().Approval(id[token.UserKind](8), p.usd) != 5 {
		t.Errorf("%d approval limits are left", len(p.payer().Approvals))
	}
}

// What is set takes the place of what it is the same as, and of nothing else.
func TestPermissionsTakeTheirOwnPlace(t *testing.T) {
	p := newShop(t, 0)
	eur := token.MustCurrency("EUR")
	other, elsewhere := id[token.UserKind](2), id[token.VendorKind](2)
	for n, of := range []struct {
		user     token.UserID
		vendor   token.VendorID
		currency token.Currency
	}{{p.user, p.vendor, p.usd}, {other, p.vendor, p.usd}, {p.user, elsewhere, p.usd}, {p.user, p.vendor, eur}} {
		p.must(p.permit(core.Permit{GiveAllowance: &limit.Allowance{ID: id[token.AllowanceKind](uint64(n)), User: of.user, Vendor: of.vendor,
			Currency: of.currency, PerPurchase: 1, Period: limit.Day, Max: token.Amount(n + 1), Until: p.now + 1}}))
		if of.vendor == p.vendor {
			p.must(p.permit(core.Permit{SetApproval: &limit.Approval{User: of.user, Currency: of.currency, Max: token.Amount(n + 1)}}))
		}
		p.must(p.permit(core.Permit{SetLimit: &limit.Limit{ID: id[token.LimitKind](uint64(n)), Currency: p.usd, Period: limit.Day, Max: token.Amount(n + 1)}}))
	}
	p.must(p.permit(core.Permit{SetLimit: &limit.Limit{ID: id[token.LimitKind](2), Currency: p.usd, Period: limit.Day, Max: 30}}))
	p.must(p.permit(core.Permit{SetApproval: &limit.Approval{User: p.user, Currency: p.usd, Max: 10}}))
	p.must(p.permit(core.Permit{GiveAllowance: &limit.Allowance{ID: id[token.AllowanceKind](9), User: p.user, Vendor: p.vendor,
		Currency: p.usd, PerPurchase: 1, Period: limit.Week, Max: 10, Until: p.now + 1}}))
	var limits, allowances []token.Amount
	for _, l := range p.payer().Limits {
		limits = append(limits, l.Max)
	}
	for _, a := range p.payer().Allowances {
		allowances = append(allowances, a.Max)
	}
	if !slices.Equal(limits, []token.Amount{1, 2, 30, 4}) || !slices.Equal(allowances, []token.Amount{10, 2, 3, 4}) {
		t.Errorf("the limits are %d, the allowances %d", limits, allowances)
	}
	a := p.payer()
	if a.Approval(p.user, p.usd) != 10 || a.Approval(other, p.usd) != 2 || a.Approval(p.user, eur) != 4 || a.Approval(other, eur) != 0 || len(a.Approvals) != 3 {
		t.Errorf("the approval limits are %+v", a.Approvals)
	}
	p.must(p.permit(core.Permit{TakeAllowance: id[token.AllowanceKind](2)}))
	if a.Allowance(p.user, elsewhere, p.usd) != nil || len(a.Allowances) != 3 {
		t.Errorf("the allowances are %+v", a.Allowances)
	}
	p.must(p.permit(core.Permit{RemoveLimit: id[token.LimitKind](1)}))
	if len(a.Limits) != 3 || a.Limits[1].Max != 30 {
		t.Errorf("the limits are %+v", a.Limits)
	}
}

// An allowance lasts to its last millisecond, and covers what it says.
func TestAnAllowanceAtItsEdges(t *testing.T) {
	p := newShop(t, 1000)
	give := core.Permit{GiveAllowance: &limit.Allowance{ID: token.AllowanceID{1}, User: p.user, Vendor: p.vendor, Currency: p.usd, PerPurchase: 10, Period: limit.Day, Max: 20, Until: p.now}}
	p.because(p.permit(give), "field_invalid.allowance_ended")
	give.GiveAllowance.Until = p.now + 1
	p.must(p.permit(give))
	if a := p.payer(); !a.Allows(p.user, p.vendor, 10, p.usd, p.now) || a.Allows(p.user, p.vendor, 11, p.usd, p.now) || a.Allows(p.user, p.vendor, 10, p.usd, p.now+1) {
		t.Error("the allowance covers another price or time than it says")
	}
	p.must(p.charge(10))
	p.must(p.charge(10))
	p.because(p.charge(1), "allowance_exceeded.day")
	p.now++
	p.because(p.charge(1), "allowance_missing.none")
}

// A purchase may be as large as each bound, in the last millisecond of each time.
func TestAPurchaseAtItsEdges(t *testing.T) {
	p := newShop(t, 1000)
	p.must(p.permit(core.Permit{SetApproval: &limit.Approval{User: p.user, Currency: p.usd, Max: 30}}))
	p.limit(60, limit.PerPurchase)
	p.limit(170, limit.Day)
	by := func(method journal.ConsentMethod, price token.Amount, change func(*journal.Opened)) *core.Pay {
		pay := p.pay(p.open(price, change))
		pay.Consent = journal.Consent{Method: method, Login: p.now, Until: p.now + 1}
		return pay
	}
	p.must(by(journal.ByApproval, 30, nil))
	p.because(by(journal.ByApproval, 31, func(o *journal.Opened) { o.Item.SKU = "2" }), "quote_changed.needs_confirmation")
	p.must(by(journal.ByClick, 60, func(o *journal.Opened) { o.Item.SKU = "3" }))
	p.because(by(journal.ByClick, 61, func(o *journal.Opened) { o.Item.SKU = "4" }), "limit_exceeded.one_purchase")
	p.must(by(journal.ByClick, 60, func(o *journal.Opened) { o.Item.SKU = "5" }))
	over := p.because(by(journal.ByClick, 21, func(o *journal.Opened) { o.Item.SKU = "6" }), "limit_exceeded.day")
	if over.RetryAt.UnixMilli() != p.now+day {
		t.Errorf("try again at %v", over.RetryAt)
	}
	p.must(by(journal.ByClick, 20, func(o *journal.Opened) { o.Item.SKU = "6" }))
	endless := by(journal.ByClick, 1, func(o *journal.Opened) { o.Item.SKU, o.Currency = "9", token.MustCurrency("EUR") })
	endless.Consent.Until = 0 // a login without a window
	p.because(endless, "insufficient_funds.wallet")
	window := by(journal.ByClick, 1, func(o *journal.Opened) { o.Item.SKU = "7" })
	window.Consent.Until = p.now
	p.because(window, "purchase_window_closed.buy")
	expired := by(journal.ByClick, 1, func(o *journal.Opened) { o.Item.SKU, o.Item.Terms = "8", entitlement.Terms{Expiry: p.now} })
	p.because(expired, "entitlement_expired.not_sold")
	p.because(&core.OpenOrder{ID: token.OrderID{1}, Vendor: p.vendor, Opened: journal.Opened{Price: 1, Currency: p.usd, ExpiresAt: p.now}, Key: p.key()}, "field_invalid.order_ended")
	p.open(1, func(o *journal.Opened) { o.HoldHours, o.ExpiresAt = core.MaxHoldHours, p.now+1 })
}

// Where a price is above what a period's limit ever lets through, no waiting helps; where it is just
// that, it does.
func TestWhenToTryAgain(t *testing.T) {
	p := newShop(t, 1000)
	p.limit(50, limit.Day)
	p.must(p.pay(p.open(1, func(o *journal.Opened) { o.Item.SKU = "1" })))
	for price, helps := range map[token.Amount]bool{50: true, 51: false} {
		refusal := p.because(p.pay(p.open(price, func(o *journal.Opened) { o.Item.SKU = "2" })), "limit_exceeded.day")
		if refusal.RetryAt.IsZero() == helps {
			t.Errorf("for %d, try again at %v", price, refusal.RetryAt)
		}
	}
}

// A credit line is spent to its last token; what is short is what is short of both.
func TestACreditLineIsSpentToItsEnd(t *testing.T) {
	p := newShop(t, 10)
	p.must(p.permit(core.Permit{SetCredit: &journal.Credit{Currency: p.usd, Line: 50}}))
	short := p.because(p.pay(p.open(62, nil)), "insufficient_funds.wallet")
	if len(short.Params) != 1 || short.Params[0].Number != 2 {
		t.Errorf("short of %+v", short.Params)
	}
	p.must(p.pay(p.open(60, nil)))
	p.balance(-50)
}

// The sandbox's tokens are spent to the last one, and there is no credit there.
func TestTestTokensAreSpentToTheLast(t *testing.T) {
	p := newShop(t, 100)
	test := func(price token.Amount) *core.Pay {
		pay := p.pay(p.open(price, func(o *journal.Opened) { o.Test, o.Item = true, journal.Item{} }))
		pay.Consent.Method = journal.ByTest
		return pay
	}
	p.because(test(1), "insufficient_funds.test_reader")
	p.must(&core.Fund{Account: p.account, Fund: journal.Fund{Amount: 10, Currency: p.usd, Method: "test", Test: true}, TestKey: p.key()})
	p.because(test(11), "insufficient_funds.test_reader")
	p.must(test(10))
}

// Incentive tokens pay in the order in which they expire, among the same as they were given; what
// is used up or set aside is no source.
func TestWhichIncentiveTokensPay(t *testing.T) {
	p := newShop(t, 1000)
	give := func(campaign byte, amount token.Amount, expiry int64) {
		p.must(&core.Grant{Account: p.account, Key: p.key(), Grant: journal.Grant{Campaign: token.CampaignID{campaign}, Amount: amount, Currency: p.usd, Expiry: expiry}})
	}
	give(1, 10, 0)
	give(2, 10, p.now+2)
	give(3, 10, p.now+2)
	give(4, 10, p.now+1)
	paid := func(price token.Amount, manual bool) string {
		out := p.must(p.pay(p.open(price, func(o *journal.Opened) { o.Manual, o.Item = manual, journal.Item{} })))
		var sources []string
		for _, s := range out.Entry.Sale.Sources {
			sources = append(sources, fmt.Sprintf("%d of %d", s.Amount, s.Class.Campaign[0]))
		}
		return strings.Join(sources, ", ")
	}
	if got := paid(10, true); got != "10 of 4" {
		t.Errorf("a hold of 10 is paid by %s", got)
	}
	if got := paid(15, false); got != "10 of 2, 5 of 3" {
		t.Errorf("15 are paid by %s", got)
	}
	if got := paid(16, false); got != "5 of 3, 10 of 1, 1 of 0" {
		t.Errorf("16 are paid by %s", got)
	}
}

// Of a hold that is captured in part, incentive tokens are spent first, and what is left comes back
// to where it was.
func TestAPartOfAHoldComesBack(t *testing.T) {
	for _, c := range []struct{ captured, gift, bought token.Amount }{{30, 30, 1000}, {60, 0, 1000}, {70, 0, 990}, {100, 0, 960}} {
		p := newShop(t, 1000)
		gift := token.Class{Kind: token.Incentive, Campaign: token.CampaignID{1}}
		p.must(&core.Grant{Account: p.account, Key: p.key(), Grant: journal.Grant{Campaign: gift.Campaign, Amount: 60, Currency: p.usd, Expiry: p.now + 5}})
		order := p.open(100, func(o *journal.Opened) { o.Manual = true })
		p.must(p.pay(order))
		p.nothing(&core.Lapse{Account: p.account, Campaign: gift.Campaign, Currency: p.usd})
		p.now += 5
		p.nothing(&core.Lapse{Account: p.account, Campaign: gift.Campaign, Currency: p.usd}) // what is held stays held
		out := p.must(&core.Capture{Order: order, Vendor: p.vendor, Amount: c.captured, Split: p.split, Key: p.key()})
		if is := p.wallet(gift); is.Balance != c.gift || is.Held != 0 {
			t.Errorf("%d captured: %d incentive tokens are left, %d held", c.captured, is.Balance, is.Held)
		}
		if is := p.wallet(token.PurchasedClass); is.Balance != c.bought || is.Held != 0 {
			t.Errorf("%d captured: %d are left, %d held", c.captured, is.Balance, is.Held)
		}
		if back := out.Entry.Back; c.captured < 100 && (out.Entry.Parts == nil || !slices.Equal(out.Entry.Parts.Due, []int64{p.now}) || back.Amount != 100-c.captured) {
			t.Errorf("%d captured: %+v comes back, due %+v", c.captured, back, out.Entry.Parts)
		}
	}
}

// Incentive tokens are given for at least a millisecond, and are due when that is over.
func TestIncentiveTokensFallDue(t *testing.T) {
	p := newShop(t, 0)
	give := func(campaign byte, expiry int64) *core.Grant {
		return &core.Grant{Account: p.account, Key: p.key(), Grant: journal.Grant{Campaign: token.CampaignID{campaign}, Amount: 5, Currency: p.usd, Expiry: expiry}}
	}
	p.because(give(1, p.now), "field_invalid.gift_expired")
	if out := p.must(give(1, p.now+1)); out.Entry.Parts == nil || !slices.Equal(out.Entry.Parts.Due, []int64{p.now + 1}) {
		t.Errorf("due %+v", out.Entry.Parts)
	}
	if out := p.must(give(2, 0)); out.Entry.Parts != nil {
		t.Errorf("what never expires is due %+v", out.Entry.Parts)
	}
}

// An account has room for so many wallets, and each for so many tokens.
func TestWalletsAtTheirBounds(t *testing.T) {
	p := newShop(t, 0)
	fund := func(amount token.Amount, currency token.Currency) *core.Fund {
		p.made++
		return &core.Fund{Account: p.account, Fund: journal.Fund{Amount: amount, Currency: currency, Method: "bank", Reference: fmt.Sprint(p.made)}}
	}
	for n := range core.MaxWallets - 1 {
		p.payer().Wallets = append(p.payer().Wallets, core.Wallet{Currency: token.Currency{1, byte(n)}})
	}
	p.must(fund(1, p.usd))
	p.because(fund(1, token.MustCurrency("EUR")), "field_invalid.wallets")
	p.must(fund(1, p.usd))
	p.payer().Wallet(p.usd, token.PurchasedClass).Balance = 1000*token.MaxAmount - 1
	p.must(fund(1, p.usd))
	p.because(fund(1, p.usd), "amount_overflow.wallet")

	full := newShop(t, 0)
	grant := &core.Grant{Account: full.account, Key: full.key(), Grant: journal.Grant{Campaign: token.CampaignID{9}, Amount: 1, Currency: full.usd}}
	for n := range 4*core.MaxGifts - 1 {
		full.payer().Wallets = append(full.payer().Wallets, core.Wallet{Currency: full.usd, Class: token.Class{Kind: token.Incentive, Campaign: token.CampaignID{1, byte(n)}}, Balance: 1, Expiry: full.now})
	}
	over := *full.payer().Clone()
	full.must(grant)
	full.s.Accounts[full.account] = &over
	over.Wallets = append(over.Wallets, core.Wallet{Currency: full.usd, Class: token.Class{Kind: token.Incentive, Campaign: token.CampaignID{2}}, Balance: 1, Expiry: full.now})
	grant.Key = full.key()
	full.because(grant, "gifts_full.all")
}

// A transfer moves all that is there and no more, between two readers who may buy.
func TestATransferAtItsEdges(t *testing.T) {
	p := newShop(t, 100)
	to := id[token.AccountKind](2)
	p.s.Accounts[to] = &core.Account{ID: to}
	for _, nobody := range []token.AccountID{journal.Approvals, journal.AllIssuers, journal.IssuerAccount(p.vendor)} {
		p.s.Accounts[nobody] = &core.Account{ID: nobody}
	}
	transfer := func(change func(*core.Transfer)) *core.Transfer {
		c := &core.Transfer{From: p.account, User: p.user, Transfer: journal.Transfer{To: to, Amount: 60, Currency: p.usd}, Key: p.key()}
		if change != nil {
			change(c)
		}
		return c
	}
	for reason, change := range map[token.Reason]func(*core.Transfer){
		"not_found.account":           func(c *core.Transfer) { c.From = token.AccountID{0x0F} },
		"amount_invalid.not_positive": func(c *core.Transfer) { c.Amount = 0 },
		"currency_invalid.amount":     func(c *core.Transfer) { c.Currency = token.Currency{} },
		"insufficient_funds.transfer": func(c *core.Transfer) { c.Amount = 101 },
	} {
		p.because(transfer(change), reason)
	}
	p.because(transfer(func(c *core.Transfer) { c.To = token.AccountID{0x0F} }), "not_found.account")
	p.because(transfer(func(c *core.Transfer) { c.Currency = token.MustCurrency("EUR") }), "insufficient_funds.transfer")
	for _, nobody := range []token.AccountID{p.account, journal.Approvals, journal.AllIssuers, journal.IssuerAccount(p.vendor)} {
		p.because(transfer(func(c *core.Transfer) { c.To = nobody }), "field_invalid.transfer")
	}
	p.because(transfer(func(c *core.Transfer) { c.From = journal.Approvals }), "field_invalid.transfer")
	for _, frozen := range []token.AccountID{p.account, to} {
		p.s.Accounts[frozen].Standing = journal.Frozen
		p.because(transfer(nil), "account_closed.one_of_two")
		p.s.Accounts[frozen].Standing = journal.GoodStanding
	}
	p.must(p.permit(core.Permit{SetCredit: &journal.Credit{Currency: p.usd, Line: 50}}))
	part := transfer(nil)
	first := p.must(part)
	if again := p.must(part); !again.Replayed || again.Entry != first.Entry {
		t.Errorf("the same key moved %+v", again.Entry)
	}
	p.because(transfer(func(c *core.Transfer) { c.Amount = 41 }), "insufficient_funds.transfer") // credit does not go
	p.must(transfer(func(c *core.Transfer) { c.Amount = 40 }))
	if w := p.s.Accounts[to].Wallet(p.usd, token.PurchasedClass); w == nil || w.Balance != 100 {
		t.Errorf("the receiver has %+v", w)
	}
	p.balance(0)
	p.s.Accounts[to].Wallet(p.usd, token.PurchasedClass).Balance = 1000 * token.MaxAmount
	p.must(&core.Fund{Account: p.account, Fund: journal.Fund{Amount: 1, Currency: p.usd, Method: "bank", Reference: "more"}})
	p.because(transfer(func(c *core.Transfer) { c.Amount = 1 }), "amount_overflow.wallet")
}

// An entry that an account or order stands for already changes nothing; a view that is not
// counted is no first view.
func TestEntriesAreAppliedOnce(t *testing.T) {
	p := newShop(t, 1000)
	order := p.open(100, func(o *journal.Opened) { o.Item.Terms = entitlement.Terms{Hours: 1} })
	p.must(p.pay(order))
	p.must(&core.View{Order: order, Vendor: p.vendor, Key: p.key(), Peek: true})
	p.now += 2 * hour
	p.must(&core.View{Order: order, Vendor: p.vendor})
	if first := p.s.Orders[order].Use.FirstView; first != p.now {
		t.Errorf("the first view was at %d, not %d", first, p.now)
	}
	refund := p.must(&core.Refund{Order: order, Vendor: p.vendor, Amount: 30, Key: p.key()})
	p.s.ApplyOrder(refund.Entry)
	if back := p.s.Orders[order].Back; back.Net != refund.Entry.Refund.Net || back.Fee != refund.Entry.Refund.Fee {
		t.Errorf("applied twice, %+v came back", back)
	}
}

// What an owner is owed may come to 2^62 tokens, and to as many below zero.
func TestWhatIsOwedIsBounded(t *testing.T) {
	for _, c := range []struct {
		owed token.Amount
		ok   bool
	}{{1<<62 - 90, true}, {1<<62 - 89, false}} { // of 180, 90 are the vendor's
		p := newShop(t, 1000)
		p.must(p.pay(p.open(100, func(o *journal.Opened) { o.Item.SKU = "1" })))
		p.s.Accounts[journal.OwnerAccount(p.vendor)].Balances[0].Amount = c.owed
		out, err := p.run(p.pay(p.open(180, func(o *journal.Opened) { o.Item.SKU = "2" })))
		if c.ok != (err == nil) || !c.ok && token.CodeOf(err) != "amount_overflow" {
			t.Errorf("owed %d before: %+v, %v", c.owed, out.Entry, err)
		}
	}
}
