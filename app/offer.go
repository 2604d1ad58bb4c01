package app

import (
	"context"

	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/token"
)

// CreateOffer puts a thing up for sale.
func (a *App) CreateOffer(ctx context.Context, s Seller, in OfferInput, key string, digest []byte) (offer catalog.Offer, replayed bool, err error) {
	request, err := catalogRequest(s, key, "offer", digest, a.clock.Now())
	if err != nil {
		return offer, false, err
	}
	return a.addOffer(ctx, s, catalog.Offer{ID: token.NewID[token.OfferKind](a.ids), Version: 1}, in, request)
}

// ChangeOffer makes a new version of an offer. Sales made before keep theirs.
func (a *App) ChangeOffer(ctx context.Context, s Seller, id token.OfferID, in OfferInput, key string, digest []byte) (offer catalog.Offer, replayed bool, err error) {
	request, err := catalogRequest(s, key, "offer "+id.String(), digest, a.clock.Now())
	if err != nil {
		return offer, false, err
	}
	for range versionTries {
		newest, err := a.catalog.Offer(ctx, id, 0)
		if err != nil || newest.Vendor != s.Vendor {
			return offer, false, foreign(err, "not_found.offer")
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

func (a *App) addOffer(ctx context.Context, s Seller, offer catalog.Offer, in OfferInput, request catalog.Request) (catalog.Offer, bool, error) {
	item, err := catalog.NormalItem(in.Item)
	if err != nil {
		return offer, false, token.In("/item", err)
	}
	if err := in.Price.Positive(); err != nil {
		return offer, false, token.In("/price", err)
	}
	if err := a.currency(in.Currency); err != nil {
		return offer, false, token.In("/currency", err)
	}
	if _, _, err := a.ruleNow(ctx, s.Vendor, in.Split); err != nil {
		return offer, false, err
	}
	offer.Vendor, offer.Item, offer.Price, offer.Currency, offer.Split, offer.CreatedAt = s.Vendor, item, in.Price, in.Currency, in.Split, request.At
	made, err := a.catalog.AddOffer(ctx, offer, request)
	if err != nil {
		return offer, false, err
	}
	a.newestOffer.drop(made.ID)
	if made.Replayed {
		offer, err = a.offer(ctx, made.ID, made.Version)
	}
	return offer, made.Replayed, err
}

// Offer returns the newest version of one of the vendor's offers.
func (a *App) Offer(ctx context.Context, s Seller, id token.OfferID) (catalog.Offer, error) {
	offer, err := a.offer(ctx, id, 0)
	if err != nil || offer.Vendor != s.Vendor {
		return catalog.Offer{}, foreign(err, "not_found.offer")
	}
	return offer, nil
}

// Offers returns a page of the newest versions of the vendor's offers.
func (a *App) Offers(ctx context.Context, s Seller, before string, limit int) (page []catalog.Offer, next string, err error) {
	return pageOf(before, limit, func(before token.OfferID, limit int) ([]catalog.Offer, error) {
		return a.catalog.Offers(ctx, s.Vendor, before, limit)
	}, func(o catalog.Offer) token.OfferID { return o.ID })
}

// pageOf lists a page whose cursor is the id of the last thing on it.
func pageOf[T any, K token.Kind](before string, limit int, list func(token.ID[K], int) ([]T, error), id func(T) token.ID[K]) (page []T, next string, err error) {
	var from token.ID[K]
	if before != "" {
		if from, err = token.ParseID[K](before); err != nil {
			return nil, "", token.Refuse(token.Malformed, "malformed.cursor")
		}
	}
	size := pageSize(limit)
	page, err = list(from, size+1)
	if err == nil && len(page) > size {
		page = page[:size]
		next = id(page[size-1]).String()
	}
	return page, next, err
}
