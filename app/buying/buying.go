package buying

import (
	"log/slog"
	"time"

	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/app/directory"
	"farthing.dev/farthing/app/funding"
	"farthing.dev/farthing/app/keys"
	"farthing.dev/farthing/app/offering"
	"farthing.dev/farthing/app/pace"
	"farthing.dev/farthing/app/selling"
	"farthing.dev/farthing/token"
)

// Deps is what a Buying is made of.
type Deps struct {
	Engine    Engine
	Clock     token.Clock
	IDs       *token.Maker
	Log       *slog.Logger
	Deriver   *keys.Deriver
	Random    *keys.Random
	Keys      *keys.Keys
	Directory *directory.Directory
	Offering  *offering.Offering
	Selling   *selling.Selling
	Funding   *funding.Funding
	Activity  *activity.Log
}

// Buying is what readers do with their wallets: pay, look at what they bought, and set how
// much may be spent without them. It is safe for concurrent use.
type Buying struct {
	engine    Engine
	clock     token.Clock
	ids       *token.Maker
	log       *slog.Logger
	deriver   *keys.Deriver
	random    *keys.Random
	keys      *keys.Keys
	directory *directory.Directory
	offering  *offering.Offering
	selling   *selling.Selling
	funding   *funding.Funding
	activity  *activity.Log
	buys      *pace.Throttle // of offers, by plain forms
	permits   *pace.Throttle // of limits and allowances that an account sets
}

// New makes a Buying.
func New(d Deps) *Buying {
	return &Buying{
		engine: d.Engine, clock: d.Clock, ids: d.IDs, log: d.Log, deriver: d.Deriver, random: d.Random, keys: d.Keys, directory: d.Directory,
		offering: d.Offering, selling: d.Selling, funding: d.Funding, activity: d.Activity, buys: pace.NewThrottle(2*time.Second, 30, 65536),
		permits: pace.NewThrottle(2*time.Second, 60, 65536),
	}
}
