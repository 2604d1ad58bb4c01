package directory

import (
	"context"
	"slices"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/paging"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/token"
)

// maxSites bounds the sites of one vendor.
const maxSites = 100

// SiteView is a site as its vendor sees it.
type SiteView struct {
	catalog.Site
	Proof    string // what the vendor puts at ProofURL to show that the site is its own
	ProofURL string
}

// CreateSite registers a place on the web to which browsers may be sent back.
func (a *Directory) CreateSite(ctx context.Context, s caller.Seller, url string, key string, digest []byte) (view SiteView, replayed bool, err error) {
	if err := s.NeedHand("purchase_window_closed.register_site"); err != nil {
		return view, false, err
	}
	request, err := caller.CatalogRequest(s, key, "site", digest, a.clock.Now())
	if err != nil {
		return view, false, err
	}
	site := catalog.Site{ID: token.NewID[token.SiteKind](a.ids), Vendor: s.Vendor, CreatedAt: request.At}
	if site.Origin, site.Path, err = catalog.ParseSite(url); err != nil {
		a.NoteAddress(ctx, s.Vendor, "site_to_register", url, err)
		return view, false, err
	}
	known, err := a.catalog.Sites(ctx, s.Vendor, token.SiteID{}, maxSites)
	if err != nil {
		return view, false, err
	}
	if len(known) >= maxSites {
		return view, false, token.Refuse(token.Unprocessable, "field_invalid.shop_sites", token.Number("most", maxSites))
	}
	made, err := a.catalog.AddSite(ctx, site, request)
	if err != nil {
		return view, false, err
	}
	a.sites.Drop(s.Vendor)
	if made.Replayed {
		if at := slices.IndexFunc(known, func(k catalog.Site) bool { return k.ID == made.ID }); at >= 0 {
			site = known[at]
		}
	}
	view, err = a.viewOfSite(site)
	return view, made.Replayed, err
}

// Sites returns a page of the vendor's sites.
func (a *Directory) Sites(ctx context.Context, s caller.Seller, before string, limit int) (page []SiteView, next string, err error) {
	found, next, err := paging.Of(before, limit, func(before token.SiteID, limit int) ([]catalog.Site, error) {
		return a.catalog.Sites(ctx, s.Vendor, before, limit)
	}, func(s catalog.Site) token.SiteID { return s.ID })
	if err != nil {
		return nil, "", err
	}
	page, err = a.viewsOfSites(found)
	return page, next, err
}

func (a *Directory) viewsOfSites(sites []catalog.Site) ([]SiteView, error) {
	views := make([]SiteView, 0, len(sites))
	for _, site := range sites {
		view, err := a.viewOfSite(site)
		if err != nil {
			return nil, err
		}
		views = append(views, view)
	}
	return views, nil
}

func (a *Directory) viewOfSite(site catalog.Site) (view SiteView, err error) {
	view = SiteView{Site: site, ProofURL: site.Origin + proofPath}
	view.Proof, err = a.siteProof(site)
	return view, err
}
