package wallet

import (
	"context"
	"embed"
	"io"
	"io/fs"
	"net/http"

	"farthing.dev/farthing/app/buying"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/directory"
	"farthing.dev/farthing/app/login"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/token"
)

//go:embed templates
var templates embed.FS

// App is what the pages need of the application.
type App interface {
	newcomers
	LogOut(ctx context.Context, secret string) error
	Viewer(ctx context.Context, secret string) (caller.Viewer, error)

	Wallet(ctx context.Context, v caller.Viewer) (buying.WalletView, error)
	Purchases(ctx context.Context, v caller.Viewer, before string, limit int) (page []buying.Purchase, next string, err error)
	Purchase(ctx context.Context, v caller.Viewer, id token.OrderID) (buying.Purchase, *buying.AllowanceView, error)
	ReceiptFor(ctx context.Context, v caller.Viewer, id token.OrderID) (string, error)
	AddDemoFunds(ctx context.Context, v caller.Viewer, currency token.Currency, amount token.Amount, reference string) error
	SetLimit(ctx context.Context, v caller.Viewer, in buying.LimitInput) error
	RemoveLimit(ctx context.Context, v caller.Viewer, id token.LimitID) error
	SetApproval(ctx context.Context, v caller.Viewer, currency token.Currency, most token.Amount) error
	RaiseApproval(ctx context.Context, v caller.Viewer, currency token.Currency, atLeast token.Amount) error
	GiveAllowance(ctx context.Context, v caller.Viewer, in buying.AllowanceInput) error
	TakeAllowance(ctx context.Context, v caller.Viewer, id token.AllowanceID) error

	SecurityEvents(ctx context.Context, v caller.Viewer, before string, limit int) (page []directory.Happening, next string, err error)

	Checkout(ctx context.Context, id token.OrderID, v *caller.Viewer) (buying.Checkout, error)
	Pay(ctx context.Context, v caller.Viewer, id token.OrderID, quoted token.Amount, method journal.ConsentMethod) (returnURL string, err error)
	PayTest(ctx context.Context, id token.OrderID, quoted token.Amount) (returnURL string, err error)
	offers
	sessions
	entries
	methods
}

// Config is what the pages are made of.
type Config struct {
	Site       *web.Site
	App        App
	Clock      token.Clock
	Random     io.Reader        // for the references of demo funds
	Currencies []token.Currency // offered in forms
	Demo       bool             // readers can give themselves tokens

	// LoginFor returns which vendor's site, and at which origin, a login is for whose way
	// goes on at next; both are "" where it is for none (see web.AllowFormsTo). Nil where
	// nobody logs in elsewhere.
	LoginFor func(ctx context.Context, next string) (vendor, origin string)

	Outbox func() []login.SentMail // the e-mail that a demonstration shows, newest first; nil for no such page
}

// Handler serves the pages.
type Handler struct {
	site       *web.Site
	app        App
	clock      token.Clock
	random     io.Reader
	currencies []token.Currency
	demo       bool
	loginFor   func(ctx context.Context, next string) (vendor, origin string)
	outbox     func() []login.SentMail
	pages      *web.Pages
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
	return &Handler{site: c.Site, app: c.App, clock: c.Clock, random: c.Random, currencies: c.Currencies, demo: c.Demo, loginFor: c.LoginFor, outbox: c.Outbox, pages: pages}, nil
}

// Register adds the pages to mux.
func (h *Handler) Register(mux *http.ServeMux) {
	public := func(pattern string, page web.PublicPage) { mux.HandleFunc(pattern, h.site.Public(h.app, page)) }
	member := func(pattern, home string, page web.MemberPage) {
		mux.HandleFunc(pattern, h.site.Member(h.app, home, page))
	}
	public("GET /{$}", h.front)
	h.registerNewcomers(public, member)
	public("GET /login", h.showLogIn)
	public("POST /login", h.logIn)
	public("POST /logout", h.logOut)

	public("GET /pay/{order}", h.showOrder)
	public("POST /pay/{order}", h.pay)
	h.registerOffers(mux)
	h.registerDevices(member)
	h.registerEntries(public)
	h.registerMethods(member)

	member("GET /security", "/security", h.security)
	member("GET /wallet", "/wallet", h.wallet)
	member("GET /wallet/purchases", "/wallet/purchases", h.purchases)
	member("GET /wallet/purchases/{order}", "/wallet/purchases", h.purchase)
	member("GET /wallet/purchases/{order}/receipt", "/wallet/purchases", h.receipt)
	member("GET /wallet/limits", "/wallet/limits", h.limits)
	member("POST /wallet/limits", "/wallet/limits", h.setLimit)
	member("POST /wallet/limits/remove", "/wallet/limits", h.removeLimit)
	member("POST /wallet/approval", "/wallet/limits", h.setApproval)
	member("POST /wallet/allowances", "/wallet/limits", h.giveAllowance)
	member("POST /wallet/allowances/remove", "/wallet/limits", h.takeAllowance)
	if h.outbox != nil {
		public("GET /demo/outbox", h.showOutbox)
	}
	if h.demo {
		member("GET /wallet/funds", "/wallet/funds", h.funds)
		member("POST /wallet/funds", "/wallet/funds", h.addFunds)
	}
}
