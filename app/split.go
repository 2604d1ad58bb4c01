package app

import (
	"context"

	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// CreateSplit makes a rule for dividing prices.
func (a *App) CreateSplit(ctx context.Context, s Seller, in SplitInput, key string, digest []byte) (split catalog.Split, replayed bool, err error) {
	if err := s.needHand("purchase_window_closed.split"); err != nil {
		return split, false, err
	}
	request, err := catalogRequest(s, key, "split", digest, a.clock.Now())
	if err != nil {
		return split, false, err
	}
	return a.addSplit(ctx, s, catalog.Split{ID: token.NewID[token.SplitKind](a.ids), Version: 1}, in, request)
}

// ChangeSplit makes a new version of a rule. Sales and orders made before keep theirs.
func (a *App) ChangeSplit(ctx context.Context, s Seller, id token.SplitID, in SplitInput, key string, digest []byte) (split catalog.Split, replayed bool, err error) {
	if err := s.needHand("purchase_window_closed.split"); err != nil {
		return split, false, err
	}
	request, err := catalogRequest(s, key, "split "+id.String(), digest, a.clock.Now())
	if err != nil {
		return split, false, err
	}
	for range versionTries {
		newest, err := a.catalog.Split(ctx, id, 0)
		if err != nil || newest.Vendor != s.Vendor {
			return split, false, foreign(err, "not_found.split")
		}
		split, replayed, err = a.addSplit(ctx, s, catalog.Split{ID: id, Version: newest.Version + 1}, in, request)
		if token.CodeOf(err) != token.CodeTaken {
			return split, replayed, err
		}
	}
	return split, false, token.Refuse(token.Conflict, "stale.split")
}

func (a *App) addSplit(ctx context.Context, s Seller, split catalog.Split, in SplitInput, request catalog.Request) (catalog.Split, bool, error) {
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
			return split, false, foreign(err, "not_found.payee")
		}
	}
	made, err := a.catalog.AddSplit(ctx, split, request)
	if err != nil {
		return split, false, err
	}
	a.newestSplit.drop(made.ID)
	if made.Replayed {
		split, err = a.split(ctx, made.ID, made.Version)
	}
	return split, made.Replayed, err
}

// Splits returns a page of the newest versions of the vendor's splits.
func (a *App) Splits(ctx context.Context, s Seller, before string, limit int) (page []catalog.Split, next string, err error) {
	return pageOf(before, limit, func(before token.SplitID, limit int) ([]catalog.Split, error) {
		return a.catalog.Splits(ctx, s.Vendor, before, limit)
	}, func(s catalog.Split) token.SplitID { return s.ID })
}

// CreatePayee adds someone who earns royalties.
func (a *App) CreatePayee(ctx context.Context, s Seller, name string, key string, digest []byte) (payee catalog.Payee, replayed bool, err error) {
	if err := s.needHand("purchase_window_closed.payee"); err != nil {
		return payee, false, err
	}
	request, err := catalogRequest(s, key, "payee", digest, a.clock.Now())
	if err != nil {
		return payee, false, err
	}
	if err := catalog.CheckName("payee_name", name); err != nil {
		return payee, false, err
	}
	payee = catalog.Payee{ID: token.NewID[token.PayeeKind](a.ids), Vendor: s.Vendor, Name: name, CreatedAt: request.At}
	made, err := a.catalog.AddPayee(ctx, payee, request)
	if err == nil && made.Replayed {
		payee, err = a.catalog.Payee(ctx, made.ID)
	}
	return payee, made.Replayed, err
}

// Payees returns a page of those who earn royalties.
func (a *App) Payees(ctx context.Context, s Seller, before string, limit int) (page []catalog.Payee, next string, err error) {
	return pageOf(before, limit, func(before token.PayeeID, limit int) ([]catalog.Payee, error) {
		return a.catalog.Payees(ctx, s.Vendor, before, limit)
	}, func(p catalog.Payee) token.PayeeID { return p.ID })
}

func (a *App) payee(ctx context.Context, id token.PayeeID) (catalog.Payee, error) {
	return a.payees.get(id, func() (catalog.Payee, error) { return a.catalog.Payee(ctx, id) })
}

// payeeName returns what a payee is called, or nothing where that cannot be told.
func (a *App) payeeName(ctx context.Context, id token.PayeeID) string {
	payee, err := a.payee(ctx, id)
	if err != nil {
		return ""
	}
	return payee.Name
}
