package selling

import (
	"log/slog"

	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/app/directory"
	"farthing.dev/farthing/app/keys"
	"farthing.dev/farthing/app/offering"
	"farthing.dev/farthing/token"
)

// Deps is what a Selling is made of.
type Deps struct {
	Engine    Engine
	Clock     token.Clock
	IDs       *token.Maker
	Log       *slog.Logger
	Deriver   *keys.Deriver
	Keys      *keys.Keys
	Directory *directory.Directory
	Offering  *offering.Offering
	Activity  *activity.Log
	BaseURL   string // where browsers find the provider, without a slash at the end
}

// Selling is what vendors' servers do: orders, purchases under an allowance, holds, refunds,
// tickets, receipts, and what they earned. It is safe for concurrent use.
type Selling struct {
	engine    Engine
	clock     token.Clock
	ids       *token.Maker
	log       *slog.Logger
	deriver   *keys.Deriver
	keys      *keys.Keys
	directory *directory.Directory
	offering  *offering.Offering
	activity  *activity.Log
	baseURL   string
	// batchPlaces holds a token for each purchase of a batch that is under way.
	batchPlaces chan struct{}
}

// New makes a Selling.
func New(d Deps) *Selling {
	return &Selling{
		engine: d.Engine, clock: d.Clock, ids: d.IDs, log: d.Log, deriver: d.Deriver, keys: d.Keys, directory: d.Directory,
		offering: d.Offering, activity: d.Activity, baseURL: d.BaseURL, batchPlaces: make(chan struct{}, placesOfBatches),
	}
}
