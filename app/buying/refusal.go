package buying

import (
	"context"

	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/token"
)

// refusedPayment notes why a payment was refused, where that is more than a matter of
// money, and returns the refusal. The vendor is not told who it was: whoever does not
// buy stays unknown to it.
func (a *Buying) refusedPayment(ctx context.Context, order *core.Order, who buyer, quoted token.Amount, refusal error) error {
	code := token.CodeOf(refusal)
	var reader, vendor string
	switch {
	case code == token.CodeQuoteChanged && quoted != order.Price:
		reader = "the price that was confirmed was not the one of this order, so nothing was charged"
		vendor = "somebody confirmed a price that is not the order's; nothing was charged"
	case code == token.CodeOrderState && order.User != who.user:
		reader = "an order that somebody else had paid was to be paid once more; nothing was charged"
		vendor = "the pay_url of an order was used by somebody else than who had paid it; nothing was charged"
	case code == token.CodeWindowClosed:
		reader = "a purchase was refused, because the last login was too long ago; nothing was charged"
	default:
		return refusal
	}
	id := order.ID
	if order.Seq == 0 {
		id = token.OrderID{} // it was never made
	}
	a.activity.Record(ctx, activity.Event{Code: code, User: who.user, Order: id, Detail: reader})
	if vendor != "" {
		a.activity.Record(ctx, activity.Event{Code: code, Vendor: order.Vendor, Order: id, Detail: vendor})
	}
	return refusal
}

// CheckOrigin refuses a form that brought a browser here from a site that the offer's
// vendor did not show to be its own. origin is as browsers write it.
func (a *Buying) CheckOrigin(ctx context.Context, id token.OfferID, origin string) error {
	known, err := a.SellsAt(ctx, id, origin)
	if err != nil || known {
		return err
	}
	if offer, err := a.offering.OfferVersion(ctx, id, 0); err == nil {
		a.activity.Record(ctx, activity.Event{Code: token.CodeURLNotAllowed, Vendor: offer.Vendor, Detail: "a form on " + origin + " tried to sell an offer of yours; it is not a site that you showed to be yours"})
	}
	return token.Refuse(token.Forbidden, "url_not_registered.form")
}
