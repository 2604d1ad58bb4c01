package buying

import (
	"context"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/token"
)

// allowanceFor shows what the one who pays an order, or paid it, allows its vendor.
func (a *Buying) allowanceFor(ctx context.Context, account *core.Account, order *core.Order, user token.UserID) *AllowanceView {
	now := a.clock.Now().UnixMilli()
	given := account.Allowance(user, order.Vendor, order.Currency)
	if given == nil || now >= given.Until || order.Test {
		return nil
	}
	view := a.allowanceView(ctx, given, now)
	return &view
}
