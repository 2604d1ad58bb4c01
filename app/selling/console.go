package selling

import (
	"context"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/funding"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// Sales returns a page of the vendor's orders in the sequence in which they were
// paid or held, newest first, those of the sandbox among them.
func (a *Selling) Sales(ctx context.Context, v caller.Viewer, vendor token.VendorID, before string, limit int) (page []OrderView, next string, err error) {
	if _, err := a.directory.Member(ctx, v, vendor); err != nil {
		return nil, "", err
	}
	return a.orders(ctx, vendor, before, limit, func(e *journal.Entry) bool {
		return e.Kind == journal.Purchased || e.Kind == journal.HoldPlaced
	})
}

// VendorOrders returns a page of the vendor's orders, newest first, those of the
// sandbox among them.
func (a *Selling) VendorOrders(ctx context.Context, v caller.Viewer, vendor token.VendorID, before string, limit int) (page []OrderView, next string, err error) {
	if _, err := a.directory.Member(ctx, v, vendor); err != nil {
		return nil, "", err
	}
	return a.orders(ctx, vendor, before, limit, begins)
}

// VendorRoyalties returns a page of the vendor's royalty transactions, newest first,
// those of the sandbox among them.
func (a *Selling) VendorRoyalties(ctx context.Context, v caller.Viewer, vendor token.VendorID, before string, limit int) (page []RoyaltyView, next string, err error) {
	if _, err := a.directory.Member(ctx, v, vendor); err != nil {
		return nil, "", err
	}
	return a.royalties(ctx, vendor, before, limit, func(*journal.Entry) bool { return true })
}

// VendorEarnings returns what the vendor has earned; the sandbox's under TestClass.
func (a *Selling) VendorEarnings(ctx context.Context, v caller.Viewer, vendor token.VendorID) ([]funding.Balance, error) {
	if _, err := a.directory.Member(ctx, v, vendor); err != nil {
		return nil, err
	}
	return a.earnings(ctx, vendor)
}
