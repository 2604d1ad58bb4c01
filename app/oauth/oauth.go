package oauth

import (
	"context"
	"log/slog"
	"time"

	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/app/cache"
	"farthing.dev/farthing/app/directory"
	"farthing.dev/farthing/app/keys"
	"farthing.dev/farthing/app/pace"
	"farthing.dev/farthing/domain/grant"
	"farthing.dev/farthing/token"
)

// Deps is what an OAuth is made of.
type Deps struct {
	Catalog   Catalog
	Clock     token.Clock
	IDs       *token.Maker
	Log       *slog.Logger
	Deriver   *keys.Deriver
	Random    *keys.Random
	Directory *directory.Directory
	Activity  *activity.Log
	Queued    func(ctx context.Context) // called when something was put into the queue of deliveries
}

// OAuth is logging in at vendors' sites with the wallet. It is safe for concurrent use.
type OAuth struct {
	catalog   Catalog
	clock     token.Clock
	ids       *token.Maker
	log       *slog.Logger
	deriver   *keys.Deriver
	random    *keys.Random
	directory *directory.Directory
	activity  *activity.Log
	queued    func(ctx context.Context)
	codes     *pace.Throttle // for vendors' sites, by session
	// unanswered are codes and refresh tokens of which the database did not answer whether they
	// were taken: when that was, in milliseconds since 1970.
	unanswered *cache.Cache[grant.Hash, []int64]
	siteLogouts
}

// New makes an OAuth.
func New(d Deps) *OAuth {
	return &OAuth{
		catalog: d.Catalog, clock: d.Clock, ids: d.IDs, log: d.Log, deriver: d.Deriver, random: d.Random, directory: d.Directory, activity: d.Activity, queued: d.Queued,
		codes: pace.NewThrottle(2*time.Second, 60, 65536), unanswered: cache.New[grant.Hash, []int64](d.Clock, unansweredLife, 4096),
	}
}
