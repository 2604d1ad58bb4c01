package due

import "farthing.dev/farthing/token"

// Due does what has fallen due. One goroutine calls it.
type Due struct {
	engine Engine
	clock  token.Clock
	dues   dueWatch
}

// New makes a Due, which reads the journal when it is first called.
func New(engine Engine, clock token.Clock) *Due { return &Due{engine: engine, clock: clock} }
