package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/store"
)

const (
	sqlBegin  = `BEGIN ISOLATION LEVEL READ COMMITTED` // a statement after the lock sees what was committed before it
	sqlLock   = `SELECT current_setting('synchronous_commit') FROM journal_lock WHERE id = 1 FOR UPDATE`
	sqlLast   = `SELECT first, count, at, hash FROM block ORDER BY first DESC LIMIT 1`
	sqlInsert = `INSERT INTO block (first, count, at, prev, hash, body) VALUES ($1, $2, $3, $4, $5, $6)`
)

// on runs work on a connection below database/sql, which can send several statements
// at once.
func (d *Database) on(ctx context.Context, work func(c *pgx.Conn) error) error {
	conn, err := d.pool.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	defer func() { _ = conn.Close() }()
	return conn.Raw(func(raw any) error {
		c, ok := raw.(*stdlib.Conn)
		if !ok {
			return errors.New("the pool holds connections of another driver")
		}
		return work(c.Conn())
	})
}

// Append appends at most one block, behind everything that any replica appended. Until
// its commit, it ends with ctx; a commit ends by itself, however long the standbys take.
func (d *Database) Append(ctx context.Context, head journal.Head, missed func([]*journal.Block) error, decide func() (*journal.Block, error)) error {
	sent := false
	err := d.on(ctx, func(c *pgx.Conn) error {
		defer rollback(c)
		last, err := lock(ctx, c)
		if err != nil {
			return err
		}
		if last.Seq < head.Seq || (last.Seq == head.Seq && last.Hash != head.Hash) {
			return fmt.Errorf("%w: it ends with entry %d, and this server knows entry %d", store.ErrOtherJournal, last.Seq, head.Seq)
		}
		for head.Seq < last.Seq {
			blocks, err := blocksAfter(ctx, c, head.Seq, catchUpBlocks)
			if err != nil {
				return err
			}
			if len(blocks) == 0 {
				return errors.New("the journal has a gap")
			}
			if err := missed(blocks); err != nil {
				return err
			}
			head = blocks[len(blocks)-1].Head()
		}
		block, err := decide()
		if err != nil || block == nil {
			return err
		}
		sent = true
		return insert(ctx, c, block)
	})
	if err != nil && (!sent || refused(err)) {
		err = fmt.Errorf("%w: %w", store.ErrNotAppended, err)
	}
	return err
}

const catchUpBlocks = 64

// rollbackPatience is how long a rollback may take before the connection is closed.
const rollbackPatience = 5 * time.Second

// rollback ends a transaction that was not committed. A connection on which that fails
// is closed, and the server rolls back.
func rollback(c *pgx.Conn) {
	if c.IsClosed() || c.PgConn().TxStatus() == 'I' {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), rollbackPatience)
	defer cancel()
	if _, err := c.Exec(ctx, `ROLLBACK`); err != nil {
		_ = c.Close(ctx)
	}
}

// lock begins a transaction, waits for the lock and reads the journal's end: one
// round trip. It refuses where the session is not the one that was set up.
func lock(ctx context.Context, c *pgx.Conn) (head journal.Head, err error) {
	batch := &pgx.Batch{}
	batch.Queue(sqlBegin)
	batch.Queue(sqlLock)
	batch.Queue(sqlLast)
	results := c.SendBatch(ctx, batch)
	defer func() { err = errors.Join(err, results.Close()) }()
	if _, err := results.Exec(); err != nil {
		return head, fmt.Errorf("begin: %w", err)
	}
	var durable string
	if err := results.QueryRow().Scan(&durable); locked(err) {
		return head, fmt.Errorf("%w: %w", store.ErrLocked, err)
	} else if err != nil {
		return head, fmt.Errorf("lock the journal: %w", err)
	}
	if durable != "on" && durable != "remote_apply" {
		return head, fmt.Errorf("the session has synchronous_commit = %s, not what was set: %w", durable, errPooled)
	}
	var first, count int64
	var hash []byte
	err = results.QueryRow().Scan(&first, &count, &head.At, &hash)
	if errors.Is(err, pgx.ErrNoRows) {
		return journal.Head{}, nil
	}
	if err != nil {
		return head, fmt.Errorf("read the journal's end: %w", err)
	}
	head.Seq = uint64(first + count - 1)
	copy(head.Hash[:], hash)
	return head, nil
}

// insert inserts the block and commits: one round trip, which nothing ends but the server's
// answer or the end of the connection.
func insert(ctx context.Context, c *pgx.Conn, b *journal.Block) (err error) {
	s := sessionOf(c)
	s.beginCommit()
	defer func() { err = s.endCommit(err) }()
	batch := &pgx.Batch{}
	batch.Queue(sqlInsert, int64(b.First), int64(b.Count), b.At, b.Prev[:], b.Hash[:], b.Body)
	batch.Queue(`COMMIT`)
	results := c.SendBatch(context.WithoutCancel(ctx), batch)
	if _, err := results.Exec(); err != nil {
		return errors.Join(fmt.Errorf("append block %d: %w", b.First, err), results.Close())
	}
	if _, err := results.Exec(); err != nil {
		return errors.Join(fmt.Errorf("commit block %d: %w", b.First, err), results.Close())
	}
	return results.Close()
}

// Settled waits for the lock, and so for every append under way, and returns the
// journal's end. Locking a row writes to the log, so its commit waits for the standbys to have
// everything before it.
func (d *Database) Settled(ctx context.Context) (head journal.Head, err error) {
	err = d.on(ctx, func(c *pgx.Conn) error {
		defer rollback(c)
		s := sessionOf(c)
		if head, err = lock(ctx, c); err != nil {
			return err
		}
		s.beginCommit()
		_, err := c.Exec(context.WithoutCancel(ctx), `COMMIT`)
		if err = s.endCommit(err); err != nil {
			return fmt.Errorf("confirm the journal's end: %w", err)
		}
		return nil
	})
	return head, err
}
