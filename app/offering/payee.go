package offering

import (
	"context"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/paging"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/token"
)

// CreatePayee adds someone who earns royalties.
func (a *Offering) CreatePayee(ctx context.Context, s caller.Seller, name string, key string, digest []byte) (payee catalog.Payee, replayed bool, err error) {
	if err := s.NeedHand("purchase_window_closed.payee"); err != nil {
		return payee, false, err
	}
	request, err := caller.CatalogRequest(s, key, "payee", digest, a.clock.Now())
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
func (a *Offering) Payees(ctx context.Context, s caller.Seller, before string, limit int) (page []catalog.Payee, next string, err error) {
	return paging.Of(before, limit, func(before token.PayeeID, limit int) ([]catalog.Payee, error) {
		return a.catalog.Payees(ctx, s.Vendor, before, limit)
	}, func(p catalog.Payee) token.PayeeID { return p.ID })
}

func (a *Offering) payee(ctx context.Context, id token.PayeeID) (catalog.Payee, error) {
	return a.payees.Get(id, func() (catalog.Payee, error) { return a.catalog.Payee(ctx, id) })
}

// PayeeName returns what a payee is called, or nothing where that cannot be told.
func (a *Offering) PayeeName(ctx context.Context, id token.PayeeID) string {
	payee, err := a.payee(ctx, id)
	if err != nil {
		return ""
	}
	return payee.Name
}
