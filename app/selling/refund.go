package selling

import (
	"context"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/token"
)

// Refund gives back a purchase, wholly or in part. Royalties and fee go back in the
// same proportion.
func (a *Selling) Refund(ctx context.Context, s caller.Seller, id token.OrderID, in RefundInput, key string, digest []byte) (view OrderView, replayed bool, err error) {
	idem, err := caller.RequestKey(s, key, "refund "+id.String(), digest)
	if err != nil {
		return OrderView{}, false, err
	}
	if err := catalog.CheckText("/reason", in.Reason, catalog.MaxReason); err != nil {
		return OrderView{}, false, err
	}
	if _, err := a.order(ctx, s, id); err != nil {
		return OrderView{}, false, err
	}
	return a.submit(ctx, &core.Refund{Order: id, Vendor: s.Vendor, Amount: in.Amount, Reason: in.Reason, Key: idem})
}
