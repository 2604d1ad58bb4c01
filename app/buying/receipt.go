package buying

import (
	"context"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/token"
)

// ReceiptFor returns the receipt of an order that the viewer's account paid: the same
// that the vendor gets.
func (a *Buying) ReceiptFor(ctx context.Context, v caller.Viewer, id token.OrderID) (string, error) {
	order, err := a.bought(ctx, v, id)
	if err != nil {
		return "", err
	}
	return a.selling.ReceiptOf(ctx, order)
}

// bought returns an order that the viewer's account paid. Anybody else's is not there.
func (a *Buying) bought(ctx context.Context, v caller.Viewer, id token.OrderID) (*core.Order, error) {
	order, err := a.engine.Order(ctx, id)
	if err != nil || order == nil || order.Account.IsZero() || order.Account != v.Account {
		return nil, caller.Foreign(err, "not_found.purchase")
	}
	return order, nil
}
