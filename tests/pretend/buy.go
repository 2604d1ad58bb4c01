package pretend

import (
	"context"

	"farthing.dev/farthing/app/buying"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// Offer is what the shop sells by a plain form.
var Offer = id[token.OfferKind](1)

// OfferCheckout shows the offer as Checkout shows an order.
func (a *App) OfferCheckout(ctx context.Context, in buying.BuyInput, v *caller.Viewer) (buying.Checkout, error) {
	if in.Offer != Offer {
		return buying.Checkout{}, token.Refuse(token.NotFound, "not_found.offer")
	}
	c, err := a.Checkout(ctx, token.OrderID{}, v)
	c.Buy = in
	return c, err
}

// Buy buys it.
func (a *App) Buy(ctx context.Context, v caller.Viewer, in buying.BuyInput, quoted token.Amount, method journal.ConsentMethod, once string) (string, error) {
	c, err := a.OfferCheckout(ctx, in, &v)
	switch {
	case err != nil:
		return "", err
	case c.Problem != nil:
		return "", c.Problem
	case quoted != c.Price:
		return "", token.Refuse(token.Conflict, "quote_changed.not_confirmed")
	case once == "":
		return "", token.Refuse(token.Malformed, "malformed.form_changed")
	}
	a.did("buy %s %s method=%d tracking=%s", v.Email, in.Offer, method, in.Tracking)
	return a.Site + "/back?order=" + a.Open.String() + "&ticket=pretended", nil
}

// SellsAt knows the one site.
func (a *App) SellsAt(_ context.Context, offer token.OfferID, origin string) (bool, error) {
	if offer != Offer {
		return false, token.Refuse(token.NotFound, "not_found.offer")
	}
	return origin == a.Site, nil
}

// CheckOrigin refuses all other sites.
func (a *App) CheckOrigin(ctx context.Context, offer token.OfferID, origin string) error {
	known, err := a.SellsAt(ctx, offer, origin)
	if err == nil && !known {
		err = token.Refuse(token.Forbidden, "url_not_registered.form")
	}
	return err
}

// Price is the price of the offer.
func (a *App) Price(_ context.Context, offer token.OfferID) (buying.Price, error) {
	if offer != Offer {
		return buying.Price{}, token.Refuse(token.NotFound, "not_found.offer")
	}
	return buying.Price{Offer: offer, Title: "The last ferry of the season", Amount: 250_000, Currency: usd}, nil
}
