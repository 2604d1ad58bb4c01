package sim

import (
	"encoding/binary"
	"math/rand/v2"
	"time"

	"farthing.dev/farthing/domain/audit"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/entitlement"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

type person struct {
	account token.AccountID
	user    token.UserID
}

type vendor struct {
	id        token.VendorID
	splits    []royalty.Split
	campaigns []token.CampaignID
}

// The world that every seed begins with.
const (
	numVendors = 40
	begin      = 1_790_000_000_000
)

// division looks a split's version up.
func (w *World) division(split token.SplitID, version uint32) (royalty.Split, bool) {
	found, ok := w.splits[ruleKey{split, version}]
	return found, ok
}

// New returns a world with as many accounts, where things are about to happen.
func New(seed uint64, accounts int) *World {
	w := &World{
		random: rand.New(rand.NewPCG(seed, 0x5eed)), now: begin,
		accounts: map[token.AccountID]*core.Account{}, orders: map[token.OrderID]*core.Order{},
		keys: map[journal.KeyName]*journal.Entry{}, oldKeys: map[journal.KeyName]*journal.Entry{}, items: map[journal.ItemKey]token.OrderID{},
		witnesses: map[token.AccountID]*witness{}, splits: map[ruleKey]royalty.Split{},
		Stats:   Stats{Refused: map[token.Code]uint64{}},
		machine: machine{rule: journal.ClockRule{Tolerance: 5 * time.Second}, anchor: journal.Anchor{Wall: begin, Elapsed: begin}},
	}
	w.after(w.random.Int64N(60_000), w.setClock)
	w.auditor, w.dog = audit.New(w.division), newDog()
	w.auditor.SnapshotsTo(0) // Check tells them at the end
	for range numVendors {
		w.vendors = append(w.vendors, w.newVendor())
	}
	w.after(30_000, func() { w.bound(200 * token.PerUnit) }) // nothing is given before
	for n, v := range w.vendors {
		if n%8 == 0 {
			w.watch(journal.IssuerAccount(v.id))
		}
	}
	w.watch(journal.AllIssuers)
	w.watch(journal.Approvals)
	for i := range accounts {
		p := person{account: newID[token.AccountKind](w), user: newID[token.UserKind](w)}
		if i%7 == 6 { // some accounts are shared
			p.account = w.people[i-1].account
		}
		w.people = append(w.people, p)
		if i%64 == 0 {
			w.watch(p.account)
		}
		w.after(w.random.Int64N(60_000), func() { w.join(p) })
	}
	return w
}

// watch has an account folded a second time.
func (w *World) watch(id token.AccountID) {
	w.witnesses[id] = &witness{}
	w.witnesses[id].snapshot, _ = journal.Marshal(&core.Account{ID: id})
}

// bound sets what vendors may give, as the application does it.
func (w *World) bound(most token.Amount) {
	if err := w.commit(); err != nil { // so that the head is what was counted
		panic(err)
	}
	w.do(&core.BoundIncentives{Max: most, AsOf: w.head.Seq}, nil)
}

// newID makes the world's next id of a kind.
func newID[K token.Kind](w *World) token.ID[K] {
	w.ids++
	var id token.ID[K]
	binary.BigEndian.PutUint64(id[0:], uint64(w.now)<<16)
	binary.BigEndian.PutUint64(id[8:], w.random.Uint64())
	binary.BigEndian.PutUint32(id[4:], uint32(w.ids))
	return id
}

func (w *World) newVendor() vendor {
	v := vendor{id: newID[token.VendorKind](w)}
	for version := range uint32(3) {
		split := royalty.Split{ID: newID[token.SplitKind](w), Version: version + 1}
		left := [4]int64{1_000_000, 1_000_000, 1_000_000, 1_000_000}
		for i := range w.random.IntN(4) {
			of := w.random.IntN(i + 1)
			share := w.random.Int64N(left[of])
			left[of] -= share
			split.Shares = append(split.Shares, royalty.Share{Payee: newID[token.PayeeKind](w), PPM: share, Of: of,
				Fixed: token.Amount(w.random.Int64N(2) * w.random.Int64N(5000)), Minimum: token.Amount(w.random.Int64N(2) * w.random.Int64N(3000))})
		}
		if err := split.Validate(); err != nil {
			panic(err)
		}
		w.splits[ruleKey{split.ID, split.Version}] = split
		v.splits = append(v.splits, split)
	}
	for range 3 {
		v.campaigns = append(v.campaigns, newID[token.CampaignKind](w))
	}
	return v
}

// join is a person's first minute: money, permissions, and then a life of buying.
func (w *World) join(p person) {
	w.fund(p, pick(w, currencies()), false)
	w.fund(p, token.MustCurrency("USD"), w.chance(10))
	for range 2 + w.random.IntN(3) {
		w.allow(p, w.vendors[w.random.IntN(len(w.vendors))])
	}
	if w.chance(30) {
		w.limit(p)
	}
	w.after(w.random.Int64N(60_000), func() { w.live(p) })
}

// live is one thing that a person does, and the appointment for the next.
func (w *World) live(p person) {
	switch n := w.random.IntN(100); {
	case n < 55:
		w.charge(p)
	case n < 80:
		w.order(p)
	case n < 85:
		w.fund(p, pick(w, currencies()), w.chance(20))
	case n < 88:
		w.grant(p)
	case n < 90:
		w.lapse(p)
	case n < 93:
		w.limit(p)
	case n < 96:
		w.allow(p, w.vendors[w.random.IntN(len(w.vendors))])
	case n < 98:
		w.permit(p)
	case n < 99:
		w.transfer(p)
	case w.chance(50):
		w.instruct(p)
	default:
		w.boundOne()
	}
	pause := w.random.Int64N(3_600_000)
	if w.chance(1) {
		pause = w.random.Int64N(20 * 24 * 3_600_000)
	}
	w.after(pause, func() { w.live(p) })
}

func currencies() []token.Currency {
	return []token.Currency{token.MustCurrency("USD"), token.MustCurrency("EUR"), token.MustCurrency("JPY")}
}

func pick[T any](w *World, from []T) T { return from[w.random.IntN(len(from))] }

// chance is true in so many of a hundred cases.
func (w *World) chance(percent int) bool { return w.random.IntN(100) < percent }

// price draws prices that divide badly.
func (w *World) price() token.Amount {
	switch w.random.IntN(4) {
	case 0:
		return token.Amount(1 + w.random.Int64N(20))
	case 1:
		return token.Amount(1 + w.random.Int64N(3_000_000))
	}
	return token.Amount(10_000 * (1 + w.random.Int64N(100)))
}

func (w *World) key(scope [16]byte) journal.Key {
	k := journal.Key{Scope: scope}
	binary.BigEndian.PutUint64(k.Hash[:], w.random.Uint64())
	binary.BigEndian.PutUint64(k.Hash[8:], w.random.Uint64())
	binary.BigEndian.PutUint64(k.Digest[:], 1)
	return k
}

// twice sends a command, and sometimes the same command again: at once, or later,
// behind others that came after it.
func (w *World) twice(c core.Command, done func(core.Outcome, error)) {
	w.do(c, done)
	for w.chance(8) {
		w.after(w.random.Int64N(5000), func() {
			w.do(c, func(out core.Outcome, err error) {
				if err == nil && out.Entry != nil && !out.Replayed {
					w.Stats.Refused["first attempt was refused, retry went through"]++
					if done != nil {
						done(out, err)
					}
				}
			})
		})
	}
}

func (w *World) rule(v vendor) (journal.Rule, royalty.Split) {
	fee := royalty.FeeRule{PPM: w.random.Int64N(300_000), Fixed: token.Amount(w.random.Int64N(2) * w.random.Int64N(2000))}
	if w.chance(20) {
		return journal.Rule{Fee: fee}, royalty.Split{}
	}
	split := pick(w, v.splits)
	return journal.Rule{Split: split.ID, Version: split.Version, Fee: fee}, split
}

func (w *World) terms() entitlement.Terms {
	var t entitlement.Terms
	if w.chance(40) {
		t.Times = uint32(1 + w.random.IntN(3))
	}
	if w.chance(20) {
		t.Hours = uint32(1 + w.random.IntN(48))
	}
	if w.chance(20) {
		t.Days = uint32(1 + w.random.IntN(30))
	}
	if w.chance(10) {
		t.Expiry = w.now + w.random.Int64N(30*24*3_600_000) - 3_600_000
	}
	return t
}

func (w *World) item() journal.ItemHash {
	if w.chance(50) {
		return journal.ItemHash{}
	}
	return journal.HashItem(string([]byte{byte(w.random.IntN(64)), byte(w.random.IntN(4))}))
}

// charge buys by an allowance that the person gave, or did not give.
func (w *World) charge(p person) {
	v := w.vendors[w.random.IntN(len(w.vendors))]
	currency := pick(w, currencies())
	if a := w.accounts[p.account]; a != nil && len(a.Allowances) > 0 && w.chance(90) {
		allowance := pick(w, a.Allowances)
		currency = allowance.Currency
		p.user = allowance.User
		for _, other := range w.vendors {
			if other.id == allowance.Vendor {
				v = other
			}
		}
	}
	rule, split := w.rule(v)
	c := &core.Charge{ID: newID[token.OrderKind](w), Account: p.account, User: p.user, Vendor: v.id, Item: w.item(), Campaigns: v.campaigns,
		Sale:  journal.Sale{Price: w.price(), Currency: currency, Rule: rule, Terms: w.terms(), Tracking: "t", Test: w.chance(2)},
		Split: split, Key: w.key(v.id)}
	w.twice(c, w.bought)
	if w.chance(1) { // the same key with another body
		other := *c
		other.Key.Digest[0]++
		other.ID = newID[token.OrderKind](w)
		w.do(&other, nil)
	}
}

// bought is what happens after a purchase: views, refunds, captures.
func (w *World) bought(out core.Outcome, err error) {
	if err != nil || out.Order == nil || out.Replayed {
		return
	}
	o := out.Order
	for range w.random.IntN(4) {
		w.after(w.random.Int64N(72*3_600_000), func() { w.view(o) })
	}
	if o.Status == core.OnHold {
		w.hold(o)
		return
	}
	if w.chance(15) {
		w.after(w.random.Int64N(10*24*3_600_000), func() { w.refund(o) })
	}
}

func (w *World) view(o *core.Order) {
	c := &core.View{Order: o.ID, Vendor: o.Vendor, Once: w.chance(30), Peek: w.chance(20)}
	if c.Once || w.chance(50) {
		c.Key = w.key(o.Vendor)
	}
	if c.Key.IsZero() {
		w.do(c, nil)
		return
	}
	w.twice(c, nil)
}

// refund takes back a purchase in one part or several.
func (w *World) refund(o *core.Order) {
	c := &core.Refund{Order: o.ID, Vendor: o.Vendor, Key: w.key(o.Vendor), Reason: "r"}
	if w.chance(70) {
		c.Amount = 1 + token.Amount(w.random.Int64N(int64(o.Price)+1))
		if w.chance(50) {
			c.Amount = 1 + c.Amount/4
		}
	}
	if w.chance(3) {
		c.Vendor = w.vendors[0].id // most likely not the vendor's order
	}
	w.twice(c, func(_ core.Outcome, err error) {
		if err == nil && w.chance(70) {
			w.after(w.random.Int64N(3_600_000), func() { w.refund(o) })
		}
	})
}

// hold captures a hold, or releases it, or both, or leaves it to its end.
func (w *World) hold(o *core.Order) {
	expire := &core.Release{Order: o.ID, Vendor: o.Vendor, Expire: true}
	w.after(o.Sale.Until-w.now+w.random.Int64N(100_000)-1000, func() {
		w.do(expire, nil)
		w.after(100_000, func() { w.do(expire, nil) })
	})
	split := w.splits[ruleKey{o.Rule.Split, o.Rule.Version}]
	if w.chance(60) {
		amount := token.Amount(0)
		if w.chance(50) {
			amount = 1 + token.Amount(w.random.Int64N(int64(o.Price)+2))
		}
		w.after(w.random.Int64N(30*3_600_000), func() {
			w.twice(&core.Capture{Order: o.ID, Vendor: o.Vendor, Amount: amount, Split: split, Key: w.key(o.Vendor)}, w.bought)
		})
	}
	if w.chance(30) {
		w.after(w.random.Int64N(30*3_600_000), func() { w.twice(&core.Release{Order: o.ID, Vendor: o.Vendor, Key: w.key(o.Vendor)}, nil) })
	}
}

// order is a purchase in the browser: opened by the vendor's server, paid by a click.
func (w *World) order(p person) {
	v := w.vendors[w.random.IntN(len(w.vendors))]
	rule, split := w.rule(v)
	opened := journal.Opened{Price: w.price(), Currency: pick(w, currencies()), Rule: rule, ExpiresAt: w.now + 1 + w.random.Int64N(1_800_000),
		Manual: w.chance(40), HoldHours: uint32(w.random.IntN(30)), Test: w.chance(5), Login: "shop", Post: "p", Tracking: "t",
		Item: journal.Item{SKU: string([]byte{'a' + byte(w.random.IntN(26))}), Title: "An article", Terms: w.terms(), Repeatable: w.chance(50)}}
	if w.chance(50) {
		opened.Item.Campaigns = v.campaigns
	}
	open := &core.OpenOrder{ID: newID[token.OrderKind](w), Vendor: v.id, Opened: opened, Key: w.key(v.id)}
	w.twice(open, nil)
	consent := journal.Consent{Method: journal.ByClick, Login: w.now, Until: w.now + 1 + w.random.Int64N(3_600_000)}
	if w.chance(10) {
		consent.Method = journal.ByApproval
	}
	if opened.Test {
		consent = journal.Consent{Method: journal.ByTest}
	}
	pay := &core.Pay{Order: open.ID, Account: p.account, User: p.user, Consent: consent, Quoted: opened.Price, Split: split}
	if w.chance(2) {
		pay.Quoted++
	}
	w.after(w.random.Int64N(120_000), func() {
		if w.orders[open.ID] != nil {
			w.twice(pay, w.bought)
		}
		if w.chance(3) { // somebody else finds the link
			other := *pay
			thief := pick(w, w.people)
			other.Account, other.User = thief.account, thief.user
			w.do(&other, w.bought)
		}
	})
}

func (w *World) fund(p person, currency token.Currency, test bool) {
	reference := newID[token.OrderKind](w).String()
	w.twice(&core.Fund{Account: p.account, User: p.user, TestKey: w.key([16]byte{1}),
		Fund: journal.Fund{Amount: token.Amount(1_000_000 + w.random.Int64N(200_000_000)), Currency: currency, Method: "check", Reference: reference, Test: test}}, nil)
}

// transfer sends tokens to somebody, now and then to the sender or more than there are.
func (w *World) transfer(p person) {
	c := &core.Transfer{From: p.account, User: p.user, Key: w.key(p.account)}
	c.Transfer = journal.Transfer{To: pick(w, w.people).account, Amount: token.Amount(1 + w.random.Int64N(20_000_000)), Currency: pick(w, currencies())}
	w.twice(c, nil)
}

func (w *World) grant(p person) {
	v := pick(w, w.vendors)
	g := journal.Grant{Campaign: v.campaigns[w.random.IntN(3)], Amount: token.Amount(1 + w.random.Int64N(2_000_000)), Currency: pick(w, currencies()), Listed: w.chance(50)}
	if w.chance(70) {
		g.Expiry = w.now + w.random.Int64N(10*24*3_600_000)
		w.after(g.Expiry-w.now, func() {
			w.do(&core.Lapse{Account: p.account, Campaign: g.Campaign, Currency: g.Currency}, nil)
		})
	}
	if g.Campaign == v.campaigns[0] {
		g.Issuer = v.id
	}
	if w.chance(60) {
		g.Vendors = []token.VendorID{v.id, w.vendors[w.random.IntN(numVendors)].id}
	}
	w.twice(&core.Grant{Account: p.account, Grant: g, Key: w.key(p.account)}, nil)
}

// boundOne sets, now and then, what one vendor may give, or all that have no bound of their own.
func (w *World) boundOne() {
	most := token.Amount(w.random.Int64N(400)) * token.PerUnit
	if w.chance(3) {
		w.bound(most)
		return
	}
	w.twice(&core.BoundIncentives{Vendor: pick(w, w.vendors).id, Currency: pick(w, currencies()), Max: most}, nil)
}

func (w *World) lapse(p person) {
	if a := w.accounts[p.account]; a != nil && len(a.Wallets) > 0 {
		wallet := pick(w, a.Wallets)
		w.do(&core.Lapse{Account: p.account, Campaign: wallet.Class.Campaign, Currency: wallet.Currency}, nil)
	}
}

func (w *World) allow(p person, v vendor) {
	w.twice(&core.Permit{Account: p.account, User: p.user, Key: w.key(p.user), GiveAllowance: &limit.Allowance{
		ID: newID[token.AllowanceKind](w), User: p.user, Vendor: v.id, Currency: pick(w, currencies()), PerPurchase: 2 * token.PerUnit,
		Period: limit.Period(1 + w.random.IntN(4)), Max: token.Amount(1+w.random.Int64N(50)) * token.PerUnit,
		Until: w.now + w.random.Int64N(90*24*3_600_000)}}, nil)
}

// limit sets a limit as the application does it: with what was spent in the window,
// summed up over the account's history, here taken from the auditor's point of view.
func (w *World) limit(p person) {
	a := w.accounts[p.account]
	if a == nil || w.random.IntN(3) == 0 {
		return
	}
	l := limit.Limit{ID: newID[token.LimitKind](w), Currency: pick(w, currencies()), Period: limit.Period(1 + w.random.IntN(4)),
		Max: token.Amount(w.random.Int64N(30)) * token.PerUnit}
	if w.chance(40) {
		l.Vendor = w.vendors[w.random.IntN(numVendors)].id
	}
	if w.chance(30) {
		l.User = p.user
	}
	if len(a.Limits) > 0 && w.chance(60) {
		w.do(&core.Permit{Account: p.account, User: p.user, Key: w.key(p.user), RemoveLimit: pick(w, a.Limits).ID}, nil)
		return
	}
	if err := w.commit(); err != nil { // what is pending might change the account
		panic(err)
	}
	l.Counter = limit.Counter{Start: l.Period.Start(w.now), End: l.Period.End(w.now), Spent: w.auditor.Spent(p.account, l, w.now)}
	w.do(&core.Permit{Account: p.account, User: p.user, Key: w.key(p.user), SetLimit: &l, AsOf: a.Seq}, nil)
}

func (w *World) permit(p person) {
	c := &core.Permit{Account: p.account, User: p.user, Key: w.key(p.user)}
	a := w.accounts[p.account]
	switch n := w.random.IntN(5); {
	case n == 0 && a != nil && len(a.Allowances) > 0:
		c.TakeAllowance = pick(w, a.Allowances).ID
	case n == 1:
		c.SetApproval = &limit.Approval{User: p.user, Currency: pick(w, currencies()), Max: token.Amount(w.random.Int64N(3)) * token.PerUnit}
	case n == 2:
		c.SetCredit = &journal.Credit{Currency: pick(w, currencies()), Line: token.Amount(w.random.Int64N(3)) * token.PerUnit}
	case n == 3:
		frozen := journal.Frozen
		good := journal.GoodStanding
		c.SetStanding = &frozen
		w.after(3_600_000, func() {
			w.do(&core.Permit{Account: p.account, User: p.user, Key: w.key(p.user), SetStanding: &good}, nil)
		})
	default:
		return
	}
	w.twice(c, nil)
}
