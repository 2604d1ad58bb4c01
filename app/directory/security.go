package directory

import (
	"context"
	"time"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/domain/security"
	"farthing.dev/farthing/token"
)

// Happening is a line of the security log, as a user or a vendor sees it.
type Happening struct {
	ID         token.EventID
	At         time.Time
	Code       token.Code
	Detail     string
	Order      token.OrderID
	Times      int64          // how often it happened, at least 1
	VendorName string         // for the user: at which vendor
	Reader     token.ReaderID // for the vendor: its pseudonym of the user
}

// SecurityEvents returns a page of what was refused or happened around the viewer's
// account, newest first.
func (a *Directory) SecurityEvents(ctx context.Context, v caller.Viewer, before string, limit int) (page []Happening, next string, err error) {
	events, next, err := a.activity.EventsOfUser(ctx, v.User, before, limit)
	for _, e := range events {
		view := viewOfEvent(e)
		view.VendorName = a.VendorName(ctx, e.Vendor)
		page = append(page, view)
	}
	return page, next, err
}

// VendorSecurityEvents returns a page of what was refused or happened at a vendor that
// the viewer acts for, newest first. Users appear under the vendor's own pseudonyms.
func (a *Directory) VendorSecurityEvents(ctx context.Context, v caller.Viewer, vendor token.VendorID, before string, limit int) (page []Happening, next string, err error) {
	if _, err := a.Member(ctx, v, vendor); err != nil {
		return nil, "", err
	}
	events, next, err := a.activity.EventsOfVendor(ctx, vendor, before, limit)
	for _, e := range events {
		view := viewOfEvent(e)
		if view.Reader, err = a.deriver.Pseudonym(vendor, e.User); err != nil {
			return nil, "", err
		}
		page = append(page, view)
	}
	return page, next, err
}

func viewOfEvent(e security.Event) Happening {
	return Happening{ID: e.ID, At: token.TimeAt(e.At), Code: e.Code, Detail: e.Detail, Order: e.Order, Times: e.Times}
}
