package offering

import (
	"context"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// forgetOffers forgets offers and splits that others changed; with nil, all of them.
func (a *Offering) forgetOffers(changed *catalog.Changes) {
	if changed == nil {
		a.newestOffer.DropAll()
		a.newestSplit.DropAll()
		return
	}
	for _, id := range changed.Offers {
		a.newestOffer.Drop(id)
	}
	for _, id := range changed.Splits {
		a.newestSplit.Drop(id)
	}
}

// version names one version of a thing that does not change.
type version[ID comparable] struct {
	id     ID
	number uint32
}

// OfferVersion returns a version of an offer of whichever vendor; version 0 is the newest.
func (a *Offering) OfferVersion(ctx context.Context, id token.OfferID, number uint32) (catalog.Offer, error) {
	if number == 0 {
		return a.newestOffer.Get(id, func() (catalog.Offer, error) {
			newest, err := a.catalog.Offer(ctx, id, 0)
			if err == nil { // its sales will name the version
				a.offers.Put(version[token.OfferID]{id, newest.Version}, newest, 0)
			}
			return newest, err
		})
	}
	return a.offers.Get(version[token.OfferID]{id, number}, func() (catalog.Offer, error) { return a.catalog.Offer(ctx, id, number) })
}

// SplitVersion returns a version of a split of whichever vendor; version 0 is the newest.
func (a *Offering) SplitVersion(ctx context.Context, id token.SplitID, number uint32) (catalog.Split, error) {
	if number == 0 {
		return a.newestSplit.Get(id, func() (catalog.Split, error) {
			newest, err := a.catalog.Split(ctx, id, 0)
			if err == nil {
				a.splits.Put(version[token.SplitID]{id, newest.Version}, newest, 0)
			}
			return newest, err
		})
	}
	return a.splits.Get(version[token.SplitID]{id, number}, func() (catalog.Split, error) { return a.catalog.Split(ctx, id, number) })
}

// SplitOf returns the version of the split that a rule names.
func (a *Offering) SplitOf(ctx context.Context, rule journal.Rule) (royalty.Split, error) {
	if rule.Split.IsZero() {
		return royalty.Split{}, nil
	}
	split, err := a.SplitVersion(ctx, rule.Split, rule.Version)
	return split.Rule(), err
}

// RuleNow returns by what rule a sale of the vendor is divided if it is made now.
func (a *Offering) RuleNow(ctx context.Context, id token.VendorID, split token.SplitID) (journal.Rule, royalty.Split, error) {
	vendor, err := a.directory.VendorByID(ctx, id)
	if err != nil {
		return journal.Rule{}, royalty.Split{}, err
	}
	rule := journal.Rule{Fee: vendor.Fee}
	if split.IsZero() {
		return rule, royalty.Split{}, nil
	}
	newest, err := a.SplitVersion(ctx, split, 0)
	if err != nil || newest.Vendor != id {
		return rule, royalty.Split{}, caller.Foreign(err, "not_found.split")
	}
	rule.Split, rule.Version = newest.ID, newest.Version
	return rule, newest.Rule(), nil
}
