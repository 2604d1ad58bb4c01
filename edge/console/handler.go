package console

import (
	"context"
	"embed"
	"io"
	"io/fs"
	"net/http"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/directory"
	"farthing.dev/farthing/app/funding"
	"farthing.dev/farthing/app/selling"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/token"
)

//go:embed templates
var templates embed.FS

// App is what the pages need of the application.
type App interface {
	web.Identifier
	CreateVendor(ctx context.Context, v caller.Viewer, name, origin string) (directory.VendorView, error)
	Vendor(ctx context.Context, v caller.Viewer, id token.VendorID) (directory.VendorView, error)
	ActFor(ctx context.Context, v caller.Viewer, vendor token.VendorID, test bool) (caller.Seller, error)

	Sales(ctx context.Context, v caller.Viewer, vendor token.VendorID, before string, limit int) (page []selling.OrderView, next string, err error)
	VendorRoyalties(ctx context.Context, v caller.Viewer, vendor token.VendorID, before string, limit int) (page []selling.RoyaltyView, next string, err error)
	VendorEarnings(ctx context.Context, v caller.Viewer, vendor token.VendorID) ([]funding.Balance, error)

	VendorKeys(ctx context.Context, v caller.Viewer, vendor token.VendorID) ([]directory.KeyView, error)
	CreateKey(ctx context.Context, v caller.Viewer, vendor token.VendorID, login string, test bool) (secret string, view directory.KeyView, err error)
	RevokeKey(ctx context.Context, v caller.Viewer, vendor token.VendorID, id token.KeyID) error

	VendorSecurityEvents(ctx context.Context, v caller.Viewer, vendor token.VendorID, before string, limit int) (page []directory.Happening, next string, err error)

	Offers(ctx context.Context, s caller.Seller, before string, limit int) (page []catalog.Offer, next string, err error)
	Splits(ctx context.Context, s caller.Seller, before string, limit int) (page []catalog.Split, next string, err error)
	Payees(ctx context.Context, s caller.Seller, before string, limit int) (page []catalog.Payee, next string, err error)
	CreateSite(ctx context.Context, s caller.Seller, url string, key string, digest []byte) (site directory.SiteView, replayed bool, err error)
	ProveSite(ctx context.Context, s caller.Seller, id token.SiteID) (directory.SiteView, error)
}

// Config is what the pages are made of.
type Config struct {
	Site   *web.Site
	App    App
	Random io.Reader // for the references of forms
}

// Handler serves the pages.
type Handler struct {
	site   *web.Site
	app    App
	random io.Reader
	pages  *web.Pages
}

// New reads the templates and returns a Handler.
func New(c Config) (*Handler, error) {
	folder, err := fs.Sub(templates, "templates")
	if err != nil {
		return nil, err
	}
	pages, err := c.Site.Pages(folder)
	if err != nil {
		return nil, err
	}
	return &Handler{site: c.Site, app: c.App, random: c.Random, pages: pages}, nil
}

// Register adds the pages to mux.
func (h *Handler) Register(mux *http.ServeMux) {
	mux.HandleFunc("GET /console", h.site.Member(h.app, "/console", h.vendors))
	mux.HandleFunc("POST /console", h.site.Member(h.app, "/console", h.createVendor))
	h.vendorPage(mux, "GET /console/{vendor}", h.overview)
	h.vendorPage(mux, "GET /console/{vendor}/sales", h.sales)
	h.vendorPage(mux, "GET /console/{vendor}/royalties", h.royalties)
	h.vendorPage(mux, "GET /console/{vendor}/catalogue", h.catalogue)
	h.vendorPage(mux, "GET /console/{vendor}/setup", h.setup)
	h.vendorPage(mux, "GET /console/{vendor}/security", h.security)
	h.vendorPage(mux, "POST /console/{vendor}/keys", h.createKey)
	h.vendorPage(mux, "POST /console/{vendor}/keys/revoke", h.revokeKey)
	h.vendorPage(mux, "POST /console/{vendor}/sites", h.createSite)
	h.vendorPage(mux, "POST /console/{vendor}/sites/prove", h.proveSite)
}

// visit is one request of a member for a page of a vendor.
type visit struct {
	w      http.ResponseWriter
	r      *http.Request
	viewer caller.Viewer
	vendor directory.VendorView
}

// vendorPage adds a page of one vendor, for its members only.
func (h *Handler) vendorPage(mux *http.ServeMux, pattern string, page func(visit) error) {
	mux.HandleFunc(pattern, h.site.Member(h.app, "/console", func(w http.ResponseWriter, r *http.Request, v caller.Viewer) error {
		id, err := token.ParseID[token.VendorKind](r.PathValue("vendor"))
		if err != nil {
			return token.Refuse(token.NotFound, "not_found.shop")
		}
		vendor, err := h.app.Vendor(r.Context(), v, id)
		if err != nil {
			return err
		}
		return page(visit{w: w, r: r, viewer: v, vendor: vendor})
	}))
}

// frame is what every page of a vendor shows around its own part.
type frame struct {
	Vendor  directory.VendorView
	Tab     string
	Refusal string
	Part    any
}

// show renders a page of a vendor.
func (h *Handler) show(v visit, status int, name, title string, f frame) error {
	f.Vendor = v.vendor
	page := web.Page{Title: title + ", " + v.vendor.Name, Reader: web.Reader(&v.viewer), Section: "console", Wide: true, Body: f}
	return h.pages.Render(v.w, v.r, status, name, page)
}
