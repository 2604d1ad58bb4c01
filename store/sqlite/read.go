package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/store"
)

// reader is a connection that reads blocks and chunks, with its statements.
type reader struct {
	conn       *sqlite3.Conn
	statements map[string]*sqlite3.Stmt
}

const (
	sqlLast   = `SELECT first, count, at, hash FROM block ORDER BY first DESC LIMIT 1`
	sqlAfter  = `SELECT first, count, at, prev, hash, body FROM block WHERE first > ? ORDER BY first LIMIT ?`
	sqlHolder = `SELECT first, count, at, prev, hash, body FROM block WHERE first <= ? ORDER BY first DESC LIMIT 1`
)

func newReader(d *Database) (*reader, error) {
	conn, err := d.connection()
	if err != nil {
		return nil, err
	}
	return &reader{conn: conn, statements: map[string]*sqlite3.Stmt{}}, nil
}

func (r *reader) close() error {
	var errs []error
	for _, s := range r.statements {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, r.conn.Close())...)
}

// reader takes a reader out of the pool; the caller puts it back.
func (d *Database) reader(ctx context.Context) (*reader, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case r := <-d.readers:
		return r, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// query runs a statement with numbers and at most one blob, and calls row for each
// row.
func (r *reader) query(text string, row func(*sqlite3.Stmt) error, bind func(*sqlite3.Stmt) error) error {
	s := r.statements[text]
	if s == nil {
		var err error
		if s, _, err = r.conn.Prepare(text); err != nil {
			return fmt.Errorf("prepare: %w", err)
		}
		r.statements[text] = s
	}
	if err := bind(s); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	for s.Step() {
		if err := row(s); err != nil {
			return errors.Join(err, s.Reset())
		}
	}
	if err := s.Reset(); err != nil {
		return fmt.Errorf("read: %w", err)
	}
	return nil
}

// together runs several queries in one read transaction. Each transaction begins with
// an empty page cache where something was written since the last one, so one for
// many queries reads the upper pages of the tree once.
func (r *reader) together(work func() error) error {
	if err := r.conn.Exec(`BEGIN`); err != nil {
		return fmt.Errorf("begin reading: %w", err)
	}
	return errors.Join(work(), r.conn.Exec(`COMMIT`))
}

func (r *reader) last() (head journal.Head, err error) {
	err = r.query(sqlLast, func(s *sqlite3.Stmt) error {
		head = journal.Head{Seq: uint64(s.ColumnInt64(0) + s.ColumnInt64(1) - 1), At: s.ColumnInt64(2)}
		copy(head.Hash[:], s.ColumnRawBlob(3))
		return nil
	}, func(*sqlite3.Stmt) error { return nil })
	return head, err
}

func block(s *sqlite3.Stmt) *journal.Block {
	b := &journal.Block{First: uint64(s.ColumnInt64(0)), Count: s.ColumnInt(1), At: s.ColumnInt64(2), Body: s.ColumnBlob(5, nil)}
	copy(b.Prev[:], s.ColumnRawBlob(3))
	copy(b.Hash[:], s.ColumnRawBlob(4))
	return b
}

// BlocksAfter returns the blocks that hold the entries after seq.
func (d *Database) BlocksAfter(ctx context.Context, seq uint64, limit int) (blocks []*journal.Block, err error) {
	r, err := d.reader(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { d.readers <- r }()
	collect := func(s *sqlite3.Stmt) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if b := block(s); b.Last() > seq {
			blocks = append(blocks, b)
		}
		return nil
	}
	if seq > 0 { // it may lie in the middle of a block
		if err := r.query(sqlHolder, collect, func(s *sqlite3.Stmt) error { return s.BindInt64(1, int64(seq)) }); err != nil {
			return nil, err
		}
	}
	err = r.query(sqlAfter, collect, func(s *sqlite3.Stmt) error {
		return errors.Join(s.BindInt64(1, int64(seq)), s.BindInt(2, max(0, limit-len(blocks))))
	})
	return blocks, err
}

// Follow returns the blocks after head, which must be the end of one of the journal's.
func (d *Database) Follow(ctx context.Context, head journal.Head, limit int) (blocks []*journal.Block, err error) {
	r, err := d.reader(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { d.readers <- r }()
	collect := func(s *sqlite3.Stmt) error { blocks = append(blocks, block(s)); return nil }
	err = r.together(func() error {
		known := head.Seq == 0
		err := r.query(sqlHolder, func(s *sqlite3.Stmt) error {
			b := block(s)
			known = b.Last() == head.Seq && b.Hash == head.Hash
			return nil
		}, func(s *sqlite3.Stmt) error { return s.BindInt64(1, int64(head.Seq)) })
		if err == nil && !known {
			err = fmt.Errorf("%w: its entry %d is not the one that this server knows", store.ErrOtherJournal, head.Seq)
		}
		if err != nil {
			return err
		}
		return r.query(sqlAfter, collect, func(s *sqlite3.Stmt) error {
			return errors.Join(s.BindInt64(1, int64(head.Seq)), s.BindInt(2, limit))
		})
	})
	return blocks, err
}

// BlocksOf returns for each of seqs the block that holds it.
func (d *Database) BlocksOf(ctx context.Context, seqs []uint64) ([]*journal.Block, error) {
	r, err := d.reader(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { d.readers <- r }()
	blocks := make([]*journal.Block, len(seqs))
	err = r.together(func() error {
		for i, seq := range seqs {
			if err := ctx.Err(); err != nil {
				return err
			}
			err := r.query(sqlHolder, func(s *sqlite3.Stmt) error { blocks[i] = block(s); return nil },
				func(s *sqlite3.Stmt) error { return s.BindInt64(1, int64(seq)) })
			if err != nil {
				return err
			}
			if blocks[i] == nil || blocks[i].Last() < seq {
				return &store.NoBlockError{Seq: seq}
			}
		}
		return nil
	})
	return blocks, err
}
