// Package security is the security log: what was refused for safety's sake, and what
// happened around an account that its owner should know of.
package security

import (
	"context"

	"farthing.dev/farthing/token"
)

// The bounds of what an event holds, in bytes.
const (
	MaxCode   = 64
	MaxDetail = 300
)

// Event is one line of the log. It holds ids and no personal data: users see those that
// name them, vendors those that name them, operators all.
type Event struct {
	ID     token.EventID
	At     int64          // milliseconds since 1970, when it happened the first time
	Code   token.Code     // the stable name of what happened
	Vendor token.VendorID // whose it is; zero for none
	User   token.UserID   // whose it is; zero for none
	Order  token.OrderID  // zero for none
	Detail string         // one sentence for people
	Times  int64          // how often the same happened, at least 1
}

// Same reports whether two events tell the same, but for when and how often.
func (e *Event) Same(other *Event) bool {
	return e.Code == other.Code && e.Vendor == other.Vendor && e.User == other.User && e.Order == other.Order && e.Detail == other.Detail
}

// Store keeps the log. Pages are newest first, below the id `before` (zero: from the
// newest).
type Store interface {
	// AddEvents adds events, all or none. One that is there already stays, with the Times
	// that it has now: so a write whose answer was lost is made again.
	AddEvents(ctx context.Context, events []Event) error
	EventsOfUser(ctx context.Context, user token.UserID, before token.EventID, limit int) ([]Event, error)
	EventsOfVendor(ctx context.Context, vendor token.VendorID, before token.EventID, limit int) ([]Event, error)
	// DropEventsBefore forgets what happened before a time, in milliseconds since 1970.
	DropEventsBefore(ctx context.Context, at int64) error
}
