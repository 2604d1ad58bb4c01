package core

import (
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// Allows reports whether the user's allowance to the vendor would cover a purchase at
// the price now. Limits, funds and standing are not looked at: they are nobody's
// business before the purchase.
func (a *Account) Allows(user token.UserID, vendor token.VendorID, price token.Amount, currency token.Currency, now int64) bool {
	_, err := a.checkAllowance(user, vendor, &journal.Sale{Price: price, Currency: currency}, now)
	return err == nil
}
