// Package limit holds what bounds spending: limits, which refuse, and allowances,
// which permit a vendor to charge without asking.
//
// Periods are calendar periods in UTC: a day starts at 00:00, a week on Monday, a
// month on the first.
package limit

import (
	"time"

	"farthing.dev/farthing/token"
)

// Period is the time over which a limit or allowance counts.
type Period uint8

// A PerPurchase limit bounds each purchase; the others bound the total of a
// calendar day, week or month in UTC.
const (
	PerPurchase Period = 1
	Day         Period = 2
	Week        Period = 3
	Month       Period = 4
)

const dayMillis = 24 * 60 * 60 * 1000

// ParsePeriod reads "purchase", "day", "week" or "month".
func ParsePeriod(s string) (Period, error) {
	for _, p := range []Period{PerPurchase, Day, Week, Month} {
		if p.String() == s {
			return p, nil
		}
	}
	return 0, token.Refuse(token.Unprocessable, "field_invalid.period", token.Given("got", s))
}

// Known reports whether p is one of the periods; any other would count nothing and
// so bound nothing.
func (p Period) Known() bool { return p >= PerPurchase && p <= Month }

// String returns "purchase", "day", "week" or "month".
func (p Period) String() string {
	switch p {
	case PerPurchase:
		return "purchase"
	case Day:
		return "day"
	case Week:
		return "week"
	case Month:
		return "month"
	}
	return "unknown"
}

// Start returns the first millisecond (since 1970, UTC) of the period that at lies in,
// and 0 for PerPurchase.
func (p Period) Start(at int64) int64 {
	switch p {
	case Day:
		return at - at%dayMillis
	case Week:
		// 1970-01-01 was a Thursday, so Mondays are three days later.
		return at - (at+3*dayMillis)%(7*dayMillis)
	case Month:
		t := time.UnixMilli(at).UTC()
		return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	}
	return 0
}

// End returns the first millisecond after the period that at lies in: when a
// limit frees. It is 0 for PerPurchase.
func (p Period) End(at int64) int64 {
	switch p {
	case Day:
		return p.Start(at) + dayMillis
	case Week:
		return p.Start(at) + 7*dayMillis
	case Month:
		t := time.UnixMilli(p.Start(at)).UTC()
		return t.AddDate(0, 1, 0).UnixMilli()
	}
	return 0
}

// Counter is what was spent in the current period.
type Counter struct {
	Start int64        `cbor:"1,keyasint,omitzero"` // first millisecond of the period counted
	End   int64        `cbor:"2,keyasint,omitzero"` // first millisecond after it
	Spent token.Amount `cbor:"3,keyasint,omitzero"`
}

// At returns what was spent in the period that at lies in.
func (c *Counter) At(at int64) token.Amount {
	if at >= c.Start && at < c.End {
		return c.Spent
	}
	return 0
}

// Add counts amount (negative for a refund) in the period that at lies in. A
// refund of an earlier period's purchase does not free the present one: the
// caller passes the time of the purchase.
func (c *Counter) Add(p Period, at int64, amount token.Amount) {
	if p == PerPurchase {
		return
	}
	if at >= c.End {
		c.Start, c.End, c.Spent = p.Start(at), p.End(at), 0
	}
	if at >= c.Start {
		c.Spent = max(0, c.Spent+amount)
	}
}

// Limit refuses purchases above Max. User and Vendor narrow it: zero means every
// user of the account, every vendor.
type Limit struct {
	ID       token.LimitID  `cbor:"1,keyasint"`
	User     token.UserID   `cbor:"2,keyasint,omitzero"`
	Vendor   token.VendorID `cbor:"3,keyasint,omitzero"`
	Currency token.Currency `cbor:"4,keyasint"`
	Period   Period         `cbor:"5,keyasint"`
	Max      token.Amount   `cbor:"6,keyasint,omitzero"` // zero blocks every purchase
	Counter  Counter        `cbor:"7,keyasint,omitzero"`
}

// Covers reports whether the limit bounds a purchase by user at vendor.
func (l *Limit) Covers(user token.UserID, vendor token.VendorID, currency token.Currency) bool {
	return l.Currency == currency && (l.User.IsZero() || l.User == user) && (l.Vendor.IsZero() || l.Vendor == vendor)
}

// Allowance permits a vendor to charge one user's purchases without asking, up
// to PerPurchase each, Max per period, until Until.
type Allowance struct {
	ID          token.AllowanceID `cbor:"1,keyasint"`
	User        token.UserID      `cbor:"2,keyasint"`
	Vendor      token.VendorID    `cbor:"3,keyasint"`
	Currency    token.Currency    `cbor:"4,keyasint"`
	PerPurchase token.Amount      `cbor:"5,keyasint"`
	Period      Period            `cbor:"6,keyasint"`
	Max         token.Amount      `cbor:"7,keyasint"`
	Until       int64             `cbor:"8,keyasint"` // milliseconds since 1970; the allowance ends here
	Counter     Counter           `cbor:"9,keyasint,omitzero"`
}

// Approval lets one user buy without being asked to confirm, up to Max a purchase.
type Approval struct {
	User     token.UserID   `cbor:"1,keyasint"`
	Currency token.Currency `cbor:"2,keyasint"`
	Max      token.Amount   `cbor:"3,keyasint"`
}
