package selling

import (
	"context"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/token"
)

// Capture turns a hold into a sale of as much of it as asked for, divided by the
// split version that the order names.
func (a *Selling) Capture(ctx context.Context, s caller.Seller, id token.OrderID, in CaptureInput, key string, digest []byte) (view OrderView, replayed bool, err error) {
	idem, err := caller.RequestKey(s, key, "capture "+id.String(), digest)
	if err != nil {
		return OrderView{}, false, err
	}
	order, err := a.order(ctx, s, id)
	if err != nil {
		return OrderView{}, false, err
	}
	split, err := a.offering.SplitOf(ctx, order.Rule)
	if err != nil {
		return OrderView{}, false, err
	}
	return a.submit(ctx, &core.Capture{Order: id, Vendor: s.Vendor, Amount: in.Amount, Split: split, Key: idem})
}

// Release gives a hold back to the reader.
func (a *Selling) Release(ctx context.Context, s caller.Seller, id token.OrderID, key string, digest []byte) (view OrderView, replayed bool, err error) {
	idem, err := caller.RequestKey(s, key, "release "+id.String(), digest)
	if err != nil {
		return OrderView{}, false, err
	}
	if _, err := a.order(ctx, s, id); err != nil {
		return OrderView{}, false, err
	}
	return a.submit(ctx, &core.Release{Order: id, Vendor: s.Vendor, Key: idem})
}
