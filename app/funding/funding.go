package funding

import (
	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/app/directory"
	"farthing.dev/farthing/token"
)

// Deps is what a Funding is made of.
type Deps struct {
	Engine    Engine
	Catalog   Catalog
	Clock     token.Clock
	IDs       *token.Maker
	Directory *directory.Directory
	Activity  *activity.Log
	Demo      bool // AddDemoFunds hands out tokens for nothing
}

// Funding credits wallets with money that came in outside. It is safe for concurrent use.
type Funding struct {
	engine    Engine
	catalog   Catalog
	clock     token.Clock
	ids       *token.Maker
	directory *directory.Directory
	activity  *activity.Log
	demo      bool
}

// New makes a Funding.
func New(d Deps) *Funding {
	return &Funding{engine: d.Engine, catalog: d.Catalog, clock: d.Clock, ids: d.IDs, directory: d.Directory, activity: d.Activity, demo: d.Demo}
}
