package selling

import (
	"context"

	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/keys"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// Redeem is RedeemAt for a vendor that does not say where the ticket came to.
func (a *Selling) Redeem(ctx context.Context, s caller.Seller, ticket string, countView bool) (Redemption, error) {
	return a.RedeemAt(ctx, s, Arrival{Ticket: ticket, CountView: countView})
}

// RedeemAt opens a ticket that a reader's browser brought: once, within its two
// minutes, for the vendor that it was made for, at the address and in the browser
// session that the order was made for. What is refused uses nothing up.
func (a *Selling) RedeemAt(ctx context.Context, s caller.Seller, in Arrival) (Redemption, error) {
	c, err := a.keys.OpenTicket(ctx, s.Vendor, in.Ticket)
	if err != nil {
		return Redemption{}, a.refusedTicket(ctx, s, nil, err)
	}
	order, err := a.order(ctx, s, c.Order)
	if err == nil {
		err = bound(order, c, in)
	}
	if err != nil {
		return Redemption{}, a.refusedTicket(ctx, s, order, err)
	}
	nonce := keys.Crockford.EncodeToString(c.Nonce[:])
	done, err := a.engine.Do(ctx, &core.View{
		Order: c.Order, Vendor: s.Vendor, Once: true, Peek: !in.CountView, Key: journal.NewKey(s.Vendor, "ticket", nonce, nil),
	})
	if err != nil {
		return Redemption{}, a.refusedTicket(ctx, s, order, err)
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

// bound refuses a ticket that came to another address, or in another browser session,
// than its order was made for.
func bound(order *core.Order, c keys.Claims, in Arrival) error {
	if keys.HashURL(order.ReturnURL) != c.URL || (in.URL != "" && keys.HashURL(in.URL) != c.URL) {
		return token.Refuse(token.Forbidden, "ticket_elsewhere.address")
	}
	if order.Session != (journal.SessionMark{}) && order.Session != keys.MarkSession(order.Vendor, in.Session) {
		return token.Refuse(token.Forbidden, "ticket_elsewhere.browser")
	}
	return nil
}

// refusedTicket notes a refusal that speaks of the ticket for those concerned: the
// vendor, and the reader where the ticket told the order. It returns the refusal.
func (a *Selling) refusedTicket(ctx context.Context, s caller.Seller, order *core.Order, refusal error) error {
	event := activity.Event{Code: token.CodeOf(refusal), Vendor: s.Vendor}
	switch event.Code {
	case token.CodeTicketInvalid:
		event.Detail = "A ticket was refused: it was not made for this shop, or was altered."
	case token.CodeTicketExpired:
		event.Detail = "A ticket was refused: it was too old."
	case token.CodeTicketUsed:
		event.Detail = "A ticket was refused: it had been used before. Somebody may have copied the link, or loaded the page again."
	case token.CodeTicketElsewhere:
		event.Detail = "A ticket was refused: it came to another address, or in another browser, than the order was made for."
	default:
		return refusal
	}
	if order != nil {
		event.Order, event.User = order.ID, order.User
	}
	a.activity.Record(ctx, event)
	return refusal
}

// View counts one opening of what was bought, or answers why it may not be opened.
func (a *Selling) View(ctx context.Context, s caller.Seller, id token.OrderID, key string) (view EntitlementView, replayed bool, err error) {
	idem, err := caller.RequestKey(s, key, "view "+id.String(), nil)
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
		Order: o.ID, Terms: o.Sale.Terms, ViewsUsed: o.Use.Views, EndsAt: token.TimeAt(o.Ends()), FirstView: token.TimeAt(o.Use.FirstView),
		Unbounded: o.Sale.Terms.Times == 0,
	}
	if !v.Unbounded {
		v.ViewsLeft = v.Terms.Times - min(v.Terms.Times, v.ViewsUsed)
	}
	err := o.Usable(now)
	v.Usable, v.NotUsable = err == nil, token.CodeOf(err)
	return v
}
