package caller

import (
	"time"

	"farthing.dev/farthing/token"
)

// NeedWindow refuses who could not buy now what is as dear as buying: what lets more be spent, what decides who
// is paid, what gives others the right to act. A device that was left logged in, or a stolen
// session, would do all of it otherwise. reason, of the code purchase_window_closed, says what the login is for.
//
// Every dear change goes through here, or through needHand where it is made in a vendor's name;
// tests/abuse goes over all forms and asks of each whether it does.
func (v Viewer) NeedWindow(now time.Time, reason token.Reason) error {
	if v.CanBuy(now) {
		return nil
	}
	return token.Refuse(token.Unauthorised, reason)
}

// NeedHand is needWindow for what a vendor's server may do by its key, and a member from the
// console in a fresh login only.
func (s Seller) NeedHand(reason token.Reason) error {
	if !s.Looks {
		return nil
	}
	return token.Refuse(token.Unauthorised, reason)
}
