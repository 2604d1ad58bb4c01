// Package entitlement is the right that a purchase gives: how often and until
// when an item may be opened.
package entitlement

import "farthing.dev/farthing/token"

const (
	hourMillis = 60 * 60 * 1000
	dayMillis  = 24 * hourMillis
)

// Terms say what a purchase of an item gives. A zero term does not bound. All that
// are set hold together.
type Terms struct {
	Times  uint32 `cbor:"1,keyasint,omitzero"` // views, at most MaxTimes
	Hours  uint32 `cbor:"2,keyasint,omitzero"` // hours from the first view
	Days   uint32 `cbor:"3,keyasint,omitzero"` // days from the purchase
	Expiry int64  `cbor:"4,keyasint,omitzero"` // milliseconds since 1970: no view from here on
}

// The bounds of terms.
const (
	MaxTimes = 1_000_000
	MaxHours = 24 * 366 * 10
	MaxDays  = 366 * 100
)

// Validate returns an error for a term out of bounds.
func (t Terms) Validate() error {
	if t.Times > MaxTimes || t.Hours > MaxHours || t.Days > MaxDays || t.Expiry < 0 {
		return token.Refuse(token.Unprocessable, "field_invalid.terms",
			token.Number("times", MaxTimes), token.Number("hours", MaxHours), token.Number("days", MaxDays))
	}
	return nil
}

// Use is how far an entitlement has been used.
type Use struct {
	Views     uint32 `cbor:"1,keyasint,omitzero"`
	FirstView int64  `cbor:"2,keyasint,omitzero"` // milliseconds since 1970
}

// Check returns nil where one more view is allowed at the time at, of an item
// bought at boughtAt, and otherwise why not, with code CodeEntitlementUsed or CodeEntitlementOver.
func (t Terms) Check(use Use, boughtAt, at int64) error {
	if t.Times > 0 && use.Views >= t.Times {
		return token.Refuse(token.Gone, "entitlement_used_up.views", token.Number("times", int64(t.Times)))
	}
	if ends := t.Ends(use, boughtAt); ends > 0 && at >= ends {
		return token.Refuse(token.Gone, "entitlement_expired.purchase")
	}
	return nil
}

// Ends returns the millisecond from which no view is allowed, or 0 for never.
func (t Terms) Ends(use Use, boughtAt int64) int64 {
	var ends int64
	sooner := func(at int64) {
		if ends == 0 || at < ends {
			ends = at
		}
	}
	if t.Hours > 0 && use.FirstView > 0 {
		sooner(use.FirstView + int64(t.Hours)*hourMillis)
	}
	if t.Days > 0 {
		sooner(boughtAt + int64(t.Days)*dayMillis)
	}
	if t.Expiry > 0 {
		sooner(t.Expiry)
	}
	return ends
}
