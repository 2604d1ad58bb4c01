package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// scrubWait is how long appends wait, at most, for the last readers of the WAL.
const scrubWait = 100 * time.Millisecond

// Scrub copies the WAL into the database file and empties it. What Write deleted was
// overwritten in its page (PRAGMA secure_delete); from then on no older copy of the
// page is left in either file. While somebody reads for long, as a replicator does all the
// time, the WAL is not emptied, and older copies stay until it begins again; so what must be
// gone for good is encrypted under a key that is destroyed (Shred).
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
	if err != nil && !errors.Is(err, sqlite3.BUSY) {
		return fmt.Errorf("scrub: %w", err)
	}
	return nil
}
