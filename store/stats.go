package store

import (
	"sync/atomic"
	"time"
)

// Stats are figures for metrics.
type Stats struct {
	Batches    uint64        // commits and looks
	Commands   uint64        // commands answered
	Entries    uint64        // entries appended by this process
	Queue      int           // commands waiting
	Tail       int           // entries not flushed
	Runs       int           // sorted runs
	Accounts   int           // accounts in memory
	Orders     int           // orders in memory
	LastCommit time.Duration // from the first look at the last batch to its answer
	Flushes    uint64
	Merges     uint64
	FlushError string // why writing behind does not go on; empty where it does
}

type counters struct {
	batches, commands, entries, flushes, merges atomic.Uint64
	accounts, orders, lastCommit                atomic.Int64
}

func (c *counters) batch(commands, entries int, took time.Duration) {
	c.batches.Add(1)
	c.commands.Add(uint64(commands))
	c.entries.Add(uint64(entries))
	c.lastCommit.Store(int64(took))
}

// Stats returns the engine's figures.
func (e *Engine) Stats() Stats {
	c := &e.counters
	active, frozen := e.index.waiting()
	return Stats{
		Batches: c.batches.Load(), Commands: c.commands.Load(), Entries: c.entries.Load(),
		Queue: len(e.queue), Tail: active + frozen, Runs: e.index.runCount(),
		Accounts: int(c.accounts.Load()), Orders: int(c.orders.Load()), LastCommit: time.Duration(c.lastCommit.Load()),
		Flushes: c.flushes.Load(), Merges: c.merges.Load(), FlushError: e.behind.problem(),
	}
}
