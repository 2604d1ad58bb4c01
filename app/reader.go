package app

import "farthing.dev/farthing/token"

// ReaderAt returns the pseudonym under which a vendor knows a user.
func (a *App) ReaderAt(vendor token.VendorID, user token.UserID) (token.ReaderID, error) {
	return a.keys.pseudonym(vendor, user)
}
