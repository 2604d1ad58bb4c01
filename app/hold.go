package app

import (
	"context"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/token"
)

// Capture turns a hold into a sale of as much of it as asked for, divided by the
// split version that the order names.
func (a *App) Capture(ctx context.Context, s Seller, id token.OrderID, in CaptureInput, key string, digest []byte) (view OrderView, replayed bool, err error) {
	idem, err := requestKey(s, key, "capture "+id.String(), digest)
	if err != nil {
		return OrderView{}, false, err
	}
	order, err := a.order(ctx, s, id)
	if err != nil {
		return OrderView{}, false, err
	}
	split, err := a.splitOf(ctx, order.Rule)
	if err != nil {
		return OrderView{}, false, err
	}
	return a.submit(ctx, &core.Capture{Order: id, Vendor: s.Vendor, Amount: in.Amount, Split: split, Key: idem})
}

// Release gives a hold back to the reader.
func (a *App) Release(ctx context.Context, s Seller, id token.OrderID, key string, digest []byte) (view OrderView, replayed bool, err error) {
	idem, err := requestKey(s, key, "release "+id.String(), digest)
	if err != nil {
		return OrderView{}, false, err
	}
	if _, err := a.order(ctx, s, id); err != nil {
		return OrderView{}, false, err
	}
	return a.submit(ctx, &core.Release{Order: id, Vendor: s.Vendor, Key: idem})
}
