package vendorapi

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/directory"
	"farthing.dev/farthing/token"
)

// App is what the API needs of the application: what each noun's file asks for.
type App interface {
	Seller(ctx context.Context, bearer string) (caller.Seller, error)
	Me(ctx context.Context, s caller.Seller) (directory.Me, error)
	orders
	tickets
	purchases
	batches
	allowances
	offers
	splits
	payees
	sites
	campaigns
	royalties
	receipts
	operators
	approvals
	deliveries
}

// Options are what an API is made of. Zero values of the settings stand for their
// defaults.
type Options struct {
	App   App
	Clock token.Clock
	Log   *slog.Logger

	MaxBody   int64   // of a request, in bytes; 64 KiB (a batch: 1 MiB)
	Rate      float64 // requests per second and key; 5,000. Negative: no bound
	RequestID string  // what request ids begin with; random where empty
}

const (
	defaultMaxBody = 64 << 10
	defaultRate    = 5000
)

// api is the handler.
type api struct {
	app      App
	clock    token.Clock
	log      *slog.Logger
	maxBody  int64
	limiter  *limiter
	requests *numberer
	small    pool
	large    pool // for batches
	mux      *http.ServeMux
	document *huma.OpenAPI
	methods  map[string][]string // per path, for answers of 405
}

// New returns the API, to be mounted at /v1/, /openapi.json and /docs.
func New(o Options) http.Handler {
	a := &api{
		app: o.App, clock: o.Clock, log: o.Log, maxBody: o.MaxBody,
		limiter: newLimiter(o.Rate), requests: newNumberer(o.RequestID), small: pool{most: defaultMaxBody}, large: pool{most: maxBatchKept},
		mux: http.NewServeMux(), document: newDocument(), methods: map[string][]string{},
	}
	if a.clock == nil {
		a.clock = token.SystemClock{}
	}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	if a.maxBody <= 0 {
		a.maxBody = defaultMaxBody
	}
	a.addOrders()
	a.addReceipts()
	a.addTickets()
	a.addPurchases()
	a.addBatch()
	a.addAllowed()
	a.addOffers()
	a.addSplits()
	a.addPayees()
	a.addSites()
	a.addCampaigns()
	a.addRoyalties()
	a.addMe()
	a.addOperators()
	a.addApprovals()
	a.addDeliveries()
	a.addDocument()
	a.addUnrouted()
	return a
}

// ServeHTTP gives the request an id, unless it has one, routes it, and turns a panic into a problem.
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	if len(h["X-Request-Id"]) == 0 {
		h["X-Request-Id"] = []string{a.requests.next()}
	}
	defer a.recovered(w, r)
	if !a.log.Enabled(r.Context(), slog.LevelDebug) {
		a.mux.ServeHTTP(w, r)
		return
	}
	began := a.clock.Now()
	watched := &watcher{ResponseWriter: w}
	a.mux.ServeHTTP(watched, r)
	a.log.DebugContext(r.Context(), "api request", "request", h.Get("X-Request-Id"), "method", r.Method, "path", r.URL.Path,
		"status", watched.status, "took", a.clock.Now().Sub(began))
}

// watcher remembers the status for the access log.
type watcher struct {
	http.ResponseWriter
	status int
}

// WriteHeader sends the status and remembers it.
func (w *watcher) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap gives http.ResponseController the response beneath.
func (w *watcher) Unwrap() http.ResponseWriter { return w.ResponseWriter }
