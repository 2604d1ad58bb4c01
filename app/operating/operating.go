package operating

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/app/approving"
	"farthing.dev/farthing/app/directory"
	"farthing.dev/farthing/app/funding"
	"farthing.dev/farthing/app/keys"
	"farthing.dev/farthing/app/session"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// Deps is what an Operating is made of.
type Deps struct {
	Engine    Engine
	Catalog   Catalog
	Health    func(ctx context.Context) Health // nil for nothing to say
	Clock     token.Clock
	IDs       *token.Maker
	Log       *slog.Logger
	Random    *keys.Random
	Directory *directory.Directory
	Funding   *funding.Funding
	Sessions  *session.Sessions
	Approving *approving.Approving
	Activity  *activity.Log
	Queued    func(ctx context.Context) // called when something was put into the queue of deliveries
	BaseURL   string                    // where browsers find the provider, without a slash at the end
	Fee       royalty.FeeRule           // the provider's fee for vendors who open from now on
}

// Operating is what the provider's own staff look at and do. It is safe for concurrent use.
type Operating struct {
	engine    Engine
	catalog   Catalog
	health    func(ctx context.Context) Health
	clock     token.Clock
	ids       *token.Maker
	log       *slog.Logger
	random    *keys.Random
	directory *directory.Directory
	funding   *funding.Funding
	sessions  *session.Sessions
	approving *approving.Approving
	activity  *activity.Log
	queued    func(ctx context.Context)
	baseURL   string
	fee       royalty.FeeRule
	headcount struct { // of people, as operators see them
		sync.Mutex
		people, vendors int64
		at              time.Time
	}
}

// New makes an Operating.
func New(d Deps) *Operating {
	return &Operating{
		engine: d.Engine, catalog: d.Catalog, health: d.Health, clock: d.Clock, ids: d.IDs, log: d.Log, random: d.Random,
		directory: d.Directory, funding: d.Funding, sessions: d.Sessions, approving: d.Approving, activity: d.Activity, queued: d.Queued, baseURL: d.BaseURL, fee: d.Fee,
	}
}
