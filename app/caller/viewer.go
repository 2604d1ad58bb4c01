package caller

import (
	"time"

	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/token"
)

// freshFor is for how long after an authentication the ways of logging in can be changed.
const freshFor = 10 * time.Minute

// Fresh reports whether the viewer has authenticated so lately that she can change how
// she logs in.
func (v Viewer) Fresh(now time.Time) bool { return now.UnixMilli() < v.AuthAt+freshFor.Milliseconds() }

// NeedFresh refuses a viewer who has not authenticated lately.
func (v Viewer) NeedFresh(now time.Time) error {
	if v.Fresh(now) {
		return nil
	}
	return token.Refuse(token.Forbidden, "login_stale.changes_login")
}

// Viewer is a person with a session.
type Viewer struct {
	Session     token.SessionID
	User        token.UserID
	Account     token.AccountID
	Name, Email string
	LoginAt     time.Time
	AuthAt      int64            // the last full authentication, in milliseconds since 1970
	Methods     []account.Method // how that was done
	WindowUntil time.Time        // buying is allowed until here
	Vendors     []token.VendorID // that the person is a member of
	Operator    bool             // so pages offer what operators have; Operating.Operator decides
}

// CanBuy reports whether the login's purchase window is open.
func (v Viewer) CanBuy(now time.Time) bool { return now.Before(v.WindowUntil) }

// MemberOf reports whether the person acts for the vendor.
func (v Viewer) MemberOf(vendor token.VendorID) bool {
	for _, id := range v.Vendors {
		if id == vendor {
			return true
		}
	}
	return false
}
