package oauth

import (
	"context"
	"time"

	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/token"
)

// ConsentView is a vendor at whose sites the viewer logs in with her wallet.
type ConsentView struct {
	Vendor token.VendorID
	Name   string
	Since  time.Time
}

// Consented reports whether the viewer has agreed to be known to a vendor.
func (a *OAuth) Consented(ctx context.Context, v caller.Viewer, vendor token.VendorID) (bool, error) {
	return a.catalog.Consented(ctx, v.User, vendor)
}

// Consent remembers that the viewer agreed to be known to a vendor, by her pseudonym there.
func (a *OAuth) Consent(ctx context.Context, v caller.Viewer, vendor token.VendorID) error {
	return a.catalog.AddConsent(ctx, v.User, vendor, a.clock.Now().UnixMilli())
}

// Consents returns the vendors that the viewer agreed to be known to, newest first.
func (a *OAuth) Consents(ctx context.Context, v caller.Viewer) ([]ConsentView, error) {
	consents, err := a.catalog.Consents(ctx, v.User)
	if err != nil {
		return nil, err
	}
	views := make([]ConsentView, 0, len(consents))
	for _, c := range consents {
		views = append(views, ConsentView{Vendor: c.Vendor, Name: a.directory.VendorName(ctx, c.Vendor), Since: token.TimeAt(c.At)})
	}
	return views, nil
}

// Withdraw takes the viewer's consent back: her logins at the vendor end in all browsers,
// the vendor's sites are told, and the next one asks her again. Her pseudonym and what she
// bought stay as they are. It answers CodeNotFound where she did not consent.
func (a *OAuth) Withdraw(ctx context.Context, v caller.Viewer, vendor token.VendorID) error {
	if err := a.catalog.Withdraw(ctx, v.User, vendor, a.clock.Now().UnixMilli()); err != nil {
		return caller.Foreign(err, "not_found.consent")
	}
	a.queued(ctx)
	a.activity.Record(ctx, activity.Event{Code: "signed_out", User: v.User, Detail: "Your logins at " + a.directory.VendorName(ctx, vendor) + " were ended."})
	return nil
}
