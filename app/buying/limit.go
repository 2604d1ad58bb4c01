package buying

import (
	"context"
	"time"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/token"
)

// How often SetLimit tries while the account goes on buying, and how many of a
// period's entries it is willing to add up.
const (
	limitTries   = 8
	limitPage    = 1000
	limitEntries = 500_000
)

// toSpend is what raising a limit and the like is for.
const toSpend token.Reason = "purchase_window_closed.spend_more"

// SetLimit bounds what the viewer's account spends, in place of an earlier limit for
// the same vendor, currency and period. What was spent in the present period
// already counts. To raise a limit needs the purchase window.
func (a *Buying) SetLimit(ctx context.Context, v caller.Viewer, in LimitInput) error {
	if err := a.directory.CheckCurrency(in.Currency); err != nil {
		return err
	}
	if err := a.takePermit(v); err != nil {
		return err
	}
	if err := a.directory.KnownVendor(ctx, in.Vendor, true); err != nil {
		return err
	}
	var err error
	for range limitTries {
		if err = a.setLimit(ctx, v, in); token.CodeOf(err) != token.CodeStale {
			return err
		}
	}
	return err
}

// takePermit bounds how often an account's limits and allowances are set: each is an entry, which is
// kept for ever. What takes back is not counted.
func (a *Buying) takePermit(v caller.Viewer) error {
	return a.permits.Take(v.Account.String(), a.clock.Now())
}

func (a *Buying) setLimit(ctx context.Context, v caller.Viewer, in LimitInput) error {
	account, err := a.engine.Account(ctx, v.Account)
	if err != nil {
		return err
	}
	l := limit.Limit{Vendor: in.Vendor, Currency: in.Currency, Period: in.Period, Max: in.Max}
	for i := range account.Limits {
		known := &account.Limits[i]
		if known.User.IsZero() && known.Vendor == in.Vendor && known.Currency == in.Currency && known.Period == in.Period {
			l.ID = known.ID
			if in.Max > known.Max {
				if err := v.NeedWindow(a.clock.Now(), toSpend); err != nil {
					return err
				}
			}
		}
	}
	if l.ID.IsZero() {
		l.ID = token.NewID[token.LimitKind](a.ids)
	}
	if err := a.countSpent(ctx, account, &l, a.clock.Now().UnixMilli()); err != nil {
		return err
	}
	_, err = a.engine.Do(ctx, &core.Permit{Account: v.Account, User: v.User, SetLimit: &l, AsOf: account.Seq})
	return err
}

// countSpent fills the limit's counter with what the account spent in the period that
// now lies in, up to the entry that account stands for. It counts as the core does:
// what comes back counts at the time when it was spent.
func (a *Buying) countSpent(ctx context.Context, account *core.Account, l *limit.Limit, now int64) error {
	if l.Period == limit.PerPurchase || !l.Period.Known() {
		return nil
	}
	start := l.Period.Start(now)
	l.Counter = limit.Counter{Start: start, End: l.Period.End(now)}
	var spent token.Amount
	before := account.Seq + 1
	for range limitEntries / limitPage {
		entries, err := a.engine.Find(ctx, journal.TermAccount(account.ID), func(e *journal.Entry) bool { return e.Account == account.ID }, before, limitPage)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if e.At < start {
				l.Counter.Spent = max(0, spent)
				return nil
			}
			spent += spentBy(e, l, start)
			before = e.Seq
		}
		if len(entries) < limitPage {
			l.Counter.Spent = max(0, spent)
			return nil
		}
	}
	return token.Refuse(token.Unavailable, "unavailable.limit_uncounted")
}

// spentBy returns what an entry adds to what was spent in the period that began at
// start, as far as the limit covers it.
func spentBy(e *journal.Entry, l *limit.Limit, start int64) token.Amount {
	switch {
	case (e.Kind == journal.Purchased || e.Kind == journal.HoldPlaced) && l.Covers(e.User, e.Vendor, e.Sale.Currency):
		return e.Sale.Price
	case e.Back != nil && e.Back.PaidAt >= start && l.Covers(e.User, e.Vendor, e.Back.Currency):
		return -e.Back.Amount
	}
	return 0
}

