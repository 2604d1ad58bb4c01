package sqlite

import (
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	"farthing.dev/farthing/store"
)

// What a commit wrote that failed at the sync lies in the WAL. SQLite does not show it to this
// process; but it is whole, so the next process finds it, unless a later commit has been
// written over it. So nobody knows what became of it until one has.

// undone reports whether a write that failed certainly left nothing behind: it never came to
// the sync. (The operating system's files report a full disk when they are written, and what
// marks a transaction as whole is written last.)
func undone(err error) bool {
	return errors.Is(err, sqlite3.FULL) || errors.Is(err, sqlite3.BUSY) || errors.Is(err, sqlite3.CONSTRAINT)
}

// committed is told what became of each commit that is durable when it succeeds. Its caller
// holds the gate.
func (d *Database) committed(err error) { d.unsettled = err != nil && (d.unsettled || !undone(err)) }

// settle has a commit of its own succeed, where one failed since the last that did. Its caller
// holds the gate.
func (d *Database) settle() error {
	if !d.unsettled {
		return nil
	}
	err := d.hot.conn.Exec(`UPDATE journal_lock SET id = id WHERE id = 5`) // nobody reads it
	d.committed(err)
	if err != nil {
		return fmt.Errorf("%w: write over a commit that failed: %w", store.ErrCommitUnknown, err)
	}
	return nil
}
