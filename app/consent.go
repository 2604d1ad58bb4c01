package app

import (
	"context"
	"time"

	"farthing.dev/farthing/token"
)

// ConsentView is a vendor at whose sites the viewer logs in with her wallet.
type ConsentView struct {
	Vendor token.VendorID
	Name   string
	Since  time.Time
}

// Consented reports whether the viewer has agreed to be known to a vendor.
func (a *App) Consented(ctx context.Context, v Viewer, vendor token.VendorID) (bool, error) {
	return a.catalog.Consented(ctx, v.User, vendor)
}

// Consent remembers that the viewer agreed to be known to a vendor, by her pseudonym there.
func (a *App) Consent(ctx context.Context, v Viewer, vendor token.VendorID) error {
	return a.catalog.AddConsent(ctx, v.User, vendor, a.clock.Now().UnixMilli())
}

// Consents returns the vendors that the viewer agreed to be known to, newest first.
func (a *App) Consents(ctx context.Context, v Viewer) ([]ConsentView, error) {
	consents, err := a.catalog.Consents(ctx, v.User)
	if err != nil {
		return nil, err
	}
	views := make([]ConsentView, 0, len(consents))
	for _, c := range consents {
		views = append(views, ConsentView{Vendor: c.Vendor, Name: a.vendorName(ctx, c.Vendor), Since: token.TimeAt(c.At)})
	}
	return views, nil
}

// Withdraw takes the viewer's consent back: her logins at the vendor end in all browsers,
// the vendor's sites are told, and the next one asks her again. Her pseudonym and what she
// bought stay as they are. It answers CodeNotFound where she did not consent.
func (a *App) Withdraw(ctx context.Context, v Viewer, vendor token.VendorID) error {
	if err := a.catalog.Withdraw(ctx, v.User, vendor, a.clock.Now().UnixMilli()); err != nil {
		return foreign(err, "not_found.consent")
	}
	a.queued(ctx)
	a.Note(ctx, SecurityEvent{Code: "signed_out", User: v.User, Detail: "Your logins at " + a.vendorName(ctx, vendor) + " were ended."})
	return nil
}
