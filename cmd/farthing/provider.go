package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/delivery"
	"farthing.dev/farthing/edge/console"
	"farthing.dev/farthing/edge/openid"
	"farthing.dev/farthing/edge/operator"
	"farthing.dev/farthing/edge/vendorapi"
	"farthing.dev/farthing/edge/wallet"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/edge/wellknown"
	"farthing.dev/farthing/outbound"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/postgres"
	"farthing.dev/farthing/store/sqlite"
	"farthing.dev/farthing/token"
	"farthing.dev/farthing/verify"
	"farthing.dev/farthing/worker"
)

// provider is the whole house, wired: one database, one engine, one application,
// and every way in on one handler.
type provider struct {
	app     *app.Rooms
	handler http.Handler
	metrics http.Handler // what has been measured, for an address of its own
	openID  *openid.Handler

	muxes []*http.ServeMux // every one that handler is made of, so that all routes can be told

	log    *slog.Logger
	engine *store.Engine
	heads  *heads
	db     store.Database
	watch  *watch
	dog    *verify.Watchdog
	meter  *meter
	post   post
	queue  *delivery.Queue // of what is sent to others
	// outbound sends every request to an address that a vendor named.
	outbound *http.Client
	stop     context.CancelFunc // of the workers
	workers  sync.WaitGroup
	closing  atomic.Bool
	commands *http.Server // answers commands of this machine; nil where it does not listen
}

// How often the workers look.
const (
	often  = time.Second
	seldom = 5 * time.Minute
)

// readyQueue is how many commands may wait before a balancer should look elsewhere.
const readyQueue = 3072

// open opens the configured database with the options of its kind.
func (c *config) open(ctx context.Context, embedded sqlite.Options, server postgres.Options) (store.Database, error) {
	if c.database == "" {
		return sqlite.Open(ctx, c.data, embedded)
	}
	return postgres.Open(ctx, c.database, server)
}

