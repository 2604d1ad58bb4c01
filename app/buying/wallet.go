package buying

import (
	"context"
	"slices"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/funding"
	"farthing.dev/farthing/app/paging"
	"farthing.dev/farthing/app/selling"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/token"
)

// Wallet shows the status of the viewer's account. Incentive tokens whose time is over are not
// in it, whether or not they have been taken away yet.
func (a *Buying) Wallet(ctx context.Context, v caller.Viewer) (WalletView, error) {
	account, err := a.engine.Account(ctx, v.Account)
	if err != nil {
		return WalletView{}, err
	}
	now := a.clock.Now().UnixMilli()
	w := WalletView{Frozen: account.Standing == journal.Frozen}
	for i := range account.Wallets {
		wallet := account.Wallets[i]
		if wallet.Expired(now) {
			if wallet.Balance = 0; wallet.Held == 0 {
				continue
			}
		}
		w.Balances = append(w.Balances, a.funding.BalanceOf(ctx, &wallet))
	}
	slices.SortFunc(w.Balances, funding.CompareBalances)
	for i := range account.Limits {
		w.Limits = append(w.Limits, a.limitView(ctx, &account.Limits[i], now))
	}
	for i := range account.Allowances {
		if p := &account.Allowances[i]; now < p.Until {
			w.Allowances = append(w.Allowances, a.allowanceView(ctx, p, now))
		}
	}
	for _, approval := range account.Approvals {
		if approval.User == v.User {
			w.Approvals = append(w.Approvals, ApprovalView{Currency: approval.Currency, Max: approval.Max})
		}
	}
	if w.Deposits, err = a.funding.Deposits(ctx, v.Account); err != nil {
		return w, err
	}
	w.Recent, _, err = a.Purchases(ctx, v, "", 10)
	return w, err
}

func (a *Buying) limitView(ctx context.Context, l *limit.Limit, now int64) LimitView {
	return LimitView{
		ID: l.ID, Vendor: l.Vendor, VendorName: a.directory.VendorName(ctx, l.Vendor), Currency: l.Currency, Period: l.Period,
		Max: l.Max, Spent: l.Counter.At(now), FreesAt: token.TimeAt(l.Period.End(now)),
	}
}

func (a *Buying) allowanceView(ctx context.Context, p *limit.Allowance, now int64) AllowanceView {
	return AllowanceView{
		ID: p.ID, Vendor: p.Vendor, VendorName: a.directory.VendorName(ctx, p.Vendor), Currency: p.Currency, PerPurchase: p.PerPurchase,
		Period: p.Period, Max: p.Max, Spent: p.Counter.At(now), FreesAt: token.TimeAt(p.Period.End(now)), Until: token.TimeAt(p.Until),
	}
}

// Purchases returns a page of what the viewer's account bought, newest first.
func (a *Buying) Purchases(ctx context.Context, v caller.Viewer, before string, limit int) (page []Purchase, next string, err error) {
	from, err := paging.ParseCursor(before)
	if err != nil {
		return nil, "", err
	}
	entries, next, err := paging.Entries(ctx, a.engine, journal.TermAccount(v.Account), func(e *journal.Entry) bool {
		return e.Account == v.Account && (e.Kind == journal.Purchased || e.Kind == journal.HoldPlaced)
	}, from, paging.Size(limit))
	if err != nil {
		return nil, "", err
	}
	orders, err := a.selling.OrdersOf(ctx, entries)
	if err != nil {
		return nil, "", err
	}
	for _, order := range orders {
		purchase, err := a.purchase(ctx, order)
		if err != nil {
			return nil, "", err
		}
		page = append(page, purchase)
	}
	return page, next, nil
}

// Purchase returns one thing that the viewer's account bought. Where it was charged under
// an allowance, it comes with the one that the vendor has now, if there still is one.
func (a *Buying) Purchase(ctx context.Context, v caller.Viewer, id token.OrderID) (Purchase, *AllowanceView, error) {
	order, err := a.bought(ctx, v, id)
	if err != nil {
		return Purchase{}, nil, err
	}
	purchase, err := a.purchase(ctx, order)
	if err != nil || order.Sale.Consent.Method != journal.ByAllowance {
		return purchase, nil, err
	}
	account, err := a.engine.Account(ctx, v.Account)
	if err != nil {
		return purchase, nil, err
	}
	return purchase, a.allowanceFor(ctx, account, order, order.User), nil
}

func (a *Buying) purchase(ctx context.Context, o *core.Order) (Purchase, error) {
	now := a.clock.Now().UnixMilli()
	p := Purchase{
		Order: o.ID, At: token.TimeAt(o.PaidAt), Vendor: o.Vendor, VendorName: a.directory.VendorName(ctx, o.Vendor), Title: o.Item.Title, URL: o.Item.URL,
		Price: o.Sale.Price, Currency: o.Currency, Status: selling.StatusAt(o, now), Refunded: o.Refunded, Consent: consentName(o.Sale.Consent.Method),
		ViewsUsed: o.Use.Views, ViewsTotal: o.Sale.Terms.Times, Ends: token.TimeAt(o.Ends()), Usable: o.Usable(now) == nil, Test: o.Test,
	}
	if p.Title == "" && !o.Offer.IsZero() {
		offer, err := a.offering.OfferVersion(ctx, o.Offer, o.OfferVer)
		if err != nil {
			return p, err
		}
		p.Title, p.URL = offer.Item.Title, offer.Item.URL
	}
	return p, nil
}

func consentName(m journal.ConsentMethod) string {
	switch m {
	case journal.ByClick:
		return "click"
	case journal.ByApproval:
		return "approval"
	case journal.ByAllowance:
		return "allowance"
	case journal.ByTest:
		return "test"
	}
	return ""
}
