package app

import (
	"context"
	"crypto/rand"
	"log/slog"
	"runtime"
	"strings"

	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/app/approving"
	"farthing.dev/farthing/app/buying"
	"farthing.dev/farthing/app/cache"
	"farthing.dev/farthing/app/directory"
	"farthing.dev/farthing/app/due"
	"farthing.dev/farthing/app/funding"
	"farthing.dev/farthing/app/incentive"
	"farthing.dev/farthing/app/keys"
	"farthing.dev/farthing/app/login"
	"farthing.dev/farthing/app/oauth"
	"farthing.dev/farthing/app/offering"
	"farthing.dev/farthing/app/operating"
	"farthing.dev/farthing/app/pace"
	"farthing.dev/farthing/app/selling"
	"farthing.dev/farthing/app/session"
	"farthing.dev/farthing/domain/account"
)

// Rooms are the services of one provider, composed. They share nothing but what lies below
// them and the caches of what does not change.
type Rooms struct {
	*cache.Follower // of what other replicas change in the catalogue
	*keys.Keys
	*activity.Log
	*directory.Directory
	*offering.Offering
	*incentive.Incentives
	*funding.Funding
	*session.Sessions
	*login.Login
	*login.Methods
	*oauth.OAuth
	*selling.Counter // of what this process sold
	*selling.Selling
	*buying.Buying
	*approving.Approving
	*operating.Operating
	*due.Due
}

// Compose makes the services, each of those below it.
func Compose(d Deps) *Rooms {
	d.setDefaults()
	deriver, random := keys.NewDeriver(d.Secret, d.Lasting, d.Clock), keys.NewRandom(d.Random)
	r := &Rooms{Follower: cache.NewFollower(d.Catalog, d.Clock, d.Alone), Due: due.New(d.Engine, d.Clock)}
	r.Keys = keys.New(keys.Deps{Catalog: d.Catalog, Tickets: d.Catalog, Signing: d.Catalog, Clock: d.Clock, Deriver: deriver, Random: random, Alone: d.Alone})
	r.Log = activity.New(activity.Deps{Catalog: d.Catalog, Clock: d.Clock, IDs: d.IDs, Log: d.Log})
	r.Directory = directory.New(directory.Deps{
		Engine: d.Engine, Catalog: d.Catalog, Changes: r.Follower, Clock: d.Clock, IDs: d.IDs, Log: d.Log, Deriver: deriver, Random: random,
		Activity: r.Log, Fetch: d.Fetch, Currencies: d.Currencies, Fee: d.Fee,
	})
	r.Offering = offering.New(offering.Deps{Catalog: d.Catalog, Changes: r.Follower, Clock: d.Clock, IDs: d.IDs, Directory: r.Directory})
	r.Incentives = incentive.New(incentive.Deps{Engine: d.Engine, Catalog: d.Catalog, Clock: d.Clock, IDs: d.IDs, Log: d.Log, Directory: r.Directory})
	r.Funding = funding.New(funding.Deps{
		Engine: d.Engine, Catalog: d.Catalog, Clock: d.Clock, IDs: d.IDs, Directory: r.Directory, Activity: r.Log, Demo: d.Demo,
	})
	r.Sessions = session.New(session.Deps{
		Catalog: d.Catalog, Clock: d.Clock, IDs: d.IDs, Random: random, Directory: r.Directory, Activity: r.Log,
		PurchaseWindow: d.PurchaseWindow, LongestWindow: d.LongestWindow, Life: d.SessionLife, Idle: d.SessionIdle,
	})
	r.Login, r.Methods = login.New(login.Deps{
		Catalog: d.Catalog, Clock: d.Clock, IDs: d.IDs, Log: d.Log, Deriver: deriver, Random: random, Hasher: d.Hasher,
		Pace: pace.New(d.Catalog, deriver, d.Clock, d.Log), Activity: r.Log, Directory: r.Directory, Incentives: r.Incentives, Sessions: r.Sessions,
		Mailer: d.Mailer, Queued: d.Queued, Name: d.Name, BaseURL: d.BaseURL,
	})
	r.OAuth = oauth.New(oauth.Deps{
		Catalog: d.Catalog, Clock: d.Clock, IDs: d.IDs, Log: d.Log, Deriver: deriver, Random: random, Directory: r.Directory, Activity: r.Log, Queued: d.Queued,
	})
	r.Counter = selling.CountSales(d.Engine, d.Currencies)
	r.Selling = selling.New(selling.Deps{
		Engine: r.Counter, Clock: d.Clock, IDs: d.IDs, Log: d.Log, Deriver: deriver, Keys: r.Keys,
		Directory: r.Directory, Offering: r.Offering, Activity: r.Log, BaseURL: d.BaseURL,
	})
	r.Buying = buying.New(buying.Deps{
		Engine: r.Counter, Clock: d.Clock, IDs: d.IDs, Log: d.Log, Deriver: deriver, Random: random, Keys: r.Keys,
		Directory: r.Directory, Offering: r.Offering, Selling: r.Selling, Funding: r.Funding, Activity: r.Log,
	})
	r.Approving = approving.New(approving.Deps{
		Engine: d.Engine, Catalog: d.Catalog, Clock: d.Clock, IDs: d.IDs, Activity: r.Log, Funding: r.Funding, Sessions: r.Sessions,
	})
	r.Operating = operating.New(operating.Deps{
		Engine: d.Engine, Catalog: d.Catalog, Health: d.Health, Clock: d.Clock, IDs: d.IDs, Log: d.Log, Random: random,
		Directory: r.Directory, Funding: r.Funding, Sessions: r.Sessions, Approving: r.Approving, Activity: r.Log, Queued: d.Queued, BaseURL: d.BaseURL, Fee: d.Fee,
	})
	return r
}

func (d *Deps) setDefaults() {
	if d.Lasting == [32]byte{} {
		d.Lasting = d.Secret
	}
	d.BaseURL = strings.TrimSuffix(d.BaseURL, "/")
	if d.Random == nil {
		d.Random = rand.Reader
	}
	if d.Hasher == nil {
		d.Hasher = account.NewHasher(runtime.GOMAXPROCS(0), account.RecommendedCost())
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Queued == nil {
		d.Queued = func(context.Context) {}
	}
	if len(d.Currencies) == 0 {
		d.Currencies = DefaultCurrencies()
	}
}
