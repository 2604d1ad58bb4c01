package directory

import (
	"context"
	"errors"
	"net/url"

	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/security"
	"farthing.dev/farthing/token"
)

// SitesOf returns the sites that a vendor registered.
func (a *Directory) SitesOf(ctx context.Context, vendor token.VendorID) ([]catalog.Site, error) {
	return a.sites.Get(vendor, func() ([]catalog.Site, error) {
		return a.catalog.Sites(ctx, vendor, token.SiteID{}, maxSites)
	})
}

// Addresses refuses an order that would send the browser anywhere but to the
// vendor. Without a return URL the browser goes back to the item's.
func (a *Directory) Addresses(ctx context.Context, s caller.Seller, o *journal.Opened) error {
	if o.ReturnURL == "" {
		o.ReturnURL = o.Item.URL
	}
	if o.ReturnURL == "" {
		return token.Refuse(token.Unprocessable, "url_not_registered.order_has_none")
	}
	for _, one := range []struct{ field, what, url string }{
		{"/return_url", "return_url_of_order", o.ReturnURL}, {"/cancel_url", "cancel_url_of_order", o.CancelURL},
	} {
		if one.url == "" {
			continue
		}
		if err := a.CheckAddress(ctx, s.Vendor, one.url, !s.Test); err != nil {
			a.NoteAddress(ctx, s.Vendor, one.what, one.url, err)
			return token.In(one.field, err)
		}
	}
	return nil
}

// CheckAddress refuses an address outside the vendor's sites; a live one also where no
// site that it lies in was shown to be the vendor's.
func (a *Directory) CheckAddress(ctx context.Context, vendor token.VendorID, text string, live bool) error {
	address, err := catalog.ParseAddress(text)
	if err != nil {
		return err
	}
	sites, err := a.SitesOf(ctx, vendor)
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
		return token.Refuse(token.Unprocessable, "site_unproved.not_verified", token.URL("url", text))
	}
	if len(sites) == 0 {
		return token.Refuse(token.Unprocessable, "url_not_registered.no_site", token.URL("url", text))
	}
	known := make([]string, len(sites))
	for i := range sites {
		known[i] = sites[i].URL()
	}
	return token.Refuse(token.Unprocessable, "url_not_registered.outside", token.URL("url", text), token.List("sites", known))
}

// NoteAddress records an address that was refused; what is a word of edge/text. Of the address
// it keeps the origin alone: what follows may tell of a person.
func (a *Directory) NoteAddress(ctx context.Context, vendor token.VendorID, what, text string, cause error) {
	refusal, ok := errors.AsType[*token.Error](cause)
	if !ok || refusal.Code != token.CodeURLNotAllowed && refusal.Code != token.CodeSiteUnproved {
		return
	}
	params := []token.Param{token.Word("what", what), token.Word("why", string(refusal.Reason))}
	reason := token.Reason("security.address")
	if u, err := url.Parse(text); err == nil && u.Host != "" {
		origin := u.Scheme + "://" + u.Host
		params, reason = append(params, token.URL("url", origin), token.Given("got", origin)), "security.address_at"
	}
	for _, p := range refusal.Params {
		if p.Name != "url" && p.Name != "got" {
			params = append(params, p)
		}
	}
	line := token.Refuse(refusal.Kind, reason, params...).Line(security.MaxDetail)
	a.activity.Record(ctx, activity.Event{Code: refusal.Code, Vendor: vendor, Detail: line})
}
