package store

import "time"

// Options are the Engine's bounds. Zero values stand for the defaults.
type Options struct {
	Batch    int // commands in one commit, at most; 1024
	Queue    int // commands waiting, at most; 4096
	Tail     int // entries after which derived data is flushed; 32768
	Accounts int // accounts kept in memory beside those of the tail; 65536
	Orders   int // orders kept in memory; 5000
	Fanout   int // runs of a level that are merged into one of the next; 8

	Retry    time.Duration // from a failure of writing behind to the next attempt, at first; 1 s
	Patience time.Duration // for one step of writing behind; 20 s

	Moment time.Duration // how long looks wait for a batch before they are answered aside; 1 s
	Answer time.Duration // how long commands wait for their outcome; 10 s

	// ClockTolerance is by how much clocks may differ before nothing is appended; 5 s.
	ClockTolerance time.Duration
	// AcceptClockUntil permits the journal's end to be ahead of the clock as far as this.
	AcceptClockUntil time.Time
}

func (o Options) withDefaults() Options {
	fill := func(value *int, standard int) {
		if *value <= 0 {
			*value = standard
		}
	}
	fill(&o.Batch, 1024)
	fill(&o.Queue, 4096)
	fill(&o.Tail, 32768)
	fill(&o.Accounts, 65_536)
	fill(&o.Orders, 5_000)
	fill(&o.Fanout, 8)
	if o.Retry <= 0 {
		o.Retry = time.Second
	}
	if o.Patience <= 0 {
		o.Patience = 20 * time.Second
	}
	if o.Moment <= 0 {
		o.Moment = time.Second
	}
	if o.Answer <= 0 {
		o.Answer = 10 * time.Second
	}
	if o.ClockTolerance <= 0 {
		o.ClockTolerance = 5 * time.Second
	}
	return o
}
