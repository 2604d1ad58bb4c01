package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	"farthing.dev/farthing/store"
)

// fixedReaders are the connections that read what never changes once it is there: chunks
// of runs, which are most of what is read, and some columns of the catalogue. SQLite
// empties a connection's page cache at each transaction before which something was
// written, and here something always was. So these stay in one read transaction and keep
// the upper pages of the trees in memory; what is not there yet is looked for once more in
// a new transaction.
//
// A read transaction keeps the WAL from beginning again, so the checkpointer ends it.
type fixedReaders struct {
	free chan *fixedReader
}

type fixedReader struct {
	*reader
	inside bool // a read transaction is open
}

const (
	fixedReaderCount = 3
	sqlChunk         = `SELECT body FROM run_data WHERE id = ?`
)

func newFixedReaders(d *Database) (*fixedReaders, error) {
	c := &fixedReaders{free: make(chan *fixedReader, fixedReaderCount)}
	for range fixedReaderCount {
		r, err := newReader(d)
		if err == nil {
			err = r.conn.Exec(`PRAGMA cache_size=-8192`)
		}
		if err != nil {
			return nil, errors.Join(err, c.close())
		}
		c.free <- &fixedReader{reader: r}
	}
	return c, nil
}

// Chunks calls visit with each of the chunks with these ids. A body is SQLite's own memory.
func (d *Database) Chunks(ctx context.Context, ids []int64, visit func(place int, body []byte) error) error {
	return d.fixed.use(ctx, func(r *fixedReader) error {
		old := r.inside
		for place, id := range ids {
			if err := ctx.Err(); err != nil {
				return err
			}
			var refused error
			err := r.find(&old, sqlChunk, func(s *sqlite3.Stmt) error { return s.BindInt64(1, id) }, func(s *sqlite3.Stmt) {
				refused = visit(place, s.ColumnRawBlob(0))
			})
			if errors.Is(err, errNoRow) {
				err = visit(place, nil)
			}
			if err := errors.Join(err, refused); err != nil {
				return err
			}
		}
		return nil
	})
}

// FixedText reads the text of the row with a key, "" where there is none.
func (d *Database) FixedText(ctx context.Context, of store.FixedColumn, key string) (text string, err error) {
	query := `SELECT ` + of.Column + ` FROM ` + of.Table + ` WHERE ` + of.Key + ` = $1`
	err = d.fixed.use(ctx, func(r *fixedReader) error {
		old := r.inside
		return r.find(&old, query, func(s *sqlite3.Stmt) error { return s.BindText(1, key) }, func(s *sqlite3.Stmt) { text = s.ColumnText(0) })
	})
	if errors.Is(err, errNoRow) {
		return "", nil
	}
	return text, err
}

// use runs work with one of the readers.
func (c *fixedReaders) use(ctx context.Context, work func(*fixedReader) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case r := <-c.free:
		defer func() { c.free <- r }()
		return work(r)
	case <-ctx.Done():
		return ctx.Err()
	}
}

var errNoRow = errors.New("there is no such row")

// find calls row with the one row that a query finds, or returns errNoRow. Where the read
// transaction is old, it looks once more in a new one.
func (r *fixedReader) find(old *bool, query string, bind func(*sqlite3.Stmt) error, row func(*sqlite3.Stmt)) error {
	for {
		if !r.inside {
			if err := r.conn.Exec(`BEGIN`); err != nil {
				return fmt.Errorf("begin reading: %w", err)
			}
			r.inside = true
		}
		there := false
		err := r.query(query, func(s *sqlite3.Stmt) error { there = true; row(s); return nil }, bind)
		switch {
		case err != nil:
			return errors.Join(err, r.leave())
		case there:
			return nil
		case !*old:
			return errNoRow
		}
		*old = false
		if err := r.leave(); err != nil {
			return err
		}
	}
}

// leave ends the read transaction.
func (r *fixedReader) leave() error {
	if !r.inside {
		return nil
	}
	r.inside = false
	if err := r.conn.Exec(`COMMIT`); err != nil {
		return fmt.Errorf("end reading: %w", err)
	}
	return nil
}

// away runs work while no chunk is read and no read transaction is open.
func (c *fixedReaders) away(work func() error) error {
	held := make([]*fixedReader, fixedReaderCount)
	var errs []error
	for i := range held {
		held[i] = <-c.free
		errs = append(errs, held[i].leave())
	}
	errs = append(errs, work())
	for _, r := range held {
		c.free <- r
	}
	return errors.Join(errs...)
}

func (c *fixedReaders) close() error {
	var errs []error
	for {
		select {
		case r := <-c.free:
			errs = append(errs, r.leave(), r.close())
		default:
			return errors.Join(errs...)
		}
	}
}
