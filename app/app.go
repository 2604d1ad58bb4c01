package app

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"time"

	"farthing.dev/farthing/delivery"
	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/credential"
	"farthing.dev/farthing/domain/grant"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/keyring"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/domain/security"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/token"
)

// Engine is what the app needs of the journal's engine.
type Engine interface {
	// Do decides the command, and returns when its entry is durable.
	Do(ctx context.Context, command core.Command) (core.Outcome, error)
	// Account returns a copy of the account, empty where it has no entries yet.
	Account(ctx context.Context, id token.AccountID) (*core.Account, error)
	// Owner returns a copy of the account of a vendor, payee or campaign, with its balances; of
	// the provider, with those of all, where owner is zero. It is empty where it has no entry yet.
	Owner(ctx context.Context, owner [16]byte) (*core.Account, error)
	// Order returns a copy of the order, or CodeNotFound.
	Order(ctx context.Context, id token.OrderID) (*core.Order, error)
	// Find returns entries found under term for which match holds, newest first,
	// with numbers below before (0: from the newest).
	Find(ctx context.Context, term journal.Term, match func(*journal.Entry) bool, before uint64, limit int) ([]*journal.Entry, error)
	// Blocks calls visit for each block that holds entries from number from on, ascending.
	Blocks(ctx context.Context, from uint64, visit func(*journal.Block) error) error
}

// Catalog is who is who and what is for sale.
type Catalog interface {
	account.Store
	account.Waiting
	account.Tries
	catalog.Store
	security.Store
	keyring.Store
	credential.Store
	keyring.TicketStore
	keyring.SecretStore
	grant.Store
	staff.Store
	delivery.Store
	// SealedAuthenticators returns some authenticators, with users and sealed secrets.
	SealedAuthenticators(ctx context.Context, limit int) ([]credential.Authenticator, error)
}

// Deps is everything that an App is made of. Zero values of the settings stand for
// their defaults.
type Deps struct {
	Engine  Engine
	Catalog Catalog
	Clock   token.Clock
	IDs     *token.Maker
	Log     *slog.Logger
	Random  io.Reader       // for session tokens, keys and tickets; the system's where nil
	Hasher  *account.Hasher // of passwords; one at RecommendedCost where nil

	Secret  [32]byte                         // keys in the database are encrypted under it; prove it (ProveSecret) before
	Lasting [32]byte                         // pseudonyms derive from it, so it never changes: Proof.Lasting; Secret where it is zero
	Fetch   Fetch                            // for looking at vendors' sites; where nil, none can be shown to be a vendor's
	Name    string                           // the provider's, as readers see it
	BaseURL string                           // where browsers find the provider, without a slash at the end
	Mailer  Mailer                           // nil where no e-mail can be sent
	Queued  func(ctx context.Context)        // called when something was put into the queue of deliveries; nil for nobody
	Health  func(ctx context.Context) Health // for operators; nil for nothing to say

	PurchaseWindow time.Duration    // after login, buying is allowed for so long; 30 minutes
	LongestWindow  time.Duration    // what people may lengthen that to for themselves; PurchaseWindow, and not less
	SessionLife    time.Duration    // after login, reading is allowed for so long; 30 days
	SessionIdle    time.Duration    // a session that is not used for so long ends; 7 days
	Currencies     []token.Currency // what the provider deals in; DefaultCurrencies where empty
	Fee            royalty.FeeRule  // the provider's fee for vendors who open from now on
	Demo           bool             // AddDemoFunds hands out tokens for nothing
	Alone          bool             // no other process changes the catalogue
}

