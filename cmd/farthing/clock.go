package main

import (
	"time"

	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

// machineClock is the machine's clock, beside one that nobody sets.
type machineClock struct {
	token.SystemClock
	started time.Time // with the reading of the clock that nobody sets
}

var _ store.Steady = machineClock{}

func newMachineClock() machineClock { return machineClock{started: time.Now()} }

// Reading returns the time of day and how long the process has run.
func (c machineClock) Reading() (now time.Time, elapsed time.Duration) {
	at := time.Now()
	return at.UTC().Truncate(time.Millisecond), at.Sub(c.started)
}

// Asleep returns how long the machine has slept since it was started.
func (machineClock) Asleep() time.Duration { return asleep() }
