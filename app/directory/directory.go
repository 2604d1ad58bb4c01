package directory

import (
	"log/slog"
	"time"

	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/app/cache"
	"farthing.dev/farthing/app/keys"
	"farthing.dev/farthing/app/pace"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// Deps is what a Directory is made of.
type Deps struct {
	Engine     Engine
	Catalog    Catalog
	Changes    *cache.Follower
	Clock      token.Clock
	IDs        *token.Maker
	Log        *slog.Logger
	Deriver    *keys.Deriver
	Random     *keys.Random
	Activity   *activity.Log
	Fetch      Fetch            // for looking at vendors' sites; where nil, none can be shown to be a vendor's
	Currencies []token.Currency // what the provider deals in
	Fee        royalty.FeeRule  // the provider's fee for vendors who open from now on
}

// Directory knows who is who: vendors, their sites and keys, and whose account pays. It is
// safe for concurrent use.
type Directory struct {
	engine     Engine
	catalog    Catalog
	clock      token.Clock
	ids        *token.Maker
	log        *slog.Logger
	deriver    *keys.Deriver
	random     *keys.Random
	activity   *activity.Log
	fetch      Fetch
	proofs     *pace.Throttle // of looking at vendors' sites
	currencies map[token.Currency]bool
	fee        royalty.FeeRule

	vendors  *cache.Cache[token.VendorID, catalog.Vendor]
	sites    *cache.Cache[token.VendorID, []catalog.Site]
	apiKeys  *cache.Cache[catalog.KeyHash, catalog.APIKey]
	memberOf *cache.Cache[token.UserID, []token.VendorID]
	accounts *cache.Cache[token.UserID, token.AccountID]
}

// New makes a Directory.
func New(d Deps) *Directory {
	a := &Directory{
		engine: d.Engine, catalog: d.Catalog, clock: d.Clock, ids: d.IDs, log: d.Log, deriver: d.Deriver, random: d.Random, activity: d.Activity,
		fetch: d.Fetch, proofs: pace.NewThrottle(10*time.Second, 10, 4096), currencies: map[token.Currency]bool{}, fee: d.Fee,
		vendors:  cache.Followed[token.VendorID, catalog.Vendor](d.Clock, d.Changes, 16384),
		sites:    cache.Followed[token.VendorID, []catalog.Site](d.Clock, d.Changes, 16384),
		apiKeys:  cache.Followed[catalog.KeyHash, catalog.APIKey](d.Clock, d.Changes, 16384),
		memberOf: cache.New[token.UserID, []token.VendorID](d.Clock, cache.Revocable, 65536),
		accounts: cache.New[token.UserID, token.AccountID](d.Clock, cache.Forever, 262144),
	}
	for _, c := range d.Currencies {
		a.currencies[c] = true
	}
	d.Changes.OnChange(a.forgetVendors)
	return a
}