// App is the application. It is safe for concurrent use.
type App struct {
	engine  Engine
	catalog Catalog
	clock   token.Clock
	ids     *token.Maker
	log     *slog.Logger
	name    string
	baseURL string

	dice   *dice
	keys   *locksmith
	rings  *rings
	vault  *vault
	hasher *account.Hasher
	counts *counts
	entries
	codes *throttle // for vendors' sites, by session
	// unanswered are codes and refresh tokens of which the database did not answer whether they
	// were taken: when that was, in milliseconds since 1970.
	unanswered *cache[grant.Hash, []int64]
	buys       *throttle // of offers, by plain forms
	permits    *throttle // of limits and allowances that an account sets
	// batchPlaces holds a token for each purchase of a batch that is under way.
	batchPlaces chan struct{}
	proofs      *throttle // of looking at vendors' sites
	fetch       Fetch
	dues        dueWatch
	mailer      Mailer
	queued      func(ctx context.Context)
	notes       notebook
	sightings
	caches
	siteLogouts
	health    func(ctx context.Context) Health
	headcount struct { // of people, as operators see them
		sync.Mutex
		people, vendors int64
		at              time.Time
	}

	window      time.Duration
	windowMost  time.Duration
	sessionLife time.Duration
	sessionIdle time.Duration
	currencies  map[token.Currency]bool
	fee         royalty.FeeRule
	demo        bool
}

// DefaultCurrencies returns what a provider deals in that is not told otherwise.
func DefaultCurrencies() []token.Currency {
	return []token.Currency{{'U', 'S', 'D'}, {'E', 'U', 'R'}, {'G', 'B', 'P'}, {'J', 'P', 'Y'}}
}

// New makes an App.
func New(d Deps) *App {
	if d.Lasting == [32]byte{} {
		d.Lasting = d.Secret
	}
	a := &App{
		health: d.Health,
		engine: d.Engine, catalog: d.Catalog, clock: d.Clock, ids: d.IDs, log: d.Log,
		name: d.Name, baseURL: strings.TrimSuffix(d.BaseURL, "/"), mailer: d.Mailer, queued: d.Queued, window: d.PurchaseWindow, sessionLife: d.SessionLife, sessionIdle: d.SessionIdle,
		currencies: map[token.Currency]bool{}, fee: d.Fee, demo: d.Demo,
		keys: newLocksmith(d.Secret, d.Lasting, d.Clock), hasher: d.Hasher,
		entries: entries{party: newParty(d.BaseURL)}, buys: newThrottle(2*time.Second, 30, 65536), permits: newThrottle(2*time.Second, 60, 65536), batchPlaces: make(chan struct{}, placesOfBatches),
		proofs: newThrottle(10*time.Second, 10, 4096), fetch: d.Fetch, caches: newCaches(d.Catalog, d.Clock, d.Alone),
		codes: newThrottle(2*time.Second, 60, 65536), unanswered: newCache[grant.Hash, []int64](d.Clock, unansweredLife, 4096), notes: notebook{lines: newThrottle(linePause, linesAtOnce, 65536)},
	}
	if d.Random == nil {
		d.Random = rand.Reader
	}
	if a.hasher == nil {
		a.hasher = account.NewHasher(runtime.GOMAXPROCS(0), account.RecommendedCost())
	}
	a.dice = &dice{from: d.Random}
	a.counts = newCounts(d.Catalog, a.keys)
	a.rings = newRings(d.Catalog, d.Clock, a.keys, a.dice)
	a.vault = newVault(d.Catalog, a.keys, a.dice, d.Clock, d.Alone)
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	if a.window <= 0 {
		a.window = 30 * time.Minute
	}
	a.windowMost = max(d.LongestWindow, a.window)
	if a.sessionLife <= 0 {
		a.sessionLife = 30 * 24 * time.Hour
	}
	if a.sessionIdle <= 0 {
		a.sessionIdle = 7 * 24 * time.Hour
	}
	if len(d.Currencies) == 0 {
		d.Currencies = DefaultCurrencies()
	}
	for _, c := range d.Currencies {
		a.currencies[c] = true
	}
	if a.engine != nil {
		a.engine = countSales(a.engine, d.Currencies)
	}
	return a
}
