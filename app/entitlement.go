package app

import (
	"context"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// Redeem opens a ticket that a reader's browser brought: once, within its two
// minutes, for the vendor that it was made for. With countView it counts a view
// in the same commit.
func (a *App) Redeem(ctx context.Context, s Seller, ticket string, countView bool) (Redemption, error) {
	c, err := a.unseal(ctx, s.Vendor, ticket)
	if err != nil {
		a.log.WarnContext(ctx, "ticket refused", "vendor", s.Vendor.String(), "code", string(token.CodeOf(err)))
		return Redemption{}, err
	}
	order, err := a.order(ctx, s, c.Order)
	if err != nil {
		return Redemption{}, err
	}
	if hashURL(order.ReturnURL) != c.URL {
		return Redemption{}, token.New(token.Forbidden, token.CodeTicketInvalid, "this ticket was made for another address")
	}
	nonce := crockford.EncodeToString(c.Nonce[:])
	done, err := a.engine.Do(ctx, &core.View{
		Order: c.Order, Vendor: s.Vendor, Once: true, Peek: !countView, Key: journal.NewKey(s.Vendor, "ticket", nonce, nil),
	})
	if err != nil {
		return Redemption{}, err
	}
	if order.Status != core.Covers {
		order = done.Order
	}
	view, err := a.viewOf(ctx, order, done.Order, done.Entry.At)
	if err != nil {
		return Redemption{}, err
	}
	out := Redemption{Order: view, Reader: c.Reader}
	if view.Entitlement != nil {
		out.Entitlement = *view.Entitlement
	}
	return out, nil
}

// View counts one opening of what was bought, or answers why it may not be opened.
func (a *App) View(ctx context.Context, s Seller, id token.OrderID, key string) (view EntitlementView, replayed bool, err error) {
	idem, err := requestKey(s, key, "view "+id.String(), nil)
	if err != nil {
		return EntitlementView{}, false, err
	}
	if _, err := a.order(ctx, s, id); err != nil {
		return EntitlementView{}, false, err
	}
	out, err := a.engine.Do(ctx, &core.View{Order: id, Vendor: s.Vendor, Key: idem})
	if err != nil {
		return EntitlementView{}, false, err
	}
	order := out.Order
	if out.Replayed && order.Seq != out.Entry.Seq {
		if order, err = a.asOf(ctx, out.Entry); err != nil {
			return EntitlementView{}, false, err
		}
	}
	return entitlementAt(order, out.Entry.At), out.Replayed, nil
}

func entitlementAt(o *core.Order, now int64) EntitlementView {
	v := EntitlementView{
		Order: o.ID, Terms: o.Sale.Terms, ViewsUsed: o.Use.Views, EndsAt: when(o.Ends()), FirstView: when(o.Use.FirstView),
		Unbounded: o.Sale.Terms.Times == 0,
	}
	if !v.Unbounded {
		v.ViewsLeft = v.Terms.Times - min(v.Terms.Times, v.ViewsUsed)
	}
	err := o.Usable(now)
	v.Usable, v.NotUsable = err == nil, token.CodeOf(err)
	return v
}
