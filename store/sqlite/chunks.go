package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"
)

// chunkReaders are the connections that read chunks of runs, which is most of what is
// read. SQLite empties a connection's page cache at each transaction before which
// something was written, and here something always was. So these stay in one read
// transaction and keep the upper pages of the tree in memory: a chunk never changes,
// and one that is not there yet is looked for once more in a new transaction.
//
// A read transaction keeps the WAL from beginning again, so the checkpointer ends it.
type chunkReaders struct {
	free chan *chunkReader
}

type chunkReader struct {
	*reader
	inside bool // a read transaction is open
}

const (
	chunkReaderCount = 2
	sqlChunk         = `SELECT body FROM run_chunk WHERE id = ?`
)

func newChunkReaders(d *Database) (*chunkReaders, error) {
	c := &chunkReaders{free: make(chan *chunkReader, chunkReaderCount)}
	for range chunkReaderCount {
		r, err := newReader(d)
		if err == nil {
			err = r.conn.Exec(`PRAGMA cache_size=-8192`)
		}
		if err != nil {
			return nil, errors.Join(err, c.close())
		}
		c.free <- &chunkReader{reader: r}
	}
	return c, nil
}

// Chunks calls visit with each of the chunks with these ids. A body is SQLite's own memory.
func (d *Database) Chunks(ctx context.Context, ids []int64, visit func(place int, body []byte) error) error {
	select {
	case r := <-d.chunks.free:
		defer func() { d.chunks.free <- r }()
		return r.read(ids, visit)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *chunkReader) read(ids []int64, visit func(int, []byte) error) error {
	old := r.inside
	for place, id := range ids {
		there, err := r.one(id, place, visit)
		if err == nil && !there && old { // it may have come since the transaction began
			if err = r.leave(); err == nil {
				old = false
				there, err = r.one(id, place, visit)
			}
		}
		if err == nil && !there {
			err = visit(place, nil)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// one visits a chunk, if it is there in the read transaction.
func (r *chunkReader) one(id int64, place int, visit func(int, []byte) error) (there bool, err error) {
	if !r.inside {
		if err := r.conn.Exec(`BEGIN`); err != nil {
			return false, fmt.Errorf("begin reading: %w", err)
		}
		r.inside = true
	}
	var refused error
	err = r.query(sqlChunk, func(s *sqlite3.Stmt) error {
		there = true
		refused = visit(place, s.ColumnRawBlob(0))
		return nil
	}, func(s *sqlite3.Stmt) error { return s.BindInt64(1, id) })
	if err != nil {
		return there, errors.Join(err, r.leave())
	}
	return there, refused
}

// leave ends the read transaction.
func (r *chunkReader) leave() error {
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
func (c *chunkReaders) away(work func() error) error {
	held := make([]*chunkReader, chunkReaderCount)
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

func (c *chunkReaders) close() error {
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
