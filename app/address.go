package app

import (
	"context"
	"errors"
	"net/url"

	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// sitesOf returns the sites that a vendor registered.
func (a *App) sitesOf(ctx context.Context, vendor token.VendorID) ([]catalog.Site, error) {
	return a.sites.get(vendor, func() ([]catalog.Site, error) {
		return a.catalog.Sites(ctx, vendor, token.SiteID{}, maxSites)
	})
}

// addresses refuses an order that would send the browser anywhere but to the
// vendor. Without a return URL the browser goes back to the item's.
func (a *App) addresses(ctx context.Context, s Seller, o *journal.Opened) error {
	if o.ReturnURL == "" {
		o.ReturnURL = o.Item.URL
	}
	if o.ReturnURL == "" {
		return token.New(token.Unprocessable, token.CodeURLNotAllowed, "an order has a return_url, or an item with a url")
	}
	for _, one := range []struct{ field, url string }{{"return_url", o.ReturnURL}, {"cancel_url", o.CancelURL}} {
		if one.url == "" {
			continue
		}
		if err := a.checkAddress(ctx, s.Vendor, one.url, !s.Test); err != nil {
			a.noteAddress(ctx, s.Vendor, "the "+one.field+" of an order", one.url, err)
			return err
		}
	}
	return nil
}

// checkAddress refuses an address outside the vendor's sites; a live one also where no
// site that it lies in was shown to be the vendor's.
func (a *App) checkAddress(ctx context.Context, vendor token.VendorID, text string, live bool) error {
	address, err := catalog.ParseAddress(text)
	if err != nil {
		return err
	}
	sites, err := a.sitesOf(ctx, vendor)
	if err != nil {
		return err
	}
	registered := false
	for i := range sites {
		if !sites[i].Contains(address) {
			continue
		}
		if !live || sites[i].ProvedAt != 0 {
			return nil
		}
		registered = true
	}
	if registered {
		return token.New(token.Unprocessable, token.CodeSiteUnproved, "the site of this url is not verified yet; put its proof there, and verify it under Keys and sites or by POST /v1/sites/{id}/prove")
	}
	return token.New(token.Unprocessable, token.CodeURLNotAllowed, "this url does not lie in a site that the shop registered")
}

// noteAddress records an address that was refused. Of the address it keeps the origin
// alone: what follows may tell of a person.
func (a *App) noteAddress(ctx context.Context, vendor token.VendorID, what, text string, cause error) {
	refusal := token.CodeOf(cause)
	if refusal != token.CodeURLNotAllowed && refusal != token.CodeSiteUnproved {
		return
	}
	if u, err := url.Parse(text); err == nil && u.Host != "" {
		what += " at " + u.Scheme + "://" + u.Host
	}
	a.Note(ctx, SecurityEvent{Code: refusal, Vendor: vendor, Detail: what + " was refused: " + detailOf(cause)})
}

// detailOf returns the sentence of a refusal.
func detailOf(err error) string {
	if refusal, ok := errors.AsType[*token.Error](err); ok {
		return refusal.Detail
	}
	return ""
}
