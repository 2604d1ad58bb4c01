package offering

import (
	"context"

	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/token"
)

// Catalog is what the package needs of the tables of who is who and what is for sale.
type Catalog interface {
	AddOffer(ctx context.Context, offer catalog.Offer, request catalog.Request) (catalog.Made[token.OfferID], error)
	AddPayee(ctx context.Context, payee catalog.Payee, request catalog.Request) (catalog.Made[token.PayeeID], error)
	AddSplit(ctx context.Context, split catalog.Split, request catalog.Request) (catalog.Made[token.SplitID], error)
	Offer(ctx context.Context, id token.OfferID, version uint32) (catalog.Offer, error)
	Offers(ctx context.Context, vendor token.VendorID, before token.OfferID, limit int) ([]catalog.Offer, error)
	Payee(ctx context.Context, id token.PayeeID) (catalog.Payee, error)
	Payees(ctx context.Context, vendor token.VendorID, before token.PayeeID, limit int) ([]catalog.Payee, error)
	Split(ctx context.Context, id token.SplitID, version uint32) (catalog.Split, error)
	Splits(ctx context.Context, vendor token.VendorID, before token.SplitID, limit int) ([]catalog.Split, error)
}
