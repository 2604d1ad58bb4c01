package audit

import (
	"encoding/binary"
	"testing"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/entitlement"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// The histories are journals, made by the core, in which everything happens at its bound: a
// purchase in the last millisecond of an offer, a limit used up to its last token. So they hold,
// and nothing in them can be moved without breaking what must hold.

const (
	second = int64(1000)
	hour   = 3600 * second
	aDay   = 24 * hour
	begin  = 20_003 * aDay // 2024-10-07, a Monday
)

var (
	usd, eur = token.MustCurrency("USD"), token.MustCurrency("EUR")
	fee      = royalty.FeeRule{PPM: 100_000, Fixed: 3}
	split    = royalty.Split{ID: token.SplitID{9}, Version: 1, Shares: []royalty.Share{
		{Payee: token.PayeeID{1}, PPM: 400_000, Fixed: 1}, {Payee: token.PayeeID{2}, PPM: 500_000, Of: 1}, {Payee: token.PayeeID{3}, Minimum: 7}}}
)

// history is a journal in the making.
type history struct {
	t       testing.TB
	s       *core.State
	now     int64
	made    uint64
	entries []*journal.Entry
	offers  map[token.OfferID]Offer
	stored  map[uint64][]Snapshot // all accounts, after some entries

	account, other token.AccountID
	user           token.UserID
	vendor         token.VendorID
}

func newHistory(t testing.TB) *history {
	return &history{t: t, s: core.NewState(), now: begin, offers: map[token.OfferID]Offer{}, stored: map[uint64][]Snapshot{},
		account: token.AccountID{1, 15: 1}, other: token.AccountID{1, 15: 2}, user: token.UserID{2, 15: 1}, vendor: token.VendorID{3, 15: 1}}
}

// next makes a number that no id had.
func (h *history) next() (id [16]byte) {
	h.made++
	binary.BigEndian.PutUint64(id[:], uint64(begin)<<16)
	binary.BigEndian.PutUint64(id[8:], h.made)
	return id
}

func (h *history) key() journal.Key {
	number := h.next()
	return journal.NewKey(h.vendor, "history", string(number[:]), nil)
}

// do runs a command; all accounts are there.
func (h *history) do(c core.Command) core.Outcome {
	h.t.Helper()
	var facts core.Facts
	for range 2 {
		c.Need(h.s, &facts)
		for _, id := range facts.Accounts {
			if h.s.Accounts[id] == nil && !id.IsZero() {
				h.s.Accounts[id] = &core.Account{ID: id}
			}
		}
	}
	out, err := core.Run(h.s, c, h.now)
	if err != nil {
		h.t.Fatalf("%T: %v", c, err)
	}
	before := len(h.entries)
	if h.entries = out.Entries(h.entries); len(h.entries) == before {
		h.t.Fatalf("%T: nothing was recorded", c)
	}
	return out
}

// wrote takes up an entry as the core wrote it once, and does not any more.
func (h *history) wrote(e *journal.Entry) {
	e.Seq, e.At = h.s.Seq+1, h.now
	for _, id := range e.Accounts(nil) {
		if h.s.Accounts[id] == nil {
			h.s.Accounts[id] = &core.Account{ID: id}
		}
	}
	h.s.Apply(e)
	h.entries = append(h.entries, e)
}

// store keeps how all accounts stand now.
func (h *history) store() {
	if h.stored[h.s.Seq] != nil {
		return
	}
	for _, a := range h.s.Accounts {
		if a.Seq > 0 {
			h.stored[h.s.Seq] = append(h.stored[h.s.Seq], snapshotOf(a.Clone()))
		}
	}
}

func (h *history) fund(account token.AccountID, amount token.Amount, currency token.Currency) {
	h.t.Helper()
	reference := h.next()
	h.do(&core.Fund{Account: account, User: h.user, Fund: journal.Fund{Amount: amount, Currency: currency, Method: "bank", Reference: string(reference[8:])}})
}

// open opens an order that is payable in this millisecond, and no later; change alters it before.
func (h *history) open(price token.Amount, change func(*journal.Opened)) token.OrderID {
	h.t.Helper()
	o := journal.Opened{Price: price, Currency: usd, ExpiresAt: h.now + 1, Rule: journal.Rule{Split: split.ID, Version: 1, Fee: fee}}
	if change != nil {
		change(&o)
	}
	id := token.OrderID(h.next())
	h.do(&core.OpenOrder{ID: id, Vendor: h.vendor, Opened: o, Key: h.key()})
	return id
}

// pay pays an order by a click, in the only millisecond of the login's window.
func (h *history) pay(order token.OrderID) {
	h.t.Helper()
	h.payBy(order, journal.ByClick)
}

func (h *history) payBy(order token.OrderID, method journal.ConsentMethod) {
	h.t.Helper()
	by := split
	if h.s.Orders[order].Rule.Split.IsZero() {
		by = royalty.Split{}
	}
	h.do(&core.Pay{Order: order, Account: h.account, User: h.user, Quoted: h.s.Orders[order].Price, Split: by,
		Consent: journal.Consent{Method: method, Login: h.now, Until: h.now + 1}})
}

// buy opens an order and pays it.
func (h *history) buy(price token.Amount, change func(*journal.Opened)) token.OrderID {
	h.t.Helper()
	order := h.open(price, change)
	h.pay(order)
	return order
}

func (h *history) charge(price token.Amount, change func(*core.Charge)) token.OrderID {
	h.t.Helper()
	c := &core.Charge{ID: token.OrderID(h.next()), Account: h.account, User: h.user, Vendor: h.vendor, Split: split, Key: h.key(),
		Sale: journal.Sale{Price: price, Currency: usd, Rule: journal.Rule{Split: split.ID, Version: 1, Fee: fee}}}
	if change != nil {
		change(c)
	}
	h.do(c)
	return c.ID
}

func (h *history) refund(order token.OrderID, amount token.Amount) {
	h.t.Helper()
	h.do(&core.Refund{Order: order, Vendor: h.vendor, Amount: amount, Reason: "asked for", Key: h.key()})
}

func (h *history) view(order token.OrderID) {
	h.t.Helper()
	h.do(&core.View{Order: order, Vendor: h.vendor, Key: h.key()})
}

func (h *history) limit(id token.LimitID, most token.Amount, period limit.Period, change func(*limit.Limit)) {
	h.t.Helper()
	l := &limit.Limit{ID: id, Currency: usd, Period: period, Max: most}
	if change != nil {
		change(l)
	}
	var seq uint64
	if a := h.s.Accounts[h.account]; a != nil {
		seq = a.Seq
	}
	h.do(&core.Permit{Account: h.account, User: h.user, SetLimit: l, AsOf: seq, Key: h.key()})
}

func (h *history) allow(each, most token.Amount, period limit.Period, until int64) token.AllowanceID {
	h.t.Helper()
	out := h.do(&core.Permit{Account: h.account, User: h.user, Key: h.key(), GiveAllowance: &limit.Allowance{ID: token.AllowanceID(h.next()), User: h.user,
		Vendor: h.vendor, Currency: usd, PerPurchase: each, Period: period, Max: most, Until: until}})
	return out.Entry.Allowance.ID
}

func (h *history) grant(campaign byte, amount token.Amount, change func(*journal.Grant)) {
	h.t.Helper()
	g := journal.Grant{Campaign: token.CampaignID{6, 15: campaign}, Amount: amount, Currency: usd}
	if change != nil {
		change(&g)
	}
	h.do(&core.Grant{Account: h.account, Grant: g, Key: h.key()})
}

func (h *history) lapse(campaign byte) {
	h.t.Helper()
	h.do(&core.Lapse{Account: h.account, Campaign: token.CampaignID{6, 15: campaign}, Currency: usd})
}

func (h *history) bound(vendor token.VendorID, most token.Amount) {
	h.t.Helper()
	c := &core.BoundIncentives{Vendor: vendor, Max: most, AsOf: h.s.Seq}
	if !vendor.IsZero() {
		c.Currency = usd
	}
	h.do(c)
}

func (h *history) standing(s journal.Standing) {
	h.t.Helper()
	h.do(&core.Permit{Account: h.account, SetStanding: &s})
}

// histories are by name; the names say what happens in them.
var histories = map[string]func(h *history){
	"a click, views and refunds": func(h *history) {
		h.fund(h.account, 1000, usd)
		h.fund(h.account, 77, eur)
		order := h.buy(250, func(o *journal.Opened) {
			o.Item = journal.Item{SKU: "a", Terms: entitlement.Terms{Times: 3, Hours: 2, Days: 1, Expiry: begin + 5*hour}}
		})
		h.now += hour
		h.view(order)
		h.view(order)
		h.now += 2*hour - 1
		h.do(&core.View{Order: order, Vendor: h.vendor, Key: h.key(), Peek: true})
		h.view(order)
		h.store()
		h.refund(order, 33)
		h.refund(order, 100)
		h.store()
		h.refund(order, 0)
		days := h.buy(751, func(o *journal.Opened) { o.Item = journal.Item{SKU: "b", Terms: entitlement.Terms{Days: 2}} })
		h.now += 2*aDay - 1
		h.view(days)
		expires := h.buy(249, func(o *journal.Opened) { o.Item.Terms.Expiry = h.now + 1 })
		h.view(expires)
		h.refund(days, 1)
	},
	"no royalties, in euros": func(h *history) {
		h.fund(h.account, 100, eur)
		order := h.buy(40, func(o *journal.Opened) { o.Currency, o.Rule = eur, journal.Rule{Fee: royalty.FeeRule{PPM: 333_333}} })
		h.store()
		h.refund(order, 7)
		h.refund(order, 0)
	},
	"an approval limit": func(h *history) {
		h.fund(h.account, 1000, usd)
		set := func(user token.UserID, currency token.Currency, most token.Amount) {
			h.do(&core.Permit{Account: h.account, User: h.user, SetApproval: &limit.Approval{User: user, Currency: currency, Max: most}})
		}
		set(token.UserID{2, 15: 2}, usd, 10)
		set(h.user, eur, 20)
		set(h.user, usd, 30)
		h.store()
		h.payBy(h.open(30, nil), journal.ByApproval)
		set(h.user, usd, 40)
		h.payBy(h.open(40, nil), journal.ByApproval)
		set(h.user, eur, 0)
		h.store()
		h.payBy(h.open(40, nil), journal.ByApproval)
	},
	"an allowance": func(h *history) {
		h.fund(h.account, 10_000, usd)
		h.allow(100, 300, limit.Day, h.now+hour)
		first := h.charge(100, nil)
		h.charge(100, nil)
		h.charge(100, nil)
		h.store()
		h.refund(first, 60)
		h.charge(60, nil)
		h.allow(400, 400, limit.Day, h.now+3*aDay)
		h.charge(100, nil)
		h.now += aDay
		h.charge(400, nil)
		h.allow(50, 50, limit.Week, h.now+7*aDay)
		h.charge(50, nil)
		h.refund(first, 40) // of a day before
		h.now += 5*aDay - 1
		second := h.allow(50, 100, limit.Week, h.now+1)
		h.charge(50, nil) // the last millisecond of the week, and of the allowance
		h.store()
		h.do(&core.Permit{Account: h.account, User: h.user, TakeAllowance: second})
		h.allow(5, 5, limit.Month, h.now+1)
		h.charge(5, nil)
	},
	"an allowance ends": func(h *history) {
		h.fund(h.account, 100, usd)
		h.allow(100, 100, limit.PerPurchase, h.now+1)
		h.charge(50, func(c *core.Charge) { c.Item, c.Sale.Terms = journal.HashItem("a"), entitlement.Terms{Times: 1} })
		h.charge(50, nil)
	},
	"limits": func(h *history) {
		h.fund(h.account, 10_000, usd)
		h.fund(h.account, 500, eur)
		earlier := h.buy(40, nil)
		day := limit.Counter{Start: begin, End: begin + aDay, Spent: 40}
		h.limit(token.LimitID{15: 1}, 100, limit.Day, func(l *limit.Limit) { l.Counter = day })
		h.limit(token.LimitID{15: 2}, 60, limit.PerPurchase, nil)
		h.buy(60, nil)
		h.limit(token.LimitID{15: 3}, 160, limit.Week, func(l *limit.Limit) {
			l.User, l.Vendor, l.Counter = h.user, h.vendor, limit.Counter{Start: begin, End: begin + 7*aDay, Spent: 100}
		})
		h.limit(token.LimitID{15: 4}, 0, limit.Day, func(l *limit.Limit) { l.User = token.UserID{2, 15: 2} })
		h.limit(token.LimitID{15: 5}, 0, limit.Day, func(l *limit.Limit) { l.Vendor = token.VendorID{3, 15: 2} })
		h.limit(token.LimitID{15: 6}, 5, limit.Day, func(l *limit.Limit) { l.Currency = eur })
		h.buy(5, func(o *journal.Opened) { o.Currency = eur })
		h.store()
		h.refund(earlier, 10)
		h.buy(10, nil)
		h.now += aDay - 1
		h.refund(earlier, 10)
		h.buy(10, nil) // the last millisecond of the day
		h.now++
		h.buy(60, nil)
		h.refund(earlier, 20) // of the day before, in the same week
		h.buy(20, nil)
		h.store()
		h.do(&core.Permit{Account: h.account, User: h.user, RemoveLimit: token.LimitID{15: 2}})
		h.do(&core.Permit{Account: h.account, User: h.user, RemoveLimit: token.LimitID{15: 3}})
		h.limit(token.LimitID{15: 1}, 180, limit.Day, func(l *limit.Limit) {
			l.Counter = limit.Counter{Start: begin + aDay, End: begin + 2*aDay, Spent: 80}
		})
		h.buy(100, nil)
		h.now = begin + 24*aDay + 23*hour // 2024-10-31
		h.limit(token.LimitID{15: 7}, 500, limit.Month, func(l *limit.Limit) {
			l.Counter = limit.Counter{Start: begin - 6*aDay, End: begin + 25*aDay, Spent: 260}
		})
		h.buy(180, nil)
		h.now = begin + 25*aDay
		h.do(&core.Permit{Account: h.account, User: h.user, RemoveLimit: token.LimitID{15: 1}})
		h.buy(500, nil)
	},
	"holds": func(h *history) {
		h.fund(h.account, 1000, usd)
		hold := func(price token.Amount, hours uint32) token.OrderID {
			return h.buy(price, func(o *journal.Opened) {
				o.Manual, o.HoldHours, o.Item = true, hours, journal.Item{SKU: "h", Repeatable: hours == 0, Terms: entitlement.Terms{Times: 2}}
			})
		}
		released := hold(100, 0)
		h.view(released)
		h.do(&core.Release{Order: released, Vendor: h.vendor, Key: h.key()})
		part := hold(400, 2)
		h.now += 2*hour - 1
		h.view(part)
		h.store()
		h.do(&core.Capture{Order: part, Vendor: h.vendor, Amount: 300, Split: split, Key: h.key()})
		h.view(part)
		all := hold(700, 0)
		h.do(&core.Capture{Order: all, Vendor: h.vendor, Split: split, Key: h.key()})
		h.refund(all, 70)
		h.refund(part, 0)
		expired := hold(50, 0)
		h.now += aDay
		h.store()
		h.do(&core.Release{Order: expired, Vendor: h.vendor, Expire: true})
		hold(20, 0)
		h.now += aDay + hour // as long as one may wait to be given back
		h.fund(h.account, 1, usd)
	},
	"incentive tokens": func(h *history) {
		h.fund(h.account, 1000, usd)
		// Given before vendors' tokens were counted.
		early := &journal.Grant{Campaign: token.CampaignID{6, 15: 9}, Amount: 40, Currency: usd, Issuer: h.vendor}
		class := token.Class{Kind: token.Incentive, Campaign: early.Campaign}
		h.wrote(&journal.Entry{Kind: journal.Granted, Account: h.account, Grant: early, Legs: []ledger.Leg{
			{Account: ledger.Account{Code: ledger.IncentiveIssued, Owner: early.Campaign, Currency: usd, Class: class}, Amount: -40},
			{Account: ledger.Account{Code: ledger.Wallet, Owner: h.account, Currency: usd, Class: class}, Amount: 40}}})
		h.do(&core.BoundIncentives{Max: 100, AsOf: h.s.Seq, Before: []journal.Debt{{Issuer: h.vendor, Currency: usd, Amount: 40}}})
		h.grant(1, 60, func(g *journal.Grant) { g.Issuer, g.Expiry = h.vendor, h.now+1 })
		h.grant(2, 30, func(g *journal.Grant) { g.Expiry, g.Vendors = h.now+hour, []token.VendorID{{1}, h.vendor} })
		h.grant(3, 20, func(g *journal.Grant) { g.Listed = true })
		h.grant(4, 10, func(g *journal.Grant) { g.Vendors = []token.VendorID{{1}} })
		h.grant(5, 10, func(g *journal.Grant) { g.Currency = eur })
		h.grant(2, 5, func(g *journal.Grant) { g.Expiry, g.Vendors = h.now+hour, []token.VendorID{{1}, h.vendor} })
		h.store()
		order := h.buy(200, func(o *journal.Opened) { o.Item.Campaigns = []token.CampaignID{{6, 15: 3}} })
		h.refund(order, 60)
		h.refund(order, 100)
		h.store()
		h.now++
		h.lapse(1)
		h.bound(h.vendor, 39)
		h.buy(20, nil) // not with tokens of the vendor, who is above its bound
		h.bound(h.vendor, 40)
		h.refund(order, 0)
		h.now += hour - 2
		h.buy(10, nil)
		h.now++
		h.store()
		h.lapse(2)
		h.bound(token.VendorID{}, 90)
	},
	"incentive tokens on hold": func(h *history) {
		h.fund(h.account, 1000, usd)
		h.bound(token.VendorID{}, 100)
		h.bound(h.vendor, 90)
		h.grant(1, 60, func(g *journal.Grant) { g.Issuer, g.Expiry = h.vendor, h.now+hour })
		h.grant(2, 30, nil)
		hold := h.buy(120, func(o *journal.Opened) { o.Manual = true })
		h.grant(1, 30, func(g *journal.Grant) { g.Issuer, g.Expiry = h.vendor, h.now+hour })
		h.store()
		h.do(&core.Capture{Order: hold, Vendor: h.vendor, Amount: 70, Split: split, Key: h.key()})
		second := h.buy(40, func(o *journal.Opened) { o.Manual = true })
		h.now += hour
		h.do(&core.Release{Order: second, Vendor: h.vendor, Key: h.key()})
		h.lapse(1)
		h.refund(hold, 0)
		h.lapse(1)
		h.store()
		h.grant(1, 10, func(g *journal.Grant) { g.Issuer, g.Expiry = h.vendor, h.now+1 })
		h.buy(41, nil)
	},
	"tests": func(h *history) {
		test := journal.Fund{Amount: 100, Currency: usd, Method: "test", Test: true}
		h.do(&core.Fund{Account: h.account, Fund: test, TestKey: h.key()})
		h.fund(h.account, 100, usd)
		order := h.open(60, func(o *journal.Opened) { o.Test = true })
		h.payBy(order, journal.ByTest)
		h.store()
		h.refund(order, 20)
		hold := h.open(60, func(o *journal.Opened) { o.Test, o.Manual = true, true })
		h.payBy(hold, journal.ByTest)
		h.do(&core.Capture{Order: hold, Vendor: h.vendor, Amount: 10, Split: split, Key: h.key()})
		h.store()
	},
	"what is owned": func(h *history) {
		h.fund(h.account, 1000, usd)
		item := func(times uint32) func(*journal.Opened) {
			return func(o *journal.Opened) { o.Item = journal.Item{SKU: "mine", Terms: entitlement.Terms{Times: times}} }
		}
		first := h.buy(10, item(1))
		h.pay(h.open(10, item(1))) // covered
		h.allow(10, 100, limit.Day, h.now+aDay)
		h.charge(10, func(c *core.Charge) { c.Item = journal.HashItem("mine") }) // covered too
		h.view(first)
		second := h.buy(10, item(1)) // used up, so charged again
		h.refund(second, 0)
		h.store()
		h.buy(10, item(0)) // refunded, so charged again
		h.pay(h.open(10, item(0)))
		h.buy(10, func(o *journal.Opened) { o.Item = journal.Item{SKU: "other"} })
		days := h.buy(10, func(o *journal.Opened) { o.Item = journal.Item{SKU: "days", Terms: entitlement.Terms{Days: 1}} })
		h.now += aDay - 1
		h.pay(h.open(10, func(o *journal.Opened) { o.Item = journal.Item{SKU: "days"} }))
		h.view(days)
		h.now++
		h.buy(10, func(o *journal.Opened) { o.Item = journal.Item{SKU: "days"} })
	},
	"a transfer": func(h *history) {
		h.fund(h.account, 100, usd)
		h.do(&core.Permit{Account: h.account, SetCredit: &journal.Credit{Currency: usd, Line: 50}})
		h.do(&core.Transfer{From: h.account, User: h.user, Transfer: journal.Transfer{To: h.other, Amount: 60, Currency: usd}, Key: h.key()})
		h.store()
		h.do(&core.Transfer{From: h.account, User: h.user, Transfer: journal.Transfer{To: h.other, Amount: 40, Currency: usd}, Key: h.key()})
		h.do(&core.Transfer{From: h.other, User: h.user, Transfer: journal.Transfer{To: h.account, Amount: 100, Currency: usd}, Key: h.key()})
	},
	"credit and standing": func(h *history) {
		h.do(&core.Permit{Account: h.account, SetCredit: &journal.Credit{Currency: usd, Line: 50}})
		order := h.buy(50, nil)
		h.standing(journal.Frozen)
		h.store()
		h.refund(order, 10)
		h.standing(journal.GoodStanding)
		h.buy(10, nil)
		h.fund(h.account, 50, usd)
		h.do(&core.Permit{Account: h.account, SetCredit: &journal.Credit{Currency: usd, Line: 0}})
	},
	"offers": func(h *history) {
		h.fund(h.account, 1000, usd)
		h.grant(1, 5, func(g *journal.Grant) { g.Listed = true })
		h.allow(100, 100, limit.Day, h.now+1)
		offer := token.OfferID{8}
		terms := entitlement.Terms{Times: 1}
		h.offers[offer] = Offer{Vendor: h.vendor, Item: journal.Item{SKU: "o", Terms: terms, Campaigns: []token.CampaignID{{6, 15: 1}}}, Price: 20, Currency: usd}
		h.charge(20, func(c *core.Charge) {
			c.Item, c.Campaigns = journal.HashItem("o"), []token.CampaignID{{6, 15: 1}}
			c.Sale.Offer, c.Sale.OfferVer, c.Sale.Terms = offer, 1, terms
		})
		h.charge(20, func(c *core.Charge) { c.Sale.Offer, c.Sale.OfferVer = token.OfferID{7}, 1 }) // that nobody knows
	},
	"a second person": func(h *history) {
		person := func(n byte, role journal.Role) journal.Staff {
			return journal.Staff{User: token.UserID{7, 15: n}, Role: role}
		}
		ann, bob, eve, rep := person(1, journal.Operator), person(2, journal.Supervisor), person(3, journal.Operator), person(4, journal.Representative)
		ask := func(by journal.Staff, i journal.Instruction) uint64 {
			return h.do(&core.Instruct{By: by, Instruction: i, LapsesAt: h.now + hour, Key: h.key()}).Entry.Seq
		}
		approve := func(by journal.Staff, request uint64) {
			r := h.s.Accounts[journal.Approvals].Desk.Request(request)
			h.do(&core.Approve{Request: request, By: by, Digest: r.Asked.Digest})
		}
		policy := func(by journal.Staff, p journal.Policy) *core.Outcome {
			out := h.do(&core.Instruct{By: by, Instruction: journal.Instruction{Policy: &p}, LapsesAt: h.now + hour})
			return &out
		}
		deposit := func(amount token.Amount, currency token.Currency) journal.Instruction {
			reference := h.next()
			return journal.Instruction{Account: h.account, Fund: &journal.Fund{Amount: amount, Currency: currency, Method: journal.ByOperator, Reference: string(reference[8:])}}
		}
		ask(ann, deposit(10, usd)) // done at once
		one, two := journal.Needs{Persons: 1, Role: journal.Supervisor}, journal.Needs{Persons: 2, Role: journal.Supervisor}
		policy(ann, journal.Policy{Action: journal.Deposit, Currency: usd, Above: 100, Needs: one})
		approve(bob, policy(ann, journal.Policy{Action: journal.Deposit, Above: 10, Needs: two}).Entry.Seq)
		ask(ann, deposit(100, usd))
		ask(ann, deposit(10, eur))
		h.store()
		approve(bob, ask(ann, deposit(101, usd)))
		both := ask(ann, deposit(11, eur))
		approve(bob, both)
		h.store()
		h.now += hour - 1
		approve(eve, both)
		h.do(&core.Refuse{Request: ask(ann, deposit(500, usd)), By: bob})
		h.do(&core.Refuse{Request: ask(rep, deposit(5, usd)), By: rep})
		lapses := ask(bob, deposit(5, usd))
		h.now += hour
		h.store()
		h.do(&core.LapseRequest{Request: lapses})
		h.do(&core.LapseRequest{Request: ask(ann, deposit(600, usd)), Gone: true})
		frozen := journal.Frozen
		approve(ann, ask(rep, journal.Instruction{Account: h.account, Standing: &frozen}))
		approve(ann, ask(bob, journal.Instruction{Account: h.account, Credit: &journal.Credit{Currency: usd, Line: 5}}))
		approve(ann, ask(bob, journal.Instruction{Account: h.account, Grant: &journal.Grant{Campaign: token.CampaignID{6}, Amount: 5, Currency: usd, Expiry: h.now + hour}, Key: h.key()}))
		h.do(&core.Instruct{By: journal.Staff{Role: journal.Operator}, Instruction: deposit(900, usd), LapsesAt: h.now + hour}) // needs two: nobody knows who asked
		request := h.entries[len(h.entries)-1].Seq
		approve(ann, request)
		approve(bob, request)
		none := policy(ann, journal.Policy{Action: journal.Deposit, Currency: usd})
		approve(bob, none.Entry.Seq)
		approve(eve, none.Entry.Seq)
		h.bound(token.VendorID{}, 10)
		line := func(by journal.Staff, most token.Amount) uint64 {
			return ask(by, journal.Instruction{Account: h.account, Credit: &journal.Credit{Currency: usd, Line: most}})
		}
		for _, p := range []journal.Policy{{Action: journal.CreditLine, Above: 50, Needs: one}, {Action: journal.BoundVendors, Needs: one}, {Action: journal.Unfreeze, Needs: one}} {
			request := policy(ann, p).Entry.Seq
			approve(bob, request)
			approve(eve, request)
		}
		line(ann, 50) // done at once
		approve(bob, line(ann, 51))
		approve(bob, ask(ann, journal.Instruction{Bound: &journal.Bound{Max: 20}}))
		good := journal.GoodStanding
		approve(bob, ask(ann, journal.Instruction{Account: h.account, Standing: &good}))
		h.store()
		last := h.do(&core.Instruct{By: ann, Instruction: deposit(800, eur), LapsesAt: h.now + 1}).Entry.Seq
		h.now++
		h.do(&core.LapseRequest{Request: last})
		// These wait as long as they may.
		ask(ann, deposit(700, eur))
		ask(journal.Staff{Role: journal.Operator}, deposit(701, eur))
		ask(journal.Staff{Role: journal.Representative}, journal.Instruction{Account: h.account, Standing: &frozen})
		ask(rep, journal.Instruction{Account: h.other, Standing: &frozen})
		h.now += 2 * hour
		h.fund(h.account, 1, usd)
	},
	"a limit of a month, after months": func(h *history) {
		h.fund(h.account, 1000, usd)
		h.buy(5, nil)
		h.now += 25 * aDay // 2024-11-01
		h.buy(7, nil)
		h.now += 19 * aDay
		h.buy(11, nil)
		h.limit(token.LimitID{15: 1}, 20, limit.Month, func(l *limit.Limit) {
			l.Counter = limit.Counter{Start: begin + 25*aDay, End: begin + 55*aDay, Spent: 18}
		})
		h.buy(2, nil)
	},
	"bounds": func(h *history) {
		h.bound(token.VendorID{}, 10)
		h.bound(h.vendor, 0)
		h.bound(token.VendorID{}, 20)
		h.grant(1, 20, func(g *journal.Grant) { g.Issuer = token.VendorID{3, 15: 2} })
		h.grant(2, 20, func(g *journal.Grant) { g.Issuer, g.Currency = token.VendorID{3, 15: 2}, eur })
		h.bound(h.vendor, 7)
		h.grant(3, 7, func(g *journal.Grant) { g.Issuer = h.vendor })
		h.buy(5, nil)
		h.store()
	},
}
