package activity

import (
	"context"

	"farthing.dev/farthing/domain/security"
	"farthing.dev/farthing/token"
)

// Catalog is what the package needs of the tables of who is who and what is for sale.
type Catalog interface {
	AddEvents(ctx context.Context, events []security.Event) error
	DropEventsBefore(ctx context.Context, at int64) error
	EventsOfUser(ctx context.Context, user token.UserID, before token.EventID, limit int) ([]security.Event, error)
	EventsOfVendor(ctx context.Context, vendor token.VendorID, before token.EventID, limit int) ([]security.Event, error)
}
