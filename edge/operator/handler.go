package operator

import (
	"context"
	"embed"
	"io/fs"
	"net/http"
	"net/url"
	"strings"

	"farthing.dev/farthing/app/approving"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/funding"
	"farthing.dev/farthing/app/operating"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/token"
)

//go:embed templates
var templates embed.FS

// App is what the pages need of the application.
type App interface {
	web.Identifier
	Operator(ctx context.Context, v caller.Viewer) (caller.Actor, error)
	Summary(ctx context.Context, by caller.Actor) (operating.Summary, error)
	AllVendors(ctx context.Context, by caller.Actor, before string, limit int) ([]operating.VendorLine, string, error)
	LookUpReader(ctx context.Context, by caller.Actor, email string) (operating.ReaderLine, error)
	Requests(ctx context.Context, by caller.Actor) ([]approving.RequestView, error)
	Policies(ctx context.Context, by caller.Actor) ([]journal.Policy, error)
	Approve(ctx context.Context, by caller.Actor, request uint64, digest [32]byte, why string) (approving.Approved, error)
	Refuse(ctx context.Context, by caller.Actor, request uint64, why string) error
	Deposit(ctx context.Context, by caller.Actor, in funding.DepositInput) (funding.Deposit, error)
	SetPolicy(ctx context.Context, by caller.Actor, p journal.Policy, why string) (request uint64, err error)
	StaffLog(ctx context.Context, by caller.Actor, search staff.Search, before string, limit int) ([]staff.Line, string, error)
	deliveries
}

// Handler serves the pages.
type Handler struct {
	site  *web.Site
	app   App
	pages *web.Pages
}

// New reads the templates and returns a Handler.
func New(site *web.Site, a App) (*Handler, error) {
	folder, err := fs.Sub(templates, "templates")
	if err != nil {
		return nil, err
	}
	pages, err := site.Pages(folder)
	if err != nil {
		return nil, err
	}
	return &Handler{site: site, app: a, pages: pages}, nil
}

// Register adds the pages to mux.
func (h *Handler) Register(mux *http.ServeMux) {
	h.page(mux, "GET /operator", h.overview)
	h.page(mux, "GET /operator/vendors", h.vendors)
	h.page(mux, "GET /operator/readers", h.readers)
	h.page(mux, "POST /operator/readers", h.lookUp)
	h.page(mux, "GET "+deliveriesHome, h.deliveries)
	h.page(mux, "POST "+deliveriesHome, h.changeDelivery)
	h.page(mux, "GET /operator/requests", h.requests)
	h.page(mux, "POST /operator/requests", h.decide)
	h.page(mux, "POST /operator/deposits", h.deposit)
	h.page(mux, "POST /operator/policy", h.setPolicy)
	h.page(mux, "GET /operator/log", h.log)
}

// visit is one request of an operator.
type visit struct {
	w      http.ResponseWriter
	r      *http.Request
	viewer caller.Viewer
	by     caller.Actor
}

// page adds a page for operators, who log in again where the window of their login is over.
func (h *Handler) page(mux *http.ServeMux, pattern string, page func(visit) error) {
	mux.HandleFunc(pattern, h.site.Member(h.app, "/operator", func(w http.ResponseWriter, r *http.Request, v caller.Viewer) error {
		by, err := h.app.Operator(r.Context(), v)
		if token.CodeOf(err) == token.CodeWindowClosed {
			next := "/operator"
			if r.Method == http.MethodGet {
				next = r.URL.Path
			}
			http.Redirect(w, r, "/login?again=1&next="+url.QueryEscape(next), http.StatusSeeOther)
			return nil
		}
		if err != nil {
			return err
		}
		return page(visit{w, r, v, by})
	}))
}

// frame is what every page shows around its own part.
type frame struct {
	Tab     string
	Refusal string
	Email   string // that was looked for
	Path    string
	Next    string
	Back    bool
	Part    any
	Books   bool // whether the tabs of the books and the log are there
	Log     bool
	Send    bool
}

func (h *Handler) show(v visit, status int, name, title string, f frame) error {
	f.Path, f.Books, f.Log = v.r.URL.Path, v.by.May(staff.SeeBooks), v.by.May(staff.ReadLog)
	f.Send = v.by.May(staff.Deliveries)
	page := web.Page{Title: title, Reader: web.Reader(&v.viewer), Section: "operator", Wide: true, Body: f}
	return h.pages.Render(v.w, v.r, status, name, page)
}

func (h *Handler) overview(v visit) error {
	if !v.by.May(staff.SeeBooks) {
		http.Redirect(v.w, v.r, "/operator/requests", http.StatusSeeOther)
		return nil
	}
	found, err := h.app.Summary(v.r.Context(), v.by)
	if err != nil {
		return err
	}
	return h.show(v, http.StatusOK, "overview.html", "Operator", frame{Tab: "overview", Part: found})
}

// pageSize is how many lines a page lists.
const pageSize = 50

func (h *Handler) vendors(v visit) error {
	before := v.r.URL.Query().Get("before")
	found, next, err := h.app.AllVendors(v.r.Context(), v.by, before, pageSize)
	if err != nil {
		return err
	}
	return h.show(v, http.StatusOK, "vendors.html", "Vendors", frame{Tab: "vendors", Next: next, Back: before != "", Part: found})
}

func (h *Handler) readers(v visit) error {
	return h.show(v, http.StatusOK, "readers.html", "Readers", frame{Tab: "readers"})
}

// lookUp answers a form, so that no address stands in an address.
func (h *Handler) lookUp(v visit) error {
	if err := web.ParseForm(v.r); err != nil {
		return err
	}
	f := frame{Tab: "readers", Email: strings.TrimSpace(v.r.PostForm.Get("email"))}
	found, err := h.app.LookUpReader(v.r.Context(), v.by, f.Email)
	if code := token.CodeOf(err); code == token.CodeNotFound {
		f.Refusal = "Nobody logs in with this e-mail address."
		return h.show(v, http.StatusNotFound, "readers.html", "Readers", f)
	}
	if err != nil {
		sentence, correctable := web.Explain(v.r, err)
		if !correctable {
			return err
		}
		f.Refusal = sentence
		return h.show(v, web.StatusOf(err), "readers.html", "Readers", f)
	}
	f.Part = &found
	return h.show(v, http.StatusOK, "readers.html", "Readers", f)
}
