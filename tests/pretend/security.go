package pretend

import (
	"context"
	"time"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/directory"
	"farthing.dev/farthing/token"
)

// SecurityEvents answers with one line of each sort; Newcomer has none.
func (a *App) SecurityEvents(_ context.Context, v caller.Viewer, before string, most int) ([]directory.Happening, string, error) {
	if v.Email == Newcomer || before == "end" {
		return nil, "", nil
	}
	return []directory.Happening{
		{ID: id[token.EventKind](1), At: Now().Add(-time.Minute), Code: token.CodeLoginInvalid, Detail: "somebody tried to log in as you with a wrong password", Times: 1204},
		{ID: id[token.EventKind](2), At: Now().Add(-time.Hour), Code: token.CodeTicketUsed, Detail: "the way back to the shop was used a second time", Times: 1, VendorName: longVendor, Order: a.Mine},
		{ID: id[token.EventKind](3), At: Now().AddDate(0, -1, 0), Code: "something_new", Times: 1, VendorName: "The Daily Harbour"},
	}, "end", nil
}

// VendorSecurityEvents answers with the same lines as the vendor sees them.
func (a *App) VendorSecurityEvents(_ context.Context, v caller.Viewer, vendor token.VendorID, before string, _ int) ([]directory.Happening, string, error) {
	if before == "end" {
		return nil, "", a.member(v, vendor)
	}
	return []directory.Happening{
		{ID: id[token.EventKind](1), At: Now().Add(-time.Minute), Code: token.CodeURLNotAllowed, Detail: "an order named https://evil.example/, which lies in none of your sites", Times: 3},
		{ID: id[token.EventKind](2), At: Now().Add(-time.Hour), Code: token.CodeTicketUsed, Detail: "the way back to the shop was used a second time", Times: 1, Reader: id[token.ReaderKind](7), Order: a.Mine},
	}, "end", a.member(v, vendor)
}
