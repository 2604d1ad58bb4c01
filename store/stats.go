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

	FailedBatches uint64        // tries of a batch that ended with an error
	FailedFlushes uint64        // passes of writing behind that ended with an error
	Waiting       time.Duration // how long the batch under way has taken so far; zero where there is none
	CommittedAt   time.Time     // when this process last appended; zero before it has
	FlushedAt     time.Time     // when this process last wrote everything behind that was due; zero before it has
	Stuck         bool          // commands are refused, since too much waits to be written behind
}

type counters struct {
	batches, commands, entries, flushes, merges atomic.Uint64
	accounts, orders, lastCommit                atomic.Int64

	failedBatches, failedFlushes  atomic.Uint64
	begun, committedAt, flushedAt atomic.Int64 // in Unix nanoseconds; zero for never
}

// begin notes that a batch is under way.
func (c *counters) begin(at time.Time) { c.begun.Store(at.UnixNano()) }

// flush notes how a pass of writing behind ended.
func (c *counters) flush(err error) {
	if err != nil {
		c.failedFlushes.Add(1)
		return
	}
	c.flushedAt.Store(time.Now().UnixNano())
}

func (c *counters) batch(commands, entries int, took time.Duration) {
	if entries > 0 {
		c.committedAt.Store(c.begun.Load() + int64(took))
	}
	c.begun.Store(0)
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
		FailedBatches: c.failedBatches.Load(), FailedFlushes: c.failedFlushes.Load(),
		Waiting: since(c.begun.Load()), CommittedAt: at(c.committedAt.Load()), FlushedAt: at(c.flushedAt.Load()), Stuck: e.behind.stuck.Load(),
	}
}

// since is how long ago a moment in Unix nanoseconds was; nothing where it is zero.
func since(moment int64) time.Duration {
	if moment == 0 {
		return 0
	}
	return time.Since(time.Unix(0, moment))
}

func at(moment int64) time.Time {
	if moment == 0 {
		return time.Time{}
	}
	return time.Unix(0, moment)
}
