package sqlite

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"

	"github.com/ncruces/go-sqlite3"
)

// checkpointer copies the WAL into the database file in the background. Most of it
// is copied while appends go on; the few pages that came meanwhile are copied while
// none can, so that the next append begins the WAL again from its start.
type checkpointer struct {
	database *Database
	conn     *sqlite3.Conn
	wake     chan struct{}
	done     chan struct{}
	failure  atomic.Pointer[error] // of the last try; nil where it succeeded
	busy     atomic.Bool
	passing  sync.Mutex // held by whoever uses conn
}

func startCheckpointer(d *Database) (*checkpointer, error) {
	conn, err := d.connection()
	if err != nil {
		return nil, err
	}
	c := &checkpointer{database: d, conn: conn, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go c.run()
	return c, nil
}

// notice is told the size of the WAL after each append.
func (c *checkpointer) notice(pages int) {
	if c == nil || pages < c.database.options.CheckpointPages || c.busy.Load() || c.failure.Load() != nil {
		return // after a failure, Upkeep has it tried again
	}
	c.start()
}

// start begins a pass unless one is to begin.
func (c *checkpointer) start() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *checkpointer) run() {
	defer close(c.done)
	for range c.wake {
		c.busy.Store(true)
		var failure *error
		if err := c.pass(); err != nil {
			failure = &err
		}
		c.failure.Store(failure)
		c.busy.Store(false)
	}
}

// errReader is why the WAL grows although nothing fails: it is told, and selling goes on.
var errReader = errors.New("somebody has been reading for long")

// Upkeep returns why the WAL could last not be copied into the database file, nil where it
// could, and has it tried again.
func (d *Database) Upkeep() error {
	err := d.checkpointed()
	if err != nil {
		d.checkpoint.start()
		err = fmt.Errorf("the WAL cannot be copied into %s, and grows: %w", d.path, err)
	}
	return err
}

// CheckpointFailure is Upkeep without what is no failure: a replicator, a backup or a person
// who reads for long, beside whom the server sells as well as ever.
func (d *Database) CheckpointFailure() error {
	if err := d.checkpointed(); !errors.Is(err, errReader) {
		return err
	}
	return nil
}

func (d *Database) checkpointed() error {
	if d.checkpoint == nil {
		return nil
	}
	if failure := d.checkpoint.failure.Load(); failure != nil {
		return *failure
	}
	return nil
}

// WALBytes returns the size of the WAL.
func (d *Database) WALBytes() int64 {
	info, err := os.Stat(d.path + "-wal")
	if err != nil {
		return 0
	}
	return info.Size()
}

// The last pass holds up appends, so there are passes before it until little is left.
const (
	maxPasses = 6
	fewPages  = 128
)

func (c *checkpointer) pass() error {
	c.passing.Lock()
	defer c.passing.Unlock()
	if err := c.copyMost(); err != nil {
		return err
	}
	return c.database.fixed.away(func() error {
		c.database.writing.Lock()
		defer c.database.writing.Unlock()
		pages, copied, err := c.conn.WALCheckpoint("main", sqlite3.CHECKPOINT_PASSIVE)
		if left := pages - copied; err == nil && left > tooMany*c.database.options.CheckpointPages {
			err = fmt.Errorf("%d of its pages are kept: %w", left, errReader)
		}
		return err
	})
}

// tooMany is how many times the size at which the WAL is copied may be left in it.
const tooMany = 4

// copyMost copies the WAL while appends go on, until little is left.
func (c *checkpointer) copyMost() error {
	if err := c.database.fixed.away(func() error { return nil }); err != nil { // they begin anew, with what is in the WAL now
		return err
	}
	for range maxPasses {
		before, copied, err := c.conn.WALCheckpoint("main", sqlite3.CHECKPOINT_PASSIVE)
		if err != nil {
			return err
		}
		now, _, err := c.size()
		if err != nil {
			return err
		}
		if now-copied < fewPages || copied < before {
			break
		}
	}
	return nil
}

// size returns how many pages the WAL holds and how many of them were copied.
func (c *checkpointer) size() (pages, copied int, err error) {
	return c.conn.WALCheckpoint("main", sqlite3.CHECKPOINT_NOOP)
}

func (c *checkpointer) stop() error {
	close(c.wake)
	<-c.done
	err := c.database.fixed.away(func() error {
		c.database.writing.Lock()
		defer c.database.writing.Unlock()
		_, _, err := c.conn.WALCheckpoint("main", sqlite3.CHECKPOINT_TRUNCATE)
		return err
	})
	if errors.Is(err, sqlite3.BUSY) {
		err = nil // somebody still reads; the next start does it
	}
	if err != nil {
		err = fmt.Errorf("checkpoint: %w", err)
	}
	return errors.Join(err, c.conn.Close())
}
