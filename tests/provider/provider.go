// Package provider opens a whole provider for tests: the application and the engine on a
// SQLite database of their own, by a clock that stands still until a test moves it. The
// ways in (pages, API) each test mounts itself, as many as it is about.
package provider

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"time"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/delivery"
	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/sqlite"
	"farthing.dev/farthing/tests/siteproof"
	"farthing.dev/farthing/token"
)

// Noon is when every provider is opened: on a Wednesday, in the middle of a month.
var Noon = time.Date(2026, 4, 15, 12, 0, 0, 0, time.UTC)

// Clock stands still until a test moves it.
type Clock struct {
	mu    sync.Mutex
	moved time.Duration
}

// Now returns the time: Noon, and as far as the clock was moved.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Noon.Add(c.moved)
}

// Move moves the clock.
func (c *Clock) Move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moved += d
}

// Provider is what a provider is made of.
type Provider struct {
	App     *app.Rooms
	Deps    app.Deps // of App, as it was changed
	Clock   *Clock
	Engine  *store.Engine
	Catalog *store.Catalog
	DB      *sqlite.Database
	Queue   *delivery.Queue // delivers mail before the call that caused it returns
	Folder  string          // of the database
	Web     siteproof.Web   // where vendors' sites show that they are theirs
}

// Open opens a provider, which closes with the test. A change may alter what the application
// is made of.
func Open(t testing.TB, log *slog.Logger, changes ...func(*Provider, *app.Deps)) *Provider {
	t.Helper()
	p := &Provider{Clock: &Clock{}, Folder: t.TempDir()}
	ctx := context.WithoutCancel(t.Context())
	var err error
	if p.DB, err = sqlite.Open(ctx, p.Folder, sqlite.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.DB.Close() })
	if err := store.Migrate(ctx, p.DB); err != nil {
		t.Fatal(err)
	}
	if p.Engine, err = store.OpenEngine(ctx, p.DB, p.Clock, log, store.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Engine.Close(ctx); err != nil && !t.Failed() {
			t.Errorf("close the engine: %v", err)
		}
	})
	p.Catalog = store.NewCatalog(p.DB)
	p.Deps = app.Deps{
		Engine: p.Engine, Catalog: p.Catalog, Clock: p.Engine, IDs: token.NewMaker(p.Engine, nil), Log: log,
		Secret: [32]byte{1, 2, 3}, Fetch: p.Web.Fetch, BaseURL: "https://pay.example", Demo: true, Alone: true,
		Hasher: account.NewHasher(runtime.GOMAXPROCS(0), account.Cost{Memory: 64, Passes: 1}), // tests log in often
	}
	for _, change := range changes {
		change(p, &p.Deps)
	}
	p.Queue = delivery.New(delivery.Options{Store: p.Deps.Catalog, Clock: p.Engine, Log: log, Random: rand.NewPCG(1, 2)})
	if p.Deps.Queued == nil {
		p.Deps.Queued = p.Queue.Deliver
	}
	p.App = app.Compose(p.Deps)
	if p.Deps.Mailer != nil {
		p.Queue.Add(p.App.MailSender())
	}
	return p
}

// Serve starts a server whose handler is made when its address is known.
func Serve(t testing.TB) (base string, by func(http.Handler)) {
	t.Helper()
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	return server.URL, func(h http.Handler) { handler = h }
}
