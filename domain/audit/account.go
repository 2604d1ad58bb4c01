package audit

import (
	"time"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/token"
)

// account is what the auditor knows of one payer.
type account struct {
	wallets    []wallet
	limits     []bound
	allowances []bound
	approvals  []limit.Approval
	spending   []cell
	frozen     bool
	incentives bool      // it was given incentive tokens
	stored     *Snapshot // to be compared where the fold reaches it

	unknownTo uint64 // nobody can say how it stands before this entry is behind; zero where it is known
	partial   bool   // what was spent on single days is not known
}

type wallet struct {
	currency              token.Currency
	class                 token.Class
	balance, held, credit int64
	terms                 *journal.Grant // of incentive tokens: those under which they were given
}

// cell is what one user spent at one vendor on one day (UTC).
type cell struct {
	user, vendor uint32
	currency     token.Currency
	day          int32
	spent        int64
}

// bound is a limit, or an allowance, with what was spent in its present window.
type bound struct {
	id           [16]byte
	user, vendor uint32 // of a limit, zero is everybody
	currency     token.Currency
	period       limit.Period
	most         int64
	each         int64 // of an allowance: a purchase's most
	until        int64 // of an allowance
	from, to     int32 // the days of the window counted
	spent        int64
}

func (a *Auditor) account(id token.AccountID) *account {
	found := a.accounts[id]
	if found == nil {
		if found = a.remembered(id); found == nil {
			found = &account{}
			a.recall(id, found)
		}
		a.accounts[id] = found
	}
	if found.unknownTo != 0 && a.seq > found.unknownTo {
		*found = account{}
		a.recall(id, found)
	}
	return found
}

func (a *account) wallet(currency token.Currency, class token.Class) *wallet {
	for i := range a.wallets {
		if a.wallets[i].currency == currency && a.wallets[i].class == class {
			return &a.wallets[i]
		}
	}
	a.wallets = append(a.wallets, wallet{currency: currency, class: class})
	return &a.wallets[len(a.wallets)-1]
}

// day returns the number of the day since 1970 that at (milliseconds) lies in.
func day(at int64) int32 { return int32(at / (24 * 60 * 60 * 1000)) }

// window returns the first day of the period that a day lies in, and the first after.
func window(period limit.Period, d int32) (from, to int32) {
	switch period {
	case limit.Day:
		return d, d + 1
	case limit.Week:
		date := time.Unix(int64(d)*86400, 0).UTC()
		monday := d - int32((date.Weekday()+6)%7)
		return monday, monday + 7
	case limit.Month:
		y, m, _ := time.Unix(int64(d)*86400, 0).UTC().Date()
		return day(time.Date(y, m, 1, 0, 0, 0, 0, time.UTC).UnixMilli()), day(time.Date(y, m+1, 1, 0, 0, 0, 0, time.UTC).UnixMilli())
	}
	return 0, 0
}

// binds reports whether the limit bounds a purchase.
func (b *bound) binds(user, vendor uint32, currency token.Currency) bool {
	return b.currency == currency && (b.user == 0 || b.user == user) && (b.vendor == 0 || b.vendor == vendor)
}

// within returns what was spent in the window that a day lies in.
func (b *bound) within(d int32) int64 {
	if d >= b.from && d < b.to {
		return b.spent
	}
	return 0
}

// count adds what was spent on a day, or takes back what was given back of it. A day
// before the window counted is over and changes nothing.
func (b *bound) count(d int32, amount int64) {
	if b.period == limit.PerPurchase || d < b.from {
		return
	}
	if d >= b.to {
		b.from, b.to = window(b.period, d)
		b.spent = 0
	}
	b.spent = max(0, b.spent+amount)
}

// spend counts a purchase, or what comes back of one, on the day it was made.
func (a *account) spend(user, vendor, allowance uint32, allowanceID [16]byte, currency token.Currency, d int32, amount int64) {
	for i := range a.limits {
		if a.limits[i].binds(user, vendor, currency) {
			a.limits[i].count(d, amount)
		}
	}
	if allowance != 0 {
		for i := range a.allowances {
			if a.allowances[i].id == allowanceID {
				a.allowances[i].count(d, amount)
			}
		}
	}
	for i := range a.spending {
		c := &a.spending[i]
		if c.day == d && c.vendor == vendor && c.user == user && c.currency == currency {
			c.spent += amount
			return
		}
	}
	a.forget(d)
	a.spending = append(a.spending, cell{user: user, vendor: vendor, currency: currency, day: d, spent: amount})
}

// forget drops days that no window can reach any more.
func (a *account) forget(d int32) {
	const longest = 31
	if len(a.spending) == 0 || a.spending[0].day >= d-longest {
		return
	}
	kept := a.spending[:0]
	for _, c := range a.spending {
		if c.day >= d-longest {
			kept = append(kept, c)
		}
	}
	a.spending = kept
}

