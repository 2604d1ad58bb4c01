package approving

import (
	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/app/funding"
	"farthing.dev/farthing/app/session"
	"farthing.dev/farthing/token"
)

// Deps is what an Approving is made of.
type Deps struct {
	Engine   Engine
	Catalog  Catalog
	Clock    token.Clock
	IDs      *token.Maker
	Activity *activity.Log
	Funding  *funding.Funding
	Sessions *session.Sessions
}

// Approving decides what staff asked for. It is safe for concurrent use.
type Approving struct {
	engine   Engine
	catalog  Catalog
	clock    token.Clock
	ids      *token.Maker
	activity *activity.Log
	funding  *funding.Funding
	sessions *session.Sessions
}

// New makes an Approving.
func New(d Deps) *Approving {
	return &Approving{engine: d.Engine, catalog: d.Catalog, clock: d.Clock, ids: d.IDs, activity: d.Activity, funding: d.Funding, sessions: d.Sessions}
}
