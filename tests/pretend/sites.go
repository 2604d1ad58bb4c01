package pretend

import (
	"context"
	"strings"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/directory"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/token"
)

// sites are one that was shown to be the vendor's, and one that was not.
func (a *App) sites(vendor token.VendorID) []directory.SiteView {
	return []directory.SiteView{
		{Site: catalog.Site{ID: id[token.SiteKind](1), Vendor: vendor, Origin: "https://harbour.example", Path: "/", ProvedAt: Now().UnixMilli()}},
		{
			Site:  catalog.Site{ID: id[token.SiteKind](2), Vendor: vendor, Origin: "https://magazine.harbour.example", Path: "/weekend/"},
			Proof: "farthing-site-0123456789abcdefghjkmnpqrstvwxyz", ProofURL: "https://magazine.harbour.example/.well-known/farthing-site.txt",
		},
	}
}

// CreateSite takes https addresses.
func (a *App) CreateSite(_ context.Context, s caller.Seller, url, _ string, _ []byte) (directory.SiteView, bool, error) {
	if !strings.HasPrefix(url, "https://") {
		return directory.SiteView{}, false, token.Refuse(token.Unprocessable, "url_not_registered.scheme")
	}
	a.did("site %s", url)
	return directory.SiteView{}, false, nil
}

// ProveSite finds no proof.
func (a *App) ProveSite(_ context.Context, s caller.Seller, site token.SiteID) (directory.SiteView, error) {
	if site == id[token.SiteKind](1) {
		a.did("prove %s", site)
		return directory.SiteView{}, nil
	}
	return directory.SiteView{}, token.Refuse(token.Unprocessable, "site_unproved.status",
		token.URL("url", "https://magazine.harbour.example/.well-known/farthing-site.txt"), token.Number("status", 404))
}
