package app

import (
	"context"
	"slices"
	"strings"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/token"
)

// Wallet shows the status of the viewer's account. Incentive tokens whose time is over are not
// in it, whether or not they have been taken away yet.
func (a *App) Wallet(ctx context.Context, v Viewer) (WalletView, error) {
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
		w.Balances = append(w.Balances, a.balance(ctx, &wallet))
	}
	slices.SortFunc(w.Balances, compareBalances)
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
	if w.Deposits, err = a.deposits(ctx, v.Account); err != nil {
		return w, err
	}
	w.Recent, _, err = a.Purchases(ctx, v, "", 10)
	return w, err
}

func (a *App) balance(ctx context.Context, w *core.Wallet) Balance {
	return Balance{
		Currency: w.Currency, Class: w.Class, Amount: w.Balance, Held: w.Held, Credit: w.Credit,
		Issuer: a.vendorName(ctx, w.Issuer), Vendors: w.Vendors, ExpiresAt: token.TimeAt(w.Expiry),
	}
}

func compareBalances(x, y Balance) int {
	if c := strings.Compare(x.Currency.String(), y.Currency.String()); c != 0 {
		return c
	}
	if x.Class.Kind != y.Class.Kind {
		return int(x.Class.Kind) - int(y.Class.Kind)
	}
	return x.Class.Campaign.Compare(y.Class.Campaign)
}

func (a *App) limitView(ctx context.Context, l *limit.Limit, now int64) LimitView {
	return LimitView{
		ID: l.ID, Vendor: l.Vendor, VendorName: a.vendorName(ctx, l.Vendor), Currency: l.Currency, Period: l.Period,
		Max: l.Max, Spent: l.Counter.At(now), FreesAt: token.TimeAt(l.Period.End(now)),
	}
}

func (a *App) allowanceView(ctx context.Context, p *limit.Allowance, now int64) AllowanceView {
	return AllowanceView{
		ID: p.ID, Vendor: p.Vendor, VendorName: a.vendorName(ctx, p.Vendor), Currency: p.Currency, PerPurchase: p.PerPurchase,
		Period: p.Period, Max: p.Max, Spent: p.Counter.At(now), FreesAt: token.TimeAt(p.Period.End(now)), Until: token.TimeAt(p.Until),
	}
}

// Purchases returns a page of what the viewer's account bought, newest first.
func (a *App) Purchases(ctx context.Context, v Viewer, before string, limit int) (page []Purchase, next string, err error) {
	from, err := parseCursor(before)
	if err != nil {
		return nil, "", err
	}
	entries, next, err := entriesOf(ctx, a.engine, journal.TermAccount(v.Account), func(e *journal.Entry) bool {
		return e.Account == v.Account && (e.Kind == journal.Purchased || e.Kind == journal.HoldPlaced)
	}, from, pageSize(limit))
	if err != nil {
		return nil, "", err
	}
	orders, err := a.ordersOf(ctx, entries)
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
func (a *App) Purchase(ctx context.Context, v Viewer, id token.OrderID) (Purchase, *AllowanceView, error) {
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

// bought returns an order that the viewer's account paid. Anybody else's is not there.
func (a *App) bought(ctx context.Context, v Viewer, id token.OrderID) (*core.Order, error) {
	order, err := a.engine.Order(ctx, id)
	if err != nil || order == nil || order.Account.IsZero() || order.Account != v.Account {
		return nil, foreign(err, "not_found.purchase")
	}
	return order, nil
}

func (a *App) purchase(ctx context.Context, o *core.Order) (Purchase, error) {
	now := a.clock.Now().UnixMilli()
	p := Purchase{
		Order: o.ID, At: token.TimeAt(o.PaidAt), Vendor: o.Vendor, VendorName: a.vendorName(ctx, o.Vendor), Title: o.Item.Title, URL: o.Item.URL,
		Price: o.Sale.Price, Currency: o.Currency, Status: statusAt(o, now), Refunded: o.Refunded, Consent: consentName(o.Sale.Consent.Method),
		ViewsUsed: o.Use.Views, ViewsTotal: o.Sale.Terms.Times, Ends: token.TimeAt(o.Ends()), Usable: o.Usable(now) == nil, Test: o.Test,
	}
	if p.Title == "" && !o.Offer.IsZero() {
		offer, err := a.offer(ctx, o.Offer, o.OfferVer)
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

// AddDemoFunds issues tokens against no money, for demonstrations. The reference
// makes it repeatable: the same one is credited once.
func (a *App) AddDemoFunds(ctx context.Context, v Viewer, currency token.Currency, amount token.Amount, reference string) error {
	if !a.demo {
		return token.Refuse(token.Forbidden, "forbidden.no_demonstration")
	}
	if err := a.currency(currency); err != nil {
		return err
	}
	if reference == "" || len(reference) > 100 {
		return token.Refuse(token.Unprocessable, "field_invalid.payment_reference")
	}
	// A form names the reference, and nobody's form shall take one from others.
	fund := journal.Fund{Amount: amount, Currency: currency, Method: "demo", Reference: v.Account.String() + " " + reference}
	_, err := a.engine.Do(ctx, &core.Fund{Account: v.Account, User: v.User, Fund: fund})
	return err
}
