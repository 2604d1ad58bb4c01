package selling

import (
	"context"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// CreatePurchase buys an offer for a reader who gave the vendor an allowance: one
// call from server to server. What the reader owns already is answered with the
// purchase that gives it, its own id in CoveredBy, and costs nothing.
//
// This is the path that machines take by the thousand: when the caches are warm,
// it does nothing but arithmetic outside the engine.
func (a *Selling) CreatePurchase(ctx context.Context, s caller.Seller, in PurchaseInput, key string, digest []byte) (view OrderView, replayed bool, err error) {
	idem, err := caller.RequestKey(s, key, "purchase", digest)
	if err != nil {
		return OrderView{}, false, err
	}
	command := core.Charge{ID: token.NewID[token.OrderKind](a.ids), Vendor: s.Vendor, Key: idem}
	if err := a.prepare(ctx, s, in, &command); err != nil {
		return a.replayOr(ctx, idem, err)
	}
	return a.submit(ctx, &command)
}

// prepare fills in who pays, what for, and how the price is divided.
func (a *Selling) prepare(ctx context.Context, s caller.Seller, in PurchaseInput, c *core.Charge) error {
	if err := catalog.CheckText("/tracking", in.Tracking, catalog.MaxTracking); err != nil {
		return err
	}
	offer, err := a.offering.Offer(ctx, s, in.Offer)
	if err != nil {
		return err
	}
	if in.Version != 0 && in.Version != offer.Version {
		return token.Refuse(token.Conflict, "offer_changed.version", token.Number("version", int64(offer.Version)), token.Number("got", int64(in.Version)))
	}
	if c.User, c.Account, err = a.directory.Payer(ctx, s, in.Reader); err != nil {
		return err
	}
	rule, split, err := a.offering.RuleNow(ctx, s.Vendor, offer.Split)
	if err != nil {
		return err
	}
	c.Item, c.Campaigns, c.Split = offer.Item.Hash(), offer.Item.Campaigns, split
	c.Sale = journal.Sale{
		Price: offer.Price, Currency: offer.Currency, Rule: rule, Terms: offer.Item.Terms,
		Offer: offer.ID, OfferVer: offer.Version, Tracking: in.Tracking, Test: s.Test,
	}
	return nil
}
