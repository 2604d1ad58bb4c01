package audit

import (
	"farthing.dev/farthing/domain/entitlement"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// status is where an order stands.
type status uint8

const (
	open status = iota + 1
	onHold
	paid
	freed
	reversed
	covered
)

// order is what the auditor remembers of one order, for as long as the audit lasts:
// a refund may come at any time. It is kept small; what few orders have is in more.
type order struct {
	price  int64 // charged, or held, or asked while open
	paidAt int64
	until  int64  // while open: when it expires; while on hold: when that ends
	first  int64  // first view
	item   uint64 // what stands for the item that it is for, see itemOf

	account, user, vendor, allowance uint32 // numbers of ids
	rule, terms                      uint32 // numbers in the auditor's tables
	views                            uint32
	currency                         token.Currency
	status                           status
	manual, test                     bool
	hours                            uint16 // of a hold
	more                             uint32 // where the rest is; zero where there is none
}

// more is what only orders with incentive tokens, refunds, or a rule that nobody
// knows have.
type more struct {
	refunded  int64
	sources   []journal.Source
	grants    []journal.Grant
	campaigns []token.CampaignID // while open: which the item lists
	sale      *parts             // where the rule does not tell it
	back      []int64            // given back so far: fee, lines, net
}

// rest returns what only few orders have, empty where this one has none.
func (t *orders) rest(o *order) more {
	if o.more == 0 {
		return more{}
	}
	return *t.rests[o.more-1]
}

// extra is rest for changing it.
func (t *orders) extra(o *order) *more {
	if o.more == 0 {
		t.rests = append(t.rests, &more{})
		o.more = uint32(len(t.rests))
	}
	return t.rests[o.more-1]
}

// sources returns what pays or paid the order.
func (t *orders) sources(o *order) []journal.Source {
	if sources := t.rest(o).sources; len(sources) > 0 {
		return sources
	}
	return []journal.Source{{Amount: token.Amount(o.price)}}
}

// earned is the class in which vendor, payees and provider earn.
func (o *order) earned() token.Class {
	if o.test {
		return token.TestClass
	}
	return token.PurchasedClass
}

// orders holds all orders in slabs without a pointer in them, so that ten million of
// them are nothing for the garbage collector to look after.
type orders struct {
	byID  map[token.OrderID]uint32
	slabs [][]order
	count uint32
	rests []*more
}

const slabSize = 256 // not more: an auditor that resumes makes one for each order that it asks the past about

func (t *orders) find(id token.OrderID) *order {
	n, ok := t.byID[id]
	if !ok {
		return nil
	}
	return &t.slabs[n/slabSize][n%slabSize]
}

func (t *orders) add(id token.OrderID) *order {
	if t.count%slabSize == 0 {
		t.slabs = append(t.slabs, make([]order, slabSize))
	}
	n := t.count
	t.count++
	t.byID[id] = n
	return &t.slabs[n/slabSize][n%slabSize]
}

// table numbers values, so that a record keeps a number in place of a value.
type table[T comparable] struct {
	numbers map[T]uint32
	values  []T
}

func newTable[T comparable]() table[T] {
	t := table[T]{numbers: map[T]uint32{}}
	var zero T
	t.number(zero) // so the number of nothing is 0
	return t
}

func (t *table[T]) number(value T) uint32 {
	n, ok := t.numbers[value]
	if !ok {
		n = uint32(len(t.values))
		t.numbers[value] = n
		t.values = append(t.values, value)
	}
	return n
}

// division returns what the order's price divides into, by the rule version that it
// names; false where nobody knows that version.
func (a *Auditor) division(price int64, number uint32) (parts, bool) {
	rule := a.ruleTable.values[number]
	if rule.Split.IsZero() {
		return divide(price, rule.Fee, royalty.Split{}), true
	}
	split, ok := a.splits[number]
	if !ok {
		found := false
		if split, found = a.rules(rule.Split, rule.Version); !found {
			return parts{}, false
		}
		a.splits[number] = split
	}
	return divide(price, rule.Fee, split), true
}

// opened records an order that a vendor's server created.
func (a *Auditor) opened(e *journal.Entry) {
	if e.Opened == nil {
		a.report.Fault(OneDebit, "entry %d opens an order without saying what for", e.Seq)
		return
	}
	if a.orders.find(e.Order) != nil {
		a.report.Fault(OneDebit, "entry %d opens order %s a second time", e.Seq, e.Order)
		return
	}
	if e.Opened.Price <= 0 {
		a.report.Fault(OneDebit, "entry %d opens an order with a price of %d", e.Seq, e.Opened.Price)
	}
	o := a.orders.add(e.Order)
	o.price, o.until, o.currency, o.status = int64(e.Opened.Price), e.Opened.ExpiresAt, e.Opened.Currency, open
	o.vendor, o.rule, o.terms = a.ids.number(e.Vendor), a.ruleTable.number(e.Opened.Rule), a.termsTable.number(e.Opened.Item.Terms)
	o.manual, o.test = e.Opened.Manual, e.Opened.Test
	o.item, o.hours = itemOf(&e.Opened.Item), uint16(e.Opened.HoldHours)
	if len(e.Opened.Item.Campaigns) > 0 {
		a.orders.extra(o).campaigns = e.Opened.Item.Campaigns
	}
}

// ends returns from when on an order opens nothing any more, 0 for never.
func (a *Auditor) ends(o *order) int64 {
	const hour = int64(60 * 60 * 1000)
	terms := a.termsTable.values[o.terms]
	end := int64(1<<63 - 1)
	if terms.Hours > 0 && o.first > 0 {
		end = min(end, o.first+int64(terms.Hours)*hour)
	}
	if terms.Days > 0 {
		end = min(end, o.paidAt+int64(terms.Days)*24*hour)
	}
	if terms.Expiry > 0 {
		end = min(end, terms.Expiry)
	}
	if o.status == onHold {
		end = min(end, o.until)
	}
	return end
}

// viewed checks an opening against the terms of its purchase.
func (a *Auditor) viewed(e *journal.Entry) {
	a.report.Checked(Entitlements, 1)
	o := a.order(e.Order)
	switch {
	case o == nil:
		a.report.Fault(Entitlements, "entry %d is a view of order %s, which does not exist", e.Seq, e.Order)
		return
	case o.status != paid && o.status != onHold:
		a.report.Fault(Entitlements, "entry %d is a view of order %s, which opens nothing: it is unpaid, refunded or released", e.Seq, e.Order)
		return
	case a.ids.number(e.Vendor) != o.vendor:
		a.report.Fault(Entitlements, "entry %d is a view at another vendor than that of order %s", e.Seq, e.Order)
	case e.At >= a.ends(o):
		a.report.Fault(Entitlements, "entry %d is a view of order %s after its time", e.Seq, e.Order)
	}
	if e.First != o.first && e.First != 0 { // old journals do not say it
		a.report.Fault(Entitlements, "entry %d says that the first view of order %s was at %d, and it was at %d", e.Seq, e.Order, e.First, o.first)
	}
	if e.View == o.views && !e.Key.IsZero() {
		a.viewable(e, o, o.views+1) // a ticket was used up and no view counted, but one must have been left
		return
	}
	if e.View != o.views+1 {
		a.report.Fault(Entitlements, "entry %d is view %d of order %s after view %d", e.Seq, e.View, e.Order, o.views)
	}
	a.viewable(e, o, e.View)
	o.views = e.View
	if o.first == 0 {
		o.first = e.At
	}
}

func (a *Auditor) viewable(e *journal.Entry, o *order, view uint32) {
	if times := a.termsTable.values[o.terms].Times; times > 0 && view > times {
		a.report.Fault(Entitlements, "entry %d is view %d of order %s, which gives %d", e.Seq, view, e.Order, times)
	}
}

// covers checks an order that needed no charge.
func (a *Auditor) covers(e *journal.Entry) {
	a.report.Checked(Entitlements, 1)
	by := a.order(e.By)
	if by == nil || (by.status != paid && by.status != onHold) || e.At >= a.ends(by) {
		a.report.Fault(Entitlements, "entry %d: order %s is covered by %s, which opens nothing", e.Seq, e.Order, e.By)
		return
	}
	if a.ids.number(e.Account) != by.account || a.ids.number(e.Vendor) != by.vendor {
		a.report.Fault(Entitlements, "entry %d: order %s is covered by another account's or vendor's", e.Seq, e.Order)
	}
	if times := a.termsTable.values[by.terms].Times; times > 0 && by.views >= times {
		a.report.Fault(Entitlements, "entry %d: order %s is covered by %s, whose views are used up", e.Seq, e.Order, e.By)
	}
	if e.By == e.Order {
		return
	}
	o := a.order(e.Order)
	if o == nil || o.status != open || o.test != by.test {
		a.report.Fault(Entitlements, "entry %d covers order %s, which is not open", e.Seq, e.Order)
		return
	}
	o.status = covered
}

// tables of what orders share.
type shared struct {
	ids        table[[16]byte]
	ruleTable  table[journal.Rule]
	termsTable table[entitlement.Terms]
	splits     map[uint32]royalty.Split
}
