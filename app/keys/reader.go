package keys

import (
	"farthing.dev/farthing/token"
)

// ReaderAt returns the pseudonym under which a vendor knows a user.
func (a *Keys) ReaderAt(vendor token.VendorID, user token.UserID) (token.ReaderID, error) {
	return a.deriver.Pseudonym(vendor, user)
}
