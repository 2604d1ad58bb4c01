package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ncruces/go-sqlite3"

	"farthing.dev/farthing/token"
)

// scrubWait is how long appends wait, at most, for the last readers of the WAL.
const scrubWait = 100 * time.Millisecond

// Scrub copies the WAL into the database file and empties it. What Write deleted was
// overwritten in its page (PRAGMA secure_delete); from then on no older copy of the
// page is left in either file. While somebody reads for long it answers
// CodeUnavailable: try again later.
func (d *Database) Scrub(context.Context) error {
	c := d.checkpoint
	c.passing.Lock()
	defer c.passing.Unlock()
	if err := c.copyMost(); err != nil {
		return fmt.Errorf("scrub: %w", err)
	}
	err := d.fixed.away(func() error {
		d.writing.Lock()
		defer d.writing.Unlock()
		if err := c.conn.BusyTimeout(scrubWait); err != nil {
			return err
		}
		_, _, err := c.conn.WALCheckpoint("main", sqlite3.CHECKPOINT_TRUNCATE)
		return errors.Join(err, c.conn.BusyTimeout(busyTimeout))
	})
	if errors.Is(err, sqlite3.BUSY) {
		return token.New(token.Unavailable, token.CodeUnavailable, "the database is being read; try again")
	}
	if err != nil {
		return fmt.Errorf("scrub: %w", err)
	}
	return nil
}