// spentIn sums what was spent under a limit in the window that a day lies in.
func (a *account) spentIn(b *bound, d int32) int64 {
	from, to := window(b.period, d)
	var sum int64
	for i := range a.spending {
		c := &a.spending[i]
		if c.day >= from && c.day < to && b.binds(c.user, c.vendor, c.currency) {
			sum += c.spent
		}
	}
	return sum
}

// Spent returns what the entries so far spent under a limit in the window that at lies
// in: what an entry that sets the limit must say.
func (a *Auditor) Spent(id token.AccountID, l limit.Limit, at int64) token.Amount {
	acc := a.accounts[id]
	if acc == nil || l.Period == limit.PerPurchase {
		return 0
	}
	b := bound{user: a.ids.number(l.User), vendor: a.ids.number(l.Vendor), currency: l.Currency, period: l.Period}
	return token.Amount(max(0, acc.spentIn(&b, day(at))))
}

// permission follows a change of what an account may do.
func (a *Auditor) permission(e *journal.Entry, acc *account) {
	if !hasPart(e) {
		a.report.Fault(SequenceWhole, "entry %d (%s) does not say what it changes", e.Seq, e.Kind)
		return
	}
	switch e.Kind {
	case journal.LimitSet:
		a.limitSet(e, acc)
	case journal.LimitRemoved:
		acc.limits = remove(acc.limits, e.Limit.ID)
	case journal.AllowanceGranted:
		a.allowanceGranted(e, acc)
	case journal.AllowanceRevoked:
		acc.allowances = remove(acc.allowances, e.Allowance.ID)
	case journal.ApprovalSet:
		for i := range acc.approvals {
			if acc.approvals[i].User == e.Approval.User && acc.approvals[i].Currency == e.Approval.Currency {
				acc.approvals = append(acc.approvals[:i], acc.approvals[i+1:]...)
				break
			}
		}
		if e.Approval.Max > 0 {
			acc.approvals = append(acc.approvals, *e.Approval)
		}
	case journal.CreditSet:
		acc.wallet(e.Credit.Currency, token.PurchasedClass).credit = int64(e.Credit.Line)
	case journal.StandingSet:
		acc.frozen = e.Standing == journal.Frozen
	}
}

// hasPart reports whether the entry has the part that its kind is about.
func hasPart(e *journal.Entry) bool {
	switch e.Kind {
	case journal.LimitSet, journal.LimitRemoved:
		return e.Limit != nil
	case journal.AllowanceGranted, journal.AllowanceRevoked:
		return e.Allowance != nil
	case journal.ApprovalSet:
		return e.Approval != nil
	case journal.CreditSet:
		return e.Credit != nil
	}
	return true
}

// limitSet takes up a limit, with what was spent in its window before, which the
// entry must say too.
func (a *Auditor) limitSet(e *journal.Entry, acc *account) {
	l, d := e.Limit, day(e.At)
	b := bound{id: l.ID, user: a.ids.number(l.User), vendor: a.ids.number(l.Vendor), currency: l.Currency, period: l.Period, most: int64(l.Max)}
	if b.period != limit.PerPurchase {
		b.from, b.to = window(b.period, d)
		b.spent = acc.spentIn(&b, d)
		if acc.partial {
			b.spent = int64(l.Counter.At(e.At))
		}
		a.report.Checked(Limits, 1)
		if said := int64(l.Counter.At(e.At)); said != max(0, b.spent) {
			a.report.Fault(Limits, "entry %d sets limit %s as if %d had been spent in its window, not %d", e.Seq, l.ID, said, b.spent)
		}
	}
	acc.limits = append(remove(acc.limits, b.id), b)
}

// allowanceGranted takes up an allowance. One that takes the place of another of the
// same period goes on counting where that one stood.
func (a *Auditor) allowanceGranted(e *journal.Entry, acc *account) {
	p := e.Allowance
	b := bound{id: p.ID, user: a.ids.number(p.User), vendor: a.ids.number(p.Vendor), currency: p.Currency, period: p.Period,
		most: int64(p.Max), each: int64(p.PerPurchase), until: p.Until}
	for i := range acc.allowances {
		before := &acc.allowances[i]
		if before.user != b.user || before.vendor != b.vendor || before.currency != b.currency {
			continue
		}
		if before.period == b.period {
			b.from, b.to, b.spent = before.from, before.to, before.spent
		}
		acc.allowances = remove(acc.allowances, before.id)
		break
	}
	a.report.Checked(Limits, 1)
	if said, is := int64(p.Counter.At(e.At)), b.within(day(e.At)); said != is {
		a.report.Fault(Limits, "entry %d grants allowance %s as if %d had been spent under it, not %d", e.Seq, p.ID, said, is)
	}
	acc.allowances = append(acc.allowances, b)
}

func remove(bounds []bound, id [16]byte) []bound {
	for i := range bounds {
		if bounds[i].id == id {
			return append(bounds[:i], bounds[i+1:]...)
		}
	}
	return bounds
}
