package app

import (
	"context"
	"slices"

	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/token"
)

// maxSites bounds the sites of one vendor.
const maxSites = 100

// CreateSite registers a place on the web to which browsers may be sent back.
func (a *App) CreateSite(ctx context.Context, s Seller, url string, key string, digest []byte) (site catalog.Site, replayed bool, err error) {
	request, err := a.request(s, key, "site", digest)
	if err != nil {
		return site, false, err
	}
	site = catalog.Site{ID: token.NewID[token.SiteKind](a.ids), Vendor: s.Vendor, CreatedAt: request.At}
	if site.Origin, site.Path, err = catalog.ParseSite(url); err != nil {
		return site, false, err
	}
	known, err := a.catalog.Sites(ctx, s.Vendor, token.SiteID{}, maxSites)
	if err != nil {
		return site, false, err
	}
	if len(known) >= maxSites {
		return site, false, token.Newf(token.Unprocessable, token.CodeFieldInvalid, "a vendor has at most %d sites", maxSites)
	}
	made, err := a.catalog.AddSite(ctx, site, request)
	if err != nil {
		return site, false, err
	}
	a.sites.drop(s.Vendor)
	if made.Replayed {
		if at := slices.IndexFunc(known, func(k catalog.Site) bool { return k.ID == made.ID }); at >= 0 {
			site = known[at]
		}
	}
	return site, made.Replayed, nil
}

// Sites returns a page of the vendor's sites.
func (a *App) Sites(ctx context.Context, s Seller, before string, limit int) (page []catalog.Site, next string, err error) {
	return pageOf(before, limit, func(before token.SiteID, limit int) ([]catalog.Site, error) {
		return a.catalog.Sites(ctx, s.Vendor, before, limit)
	}, func(s catalog.Site) token.SiteID { return s.ID })
}
