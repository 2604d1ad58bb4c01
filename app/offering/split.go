package offering

import (
	"context"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/paging"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// CreateSplit makes a rule for dividing prices.
func (a *Offering) CreateSplit(ctx context.Context, s caller.Seller, in SplitInput, key string, digest []byte) (split catalog.Split, replayed bool, err error) {
	if err := s.NeedHand("purchase_window_closed.split"); err != nil {
		return split, false, err
	}
	request, err := caller.CatalogRequest(s, key, "split", digest, a.clock.Now())
	if err != nil {
		return split, false, err
	}
	return a.addSplit(ctx, s, catalog.Split{ID: token.NewID[token.SplitKind](a.ids), Version: 1}, in, request)
}

// ChangeSplit makes a new version of a rule. Sales and orders made before keep theirs.
func (a *Offering) ChangeSplit(ctx context.Context, s caller.Seller, id token.SplitID, in SplitInput, key string, digest []byte) (split catalog.Split, replayed bool, err error) {
	if err := s.NeedHand("purchase_window_closed.split"); err != nil {
		return split, false, err
	}
	request, err := caller.CatalogRequest(s, key, "split "+id.String(), digest, a.clock.Now())
	if err != nil {
		return split, false, err
	}
	for range versionTries {
		newest, err := a.catalog.Split(ctx, id, 0)
		if err != nil || newest.Vendor != s.Vendor {
			return split, false, caller.Foreign(err, "not_found.split")
		}
		split, replayed, err = a.addSplit(ctx, s, catalog.Split{ID: id, Version: newest.Version + 1}, in, request)
		if token.CodeOf(err) != token.CodeTaken {
			return split, replayed, err
		}
	}
	return split, false, token.Refuse(token.Conflict, "stale.split")
}

func (a *Offering) addSplit(ctx context.Context, s caller.Seller, split catalog.Split, in SplitInput, request catalog.Request) (catalog.Split, bool, error) {
	if err := catalog.CheckName("split_name", in.Name); err != nil {
		return split, false, err
	}
	split.Vendor, split.Name, split.CreatedAt = s.Vendor, in.Name, request.At
	for _, share := range in.Shares {
		split.Shares = append(split.Shares, royalty.Share{Payee: share.Payee, PPM: share.PPM, Fixed: share.Fixed, Minimum: share.Minimum, Of: share.Of})
	}
	rule := split.Rule()
	if err := rule.Validate(); err != nil {
		return split, false, err
	}
	for _, share := range split.Shares {
		payee, err := a.payee(ctx, share.Payee)
		if err != nil || payee.Vendor != s.Vendor {
			return split, false, caller.Foreign(err, "not_found.payee")
		}
	}
	made, err := a.catalog.AddSplit(ctx, split, request)
	if err != nil {
		return split, false, err
	}
	a.newestSplit.Drop(made.ID)
	if made.Replayed {
		split, err = a.SplitVersion(ctx, made.ID, made.Version)
	}
	return split, made.Replayed, err
}

// Splits returns a page of the newest versions of the vendor's splits.
func (a *Offering) Splits(ctx context.Context, s caller.Seller, before string, limit int) (page []catalog.Split, next string, err error) {
	return paging.Of(before, limit, func(before token.SplitID, limit int) ([]catalog.Split, error) {
		return a.catalog.Splits(ctx, s.Vendor, before, limit)
	}, func(s catalog.Split) token.SplitID { return s.ID })
}

// SplitInput is a rule for dividing a price.
type SplitInput struct {
	Name   string
	Shares []ShareInput
}

// ShareInput is one payee's part of it.
type ShareInput struct {
	Payee   token.PayeeID
	PPM     int64 // parts per million of the base
	Fixed   token.Amount
	Minimum token.Amount
	Of      int // 0 for a share of the price, else the number (from 1) of the share it is a part of
}