// RemoveLimit takes a limit of the viewer's account away. It needs the purchase window.
func (a *Buying) RemoveLimit(ctx context.Context, v caller.Viewer, id token.LimitID) error {
	if id.IsZero() {
		return caller.Foreign(nil, "not_found.limit")
	}
	if err := v.NeedWindow(a.clock.Now(), toSpend); err != nil {
		return err
	}
	_, err := a.engine.Do(ctx, &core.Permit{Account: v.Account, User: v.User, RemoveLimit: id})
	return err
}

// SetApproval lets the viewer buy without being asked, up to a price; zero ends that. To
// raise it needs the purchase window.
func (a *Buying) SetApproval(ctx context.Context, v caller.Viewer, currency token.Currency, most token.Amount) error {
	if err := a.directory.CheckCurrency(currency); err != nil {
		return err
	}
	if err := a.takePermit(v); err != nil {
		return err
	}
	account, err := a.engine.Account(ctx, v.Account)
	if err != nil {
		return err
	}
	if most > account.Approval(v.User, currency) {
		if err := v.NeedWindow(a.clock.Now(), toSpend); err != nil {
			return err
		}
	}
	_, err = a.engine.Do(ctx, &core.Permit{Account: v.Account, User: v.User,
		SetApproval: &limit.Approval{User: v.User, Currency: currency, Max: most}})
	return err
}

// RaiseApproval lets the viewer buy without being asked, up to a price at least: what she
// set before stays where it is higher. It goes with a purchase, so it needs the purchase
// window as that does.
func (a *Buying) RaiseApproval(ctx context.Context, v caller.Viewer, currency token.Currency, atLeast token.Amount) error {
	if err := v.NeedWindow(a.clock.Now(), toSpend); err != nil {
		return err
	}
	account, err := a.engine.Account(ctx, v.Account)
	if err != nil {
		return err
	}
	if account.Approval(v.User, currency) >= atLeast {
		return nil
	}
	return a.SetApproval(ctx, v, currency, atLeast)
}

// maxAllowanceDays bounds for how long a vendor may be allowed to charge: ten years.
const maxAllowanceDays = 3660

// GiveAllowance lets a vendor charge the viewer's purchases without asking, in place of an
// earlier allowance for the same vendor and currency. It is as much as buying, so it
// needs the purchase window.
func (a *Buying) GiveAllowance(ctx context.Context, v caller.Viewer, in AllowanceInput) error {
	now := a.clock.Now()
	if err := v.NeedWindow(a.clock.Now(), "purchase_window_closed.allowance"); err != nil {
		return err
	}
	if err := a.directory.CheckCurrency(in.Currency); err != nil {
		return err
	}
	if err := a.directory.KnownVendor(ctx, in.Vendor, false); err != nil {
		return err
	}
	if in.Period == limit.PerPurchase || !in.Period.Known() {
		return token.Refuse(token.Unprocessable, "field_invalid.allowance_period")
	}
	if in.Days < 1 || in.Days > maxAllowanceDays {
		return token.Refuse(token.Unprocessable, "field_invalid.allowance_days", token.Number("most", maxAllowanceDays), token.Number("got", int64(in.Days)))
	}
	if err := a.takePermit(v); err != nil {
		return err
	}
	_, err := a.engine.Do(ctx, &core.Permit{Account: v.Account, User: v.User, GiveAllowance: &limit.Allowance{
		ID: token.NewID[token.AllowanceKind](a.ids), User: v.User, Vendor: in.Vendor, Currency: in.Currency,
		PerPurchase: in.PerPurchase, Period: in.Period, Max: in.Max, Until: now.Add(time.Duration(in.Days) * 24 * time.Hour).UnixMilli(),
	}})
	return err
}

// TakeAllowance ends an allowance that a user of the viewer's account gave.
func (a *Buying) TakeAllowance(ctx context.Context, v caller.Viewer, id token.AllowanceID) error {
	if id.IsZero() {
		return caller.Foreign(nil, "not_found.allowance")
	}
	_, err := a.engine.Do(ctx, &core.Permit{Account: v.Account, User: v.User, TakeAllowance: id})
	return err
}
