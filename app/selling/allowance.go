package selling

import (
	"context"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/token"
)

// Coverage is whether an allowance would cover an offer, and which version of it.
type Coverage struct {
	Allowed bool
	Version uint32
}

// Allowed tells a vendor whether a reader gave it an allowance that would cover the
// offer now: yes or no, and nothing about its bounds or about the reader's funds and
// limits, by which CreatePurchase may still refuse. With the version that is returned,
// CreatePurchase buys what was looked at here, or nothing.
func (a *Selling) Allowed(ctx context.Context, s caller.Seller, id token.OfferID, reader token.ReaderID) (Coverage, error) {
	offer, err := a.offering.Offer(ctx, s, id)
	if err != nil {
		return Coverage{}, err
	}
	user, account, err := a.directory.Payer(ctx, s, reader)
	if err != nil {
		return Coverage{}, err
	}
	payer, err := a.engine.Account(ctx, account)
	if err != nil {
		return Coverage{}, err
	}
	yes := payer.Allows(user, s.Vendor, offer.Price, offer.Currency, a.clock.Now().UnixMilli())
	return Coverage{Allowed: yes, Version: offer.Version}, nil
}
