package offering

import (
	"context"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/paging"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// CreateOffer puts a thing up for sale.
func (a *Offering) CreateOffer(ctx context.Context, s caller.Seller, in OfferInput, key string, digest []byte) (offer catalog.Offer, replayed bool, err error) {
	request, err := caller.CatalogRequest(s, key, "offer", digest, a.clock.Now())
	if err != nil {
		return offer, false, err
	}
	return a.addOffer(ctx, s, catalog.Offer{ID: token.NewID[token.OfferKind](a.ids), Version: 1}, in, request)
}

// ChangeOffer makes a new version of an offer. Sales made before keep theirs.
func (a *Offering) ChangeOffer(ctx context.Context, s caller.Seller, id token.OfferID, in OfferInput, key string, digest []byte) (offer catalog.Offer, replayed bool, err error) {
	request, err := caller.CatalogRequest(s, key, "offer "+id.String(), digest, a.clock.Now())
	if err != nil {
		return offer, false, err
	}
	for range versionTries {
		newest, err := a.catalog.Offer(ctx, id, 0)
		if err != nil || newest.Vendor != s.Vendor {
			return offer, false, caller.Foreign(err, "not_found.offer")
		}
		offer, replayed, err = a.addOffer(ctx, s, catalog.Offer{ID: id, Version: newest.Version + 1}, in, request)
		if token.CodeOf(err) != token.CodeTaken {
			return offer, replayed, err
		}
	}
	return offer, false, token.Refuse(token.Conflict, "stale.offer")
}

// versionTries bounds how often a new version is tried while others make versions too.
const versionTries = 4

func (a *Offering) addOffer(ctx context.Context, s caller.Seller, offer catalog.Offer, in OfferInput, request catalog.Request) (catalog.Offer, bool, error) {
	item, err := catalog.NormalItem(in.Item)
	if err != nil {
		return offer, false, token.In("/item", err)
	}
	if err := in.Price.Positive(); err != nil {
		return offer, false, token.In("/price", err)
	}
	if err := a.directory.CheckCurrency(in.Currency); err != nil {
		return offer, false, token.In("/currency", err)
	}
	if _, _, err := a.RuleNow(ctx, s.Vendor, in.Split); err != nil {
		return offer, false, err
	}
	offer.Vendor, offer.Item, offer.Price, offer.Currency, offer.Split, offer.CreatedAt = s.Vendor, item, in.Price, in.Currency, in.Split, request.At
	made, err := a.catalog.AddOffer(ctx, offer, request)
	if err != nil {
		return offer, false, err
	}
	a.newestOffer.Drop(made.ID)
	if made.Replayed {
		offer, err = a.OfferVersion(ctx, made.ID, made.Version)
	}
	return offer, made.Replayed, err
}

// Offer returns the newest version of one of the vendor's offers.
func (a *Offering) Offer(ctx context.Context, s caller.Seller, id token.OfferID) (catalog.Offer, error) {
	offer, err := a.OfferVersion(ctx, id, 0)
	if err != nil || offer.Vendor != s.Vendor {
		return catalog.Offer{}, caller.Foreign(err, "not_found.offer")
	}
	return offer, nil
}

// Offers returns a page of the newest versions of the vendor's offers.
func (a *Offering) Offers(ctx context.Context, s caller.Seller, before string, limit int) (page []catalog.Offer, next string, err error) {
	return paging.Of(before, limit, func(before token.OfferID, limit int) ([]catalog.Offer, error) {
		return a.catalog.Offers(ctx, s.Vendor, before, limit)
	}, func(o catalog.Offer) token.OfferID { return o.ID })
}

// OfferInput is a thing for sale.
type OfferInput struct {
	Item     journal.Item
	Price    token.Amount
	Currency token.Currency
	Split    token.SplitID
}
