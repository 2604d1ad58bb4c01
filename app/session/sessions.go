package session

import (
	"time"

	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/app/cache"
	"farthing.dev/farthing/app/directory"
	"farthing.dev/farthing/app/keys"
	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/token"
)

// Deps is what Sessions are made of. Zero values of the settings stand for their defaults.
type Deps struct {
	Catalog   Catalog
	Clock     token.Clock
	IDs       *token.Maker
	Random    *keys.Random
	Directory *directory.Directory
	Activity  *activity.Log

	PurchaseWindow time.Duration // after login, buying is allowed for so long; 30 minutes
	LongestWindow  time.Duration // what people may lengthen that to for themselves; PurchaseWindow, and not less
	Life           time.Duration // after login, reading is allowed for so long; 30 days
	Idle           time.Duration // a session that is not used for so long ends; 7 days
}

// Sessions knows who is logged in, where, and until when. It is safe for concurrent use.
type Sessions struct {
	catalog   Catalog
	clock     token.Clock
	ids       *token.Maker
	random    *keys.Random
	directory *directory.Directory
	activity  *activity.Log
	sessions  *cache.Cache[account.SessionHash, login]
	lastSeen

	window      time.Duration
	windowMost  time.Duration
	sessionLife time.Duration
	sessionIdle time.Duration
}

// New makes Sessions.
func New(d Deps) *Sessions {
	a := &Sessions{
		catalog: d.Catalog, clock: d.Clock, ids: d.IDs, random: d.Random, directory: d.Directory, activity: d.Activity,
		sessions: cache.New[account.SessionHash, login](d.Clock, cache.Revocable, 65536),
		window:   d.PurchaseWindow, sessionLife: d.Life, sessionIdle: d.Idle,
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
	return a
}
