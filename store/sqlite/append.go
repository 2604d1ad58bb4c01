package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/store"
)

// appender is the connection that appends blocks, with its one statement.
type appender struct {
	conn   *sqlite3.Conn
	insert *sqlite3.Stmt // prepared at the first append, when the table is there
}

func newAppender(d *Database) (*appender, error) {
	conn, err := d.connection()
	if err != nil {
		return nil, err
	}
	conn.WALHook(func(_ *sqlite3.Conn, _ string, pages int) error {
		d.checkpoint.notice(pages)
		return nil
	})
	return &appender{conn: conn}, nil
}

func (a *appender) close() error {
	if a.insert != nil {
		return errors.Join(a.insert.Close(), a.conn.Close())
	}
	return a.conn.Close()
}

// Append decides and appends. There is no other process, so nothing is ever missed,
// and the decision need not hold up other writers.
func (d *Database) Append(_ context.Context, _ journal.Head, _ func([]*journal.Block) error, decide func() (*journal.Block, error)) error {
	block, err := decide()
	if err != nil {
		return fmt.Errorf("%w: %w", store.ErrNotAppended, err)
	}
	if block == nil {
		return nil
	}
	d.writing.Lock()
	defer d.writing.Unlock()
	err = d.hot.append(block)
	d.committed(err)
	return err
}

// sqlAppend inserts a block where the journal ends with the one before it, and nothing
// otherwise: another program may have put a backup back, through SQLite and so in the
// middle of this one's work.
const sqlAppend = `INSERT INTO block (first, count, at, prev, hash, body) SELECT ?1, ?2, ?3, ?4, ?5, ?6
	WHERE COALESCE((SELECT hash FROM block ORDER BY first DESC LIMIT 1), zeroblob(32)) = ?4`

// append inserts one row: a transaction of its own.
func (a *appender) append(b *journal.Block) error {
	if a.insert == nil {
		insert, _, err := a.conn.Prepare(sqlAppend)
		if err != nil {
			return fmt.Errorf("%w: %w", store.ErrNotAppended, err)
		}
		a.insert = insert
	}
	s := a.insert
	err := errors.Join(s.BindInt64(1, int64(b.First)), s.BindInt(2, b.Count), s.BindInt64(3, b.At),
		s.BindBlob(4, b.Prev[:]), s.BindBlob(5, b.Hash[:]), s.BindBlob(6, b.Body))
	if err == nil {
		err = s.Exec()
	}
	if err != nil {
		if undone(err) {
			err = fmt.Errorf("%w: %w", store.ErrNotAppended, err)
		}
		return fmt.Errorf("append block %d: %w", b.First, err)
	}
	if a.conn.Changes() == 0 {
		return fmt.Errorf("%w: %w: it does not end with entry %d", store.ErrNotAppended, store.ErrOtherJournal, b.First-1)
	}
	return nil
}

// Settled returns the journal's end, when it is known what became of each commit that failed.
func (d *Database) Settled(ctx context.Context) (journal.Head, error) {
	d.writing.Lock()
	defer d.writing.Unlock()
	if err := d.settle(); err != nil {
		return journal.Head{}, err
	}
	r, err := d.reader(ctx)
	if err != nil {
		return journal.Head{}, err
	}
	defer func() { d.readers <- r }()
	return r.last()
}

// Confirm has nothing to wait for where no commit failed: what can be read is on disk.
func (d *Database) Confirm(context.Context) error {
	d.writing.Lock()
	defer d.writing.Unlock()
	return d.settle()
}
