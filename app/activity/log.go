package activity

import (
	"log/slog"

	"farthing.dev/farthing/app/pace"
	"farthing.dev/farthing/token"
)

// Deps is what a Log is made of.
type Deps struct {
	Catalog Catalog
	Clock   token.Clock
	IDs     *token.Maker
	Log     *slog.Logger // the operator's own
}

// Log is the security log: what was refused for safety's sake, or happened around somebody's
// account. It is safe for concurrent use.
type Log struct {
	catalog Catalog
	clock   token.Clock
	ids     *token.Maker
	log     *slog.Logger
	notes   waitingRoom
}

// New makes a Log. What is recorded reaches the table by WriteNotes.
func New(d Deps) *Log {
	return &Log{catalog: d.Catalog, clock: d.Clock, ids: d.IDs, log: d.Log, notes: waitingRoom{lines: pace.NewThrottle(linePause, linesAtOnce, 65536)}}
}