// openDatabase opens the configured database and brings its tables up to date.
func openDatabase(ctx context.Context, c config) (store.Database, error) {
	db, err := c.open(ctx, sqlite.Options{}, postgres.Options{Connections: c.connections, AsyncStandbys: c.async, Log: c.log})
	if err != nil {
		return nil, err
	}
	if err := store.Migrate(ctx, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// needDatabase refuses a data folder without a database, which opening it would make. A server's
// is looked for when it is opened.
func (c *config) needDatabase() error {
	if _, err := os.Stat(filepath.Join(c.data, "farthing.db")); c.database == "" && err != nil {
		return fmt.Errorf("there is no database in %s", c.data)
	}
	return nil
}

// openBooks opens the database for reading, also beside a server that runs on it.
func openBooks(ctx context.Context, c config) (store.Database, error) {
	db, err := c.open(ctx, sqlite.Options{ReadOnly: true}, postgres.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	known, err := store.UpToDate(ctx, db)
	if err == nil && !known {
		err = errors.New("the tables are those of an earlier version; start farthing serve on them once, which brings them up to date, and verify then")
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// openProvider wires a provider, starts its workers and answers commands. demo lets readers
// give themselves tokens.
func openProvider(ctx context.Context, c config, clock token.Clock, log *slog.Logger, demo bool) (*provider, error) {
	p, currencies, err := openHouse(ctx, c, clock, log, demo)
	if err != nil {
		return nil, err
	}
	if p.handler, err = p.routes(c, clock, currencies, demo); err != nil {
		return nil, errors.Join(err, p.close(ctx))
	}
	if err := p.boundIncentives(ctx, c); err != nil {
		return nil, errors.Join(err, p.close(ctx))
	}
	p.work(ctx)
	p.listenForCommands(ctx, c.data)
	return p, nil
}

// boundIncentives says what vendors' incentive tokens may come to. Where that cannot be recorded
// now, what was recorded before holds, and nothing where nothing was: no reason not to sell.
func (p *provider) boundIncentives(ctx context.Context, c config) error {
	most, err := c.incentiveDebt()
	if err != nil {
		return err
	}
	if err := p.app.BoundIncentives(ctx, most); err != nil {
		p.log.WarnContext(ctx, "vendor-incentive-debt is not recorded; what was set before holds until the next start", "error", err)
	}
	return nil
}

// openHouse opens the application, without a way in and without workers.
func openHouse(ctx context.Context, c config, clock token.Clock, log *slog.Logger, demo bool) (*provider, []token.Currency, error) {
	if err := os.MkdirAll(c.data, 0o700); err != nil {
		return nil, nil, fmt.Errorf("make the data folder: %w", err)
	}
	c.log = log
	db, err := openDatabase(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	kept, err := openHeads(ctx, c, db, log)
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	secret, err := openSecret(ctx, c, db, clock, log)
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	engine, err := store.OpenEngine(ctx, db, clock, log, store.Options{ClockTolerance: c.clockDiff, AcceptClockUntil: c.clockUntil})
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	// From here on the time is the engine's: what a page shows and what is decided agree.
	clock = engine
	p := &provider{log: log, engine: engine, heads: kept, db: db, outbound: outbound.New(outbound.Options{AllowPrivate: c.private})}
	p.dog = verify.NewWatchdog(db, engine, log)
	if err := p.dog.Look(ctx); err != nil { // before anything is sold
		return nil, nil, errors.Join(err, p.close(ctx))
	}
	p.watch = p.newWatch(c)
	p.watch.look(ctx)
	currencies, err := c.currencyList()
	if err != nil {
		return nil, nil, errors.Join(err, p.close(ctx))
	}
	fee, err := c.fee()
	if err != nil {
		return nil, nil, errors.Join(err, p.close(ctx))
	}
	if err := p.openPost(c, clock, demo); err != nil {
		return nil, nil, errors.Join(err, p.close(ctx))
	}
	catalog := store.NewCatalog(db)
	p.openQueue(catalog, clock)
	p.app = app.Compose(app.Deps{
		Engine: engine, Catalog: catalog, Queued: p.queued(demo), Clock: clock, IDs: token.NewMaker(clock, nil), Log: log,
		Secret: secret.present, Lasting: secret.lasting, Fetch: outbound.Fetcher(p.outbound), BaseURL: c.baseURL, Mailer: p.post.mailer(), PurchaseWindow: c.window, LongestWindow: c.windowMost, SessionLife: c.session,
		SessionIdle: c.idle, Name: c.name,
		Currencies: currencies, Fee: fee, Demo: demo, Alone: !db.Shared(),
		Health: p.health,
	})
	if p.post.mailer() != nil {
		p.queue.Add(p.app.MailSender())
	}
	return p, currencies, nil
}

// newWatch returns what knows whether the provider can sell.
func (p *provider) newWatch(c config) *watch {
	w := &watch{pool: p.db.SQL(), queue: func() int { return p.engine.Stats().Queue }, problems: p.engine.Problems, closing: &p.closing, log: p.log}
	if file, inside := p.db.(*sqlite.Database); inside {
		w.compact = file.CheckpointFailure
		w.room = func() (uint64, bool) { return freeBytes(c.data) }
	}
	if server, ok := p.db.(*postgres.Database); ok && !c.async {
		w.async = server.Asynchronous
	}
	return w
}

// routes puts every way in on one handler.
func (p *provider) routes(c config, clock token.Clock, currencies []token.Currency, demo bool) (http.Handler, error) {
	proxies, err := c.trustedProxies()
	if err != nil {
		return nil, err
	}
	site, err := web.NewSite(web.Config{Name: c.name, BaseURL: c.baseURL, Demo: demo, Log: p.log, Clock: clock, TrustedProxies: proxies})
	if err != nil {
		return nil, err
	}
	pages := http.NewServeMux()
	if err := p.openOpenID(c, site, clock); err != nil {
		return nil, err
	}
	p.queue.Add(p.app.LogoutSender(p.openID.TellLogout))
	p.openID.Register(pages)
	readers, err := wallet.New(wallet.Config{LoginFor: p.openID.LoginFor, Site: site, App: p.app, Clock: clock, Random: rand.Reader, Currencies: currencies, Demo: demo, Outbox: p.post.sent()})
	if err != nil {
		return nil, err
	}
	readers.Register(pages)
	vendors, err := console.New(console.Config{Site: site, App: p.app, Random: rand.Reader})
	if err != nil {
		return nil, err
	}
	vendors.Register(pages)
	operators, err := operator.New(site, p.app)
	if err != nil {
		return nil, err
	}
	operators.Register(pages)

	api := vendorapi.New(vendorapi.Options{App: p.app, Clock: clock, Log: p.log})
	measure := newMeter()
	p.meter = measure
	measure.access = newAccess(p.log)
	measure.sales(p.app, currencies)
	measure.deliveries(p.queue, p.engine)
	measure.mail(&p.post, p.queue)
	measure.engine(p.engine)
	measure.health(p.watch, p.db)
	measure.follower(p.dog.Follower)
	measure.counter("farthing_watchdog_skipped_total", "Entries that the watchdog judged by their legs only, since it lagged too far behind to know their accounts.", func() float64 { return float64(p.dog.Skipped()) })
	measure.counter("farthing_password_hashes_total", "Passwords hashed or compared, which is what guessing costs.", func() float64 { return float64(p.app.PasswordsHashed()) })
	all := http.NewServeMux()
	all.Handle("/v1/", api)
	all.Handle("/openapi.json", api)
	all.Handle("/docs", api)
	all.Handle("/docs/", api)
	p.openID.RegisterProtocol(all)
	all.Handle(wellknown.KeysPath, wellknown.Keys(p.app, p.log))
	all.Handle("/", site.Handler(pages))
	outer := http.NewServeMux()
	outer.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "alive") })
	outer.HandleFunc("GET /readyz", p.watch.ready)
	outer.Handle("/", measure.around(all))
	p.muxes = []*http.ServeMux{outer, all, pages}
	p.metrics = measure.handler()
	return site.Transport(outer), nil
}

// followChanges returns the task that follows other replicas' changes. It forgets what is
// remembered where the engine found that a server took over which lacks something.
func (p *provider) followChanges() func(context.Context) error {
	known := int64(0)
	return func(ctx context.Context) error {
		if now := p.engine.Replacements(); now != known {
			known = now
			p.app.ForgetJournal()
			p.app.ForgetDatabase()
		}
		return p.app.FollowChanges(ctx)
	}
}

// work starts the workers. They live until close, however long ctx lives: a stop
// answers what was accepted before it ends them.
func (p *provider) work(ctx context.Context) {
	ctx, p.stop = context.WithCancel(context.WithoutCancel(ctx))
	p.every(ctx, often, p.watch.run)
	if said, counted := p.log.Handler().(*repeats); counted {
		p.every(ctx, often, said.shared.run)
	}
	p.every(ctx, often, (&worker.Due{Do: p.app.DoDue, Log: p.log}).Run)
	p.every(ctx, often, (&worker.Task{Do: p.app.WriteNotes, Failed: "the security log could not be written", AtEnd: true, Log: p.log}).Run)
	p.every(ctx, often, (&worker.Task{Do: p.app.TurnKeys, Failed: "keys could not be turned", Log: p.log}).Run)
	p.every(ctx, often, (&worker.Task{Do: p.followChanges(), Failed: "changes of other replicas could not be read", Log: p.log}).Run)
	p.every(ctx, often, (&worker.Task{Do: p.keepHead, Failed: "the journal's head could not be kept outside the database", Log: p.log}).Run)
	p.every(ctx, often, p.dog.Follower.Run)
	p.every(ctx, often, (&worker.Task{Do: p.dog.Look, Failed: "it could not be read whether an invariant is broken", Log: p.log}).Run)
	p.every(ctx, often, (&worker.Task{Do: p.watchSecret, Failed: "it could not be read which secret the database has", Log: p.log}).Run)
	p.every(ctx, often, (&worker.Task{Do: p.app.EndLogins, Failed: "logins at vendors' sites could not be ended", Log: p.log}).Run)
	p.every(ctx, often, p.queue.Run)
	p.every(ctx, seldom, (&worker.Task{Do: p.app.WriteSessions, Failed: "sessions could not be written", Log: p.log}).Run)
}

// every runs a worker with ticks of a period.
func (p *provider) every(ctx context.Context, period time.Duration, run func(context.Context, <-chan time.Time)) {
	p.workers.Go(func() {
		ticker := time.NewTicker(period)
		defer ticker.Stop()
		run(ctx, ticker.C)
	})
}

// close ends the workers, writes everything behind, and closes the database. Where ctx ends
// before that, it leaves what still waits for the database as it is.
func (p *provider) close(ctx context.Context) error {
	if p.commands != nil {
		if err := p.commands.Shutdown(ctx); err != nil {
			p.log.WarnContext(ctx, "commands are not answered any more", "error", err)
		}
	}
	if p.stop != nil {
		p.stop()
	}
	idle := make(chan struct{})
	go func() { p.workers.Wait(); close(idle) }()
	select {
	case <-idle:
	case <-ctx.Done():
	}
	err := p.engine.Close(ctx)
	if ctx.Err() == nil {
		p.heads.toldAt = time.Time{}
		err = errors.Join(err, p.keepHead(ctx))
	}
	return errors.Join(err, p.db.Close())
}
