package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"farthing.dev/farthing/store"
)

// The bounds of trying a transaction again that clashed with another.
const (
	attempts   = 8
	firstPause = 2 * time.Millisecond
)

// commitPatience is how long a caller waits for a commit, where the options say nothing else.
// A commit goes on when nobody waits for it any more.
const commitPatience = 10 * time.Second

// Write runs work in one transaction, again where it clashed with another.
func (d *Database) Write(ctx context.Context, work func(tx *sql.Tx) error) error {
	return d.again(ctx, func() error { return d.writeOnce(ctx, work) })
}

// WriteBehind is Write without waiting for the disk: the log is one, so the next
// append's commit brings this one's along.
func (d *Database) WriteBehind(ctx context.Context, work func(tx *sql.Tx) error) error {
	return d.again(ctx, func() error {
		return d.transact(ctx, nil, func(tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, `SET LOCAL synchronous_commit = off`); err != nil {
				return fmt.Errorf("write behind: %w", err)
			}
			return work(tx)
		})
	})
}

// again runs try until it does not clash, a bounded number of times.
func (d *Database) again(ctx context.Context, try func() error) error {
	pause := firstPause
	var err error
	for range attempts {
		if err = try(); !clash(err) {
			return err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return errors.Join(err, ctx.Err())
		}
		pause *= 2
	}
	return err
}

var errManyWait = errors.New("too many commits are waiting for the database")

// writeOnce runs work in one transaction whose commit waits for the standbys, whatever
// work did: what it read may be there although no standby has it, and its caller is answered
// with that. The place among those that may wait is held until the commit has ended.
func (d *Database) writeOnce(ctx context.Context, work func(tx *sql.Tx) error) error {
	patience := time.NewTimer(d.patience)
	defer patience.Stop()
	select {
	case d.writers <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	case <-patience.C:
		return errManyWait
	}
	return d.transact(ctx, func() { <-d.writers }, func(tx *sql.Tx) error {
		if err := work(tx); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, sqlConfirm); err != nil {
			return fmt.Errorf("have the commit wait: %w", err)
		}
		return nil
	})
}

// transact runs work in one transaction. Until its commit, it ends with ctx; its commit
// ends by itself, and done is called then. Who waits too long for that is answered with
// store.ErrCommitUnknown.
func (d *Database) transact(ctx context.Context, done func(), work func(tx *sql.Tx) error) error {
	if done == nil {
		done = func() {}
	}
	conn, err := d.pool.Conn(ctx)
	if err != nil {
		done()
		return fmt.Errorf("connect to the database: %w", err)
	}
	end := func() { _ = conn.Close(); done() }
	// What is begun with ctx would be cancelled with it, its commit too.
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	keep := context.AfterFunc(ctx, cancel)
	defer keep() // a context that lasts as long as the process keeps nothing of what failed
	tx, err := conn.BeginTx(own, nil)
	if err != nil {
		cancel()
		end()
		return fmt.Errorf("begin: %w", err)
	}
	committing := false
	defer func() {
		if !committing { // work failed, or panicked
			_ = tx.Rollback()
			cancel()
			end()
		}
	}()
	if err := work(tx); err != nil {
		return err
	}
	if !keep() {
		return ctx.Err()
	}
	committing = true
	ended := make(chan error, 1)
	go func() {
		defer cancel()
		defer end()
		ended <- commit(conn, tx)
	}()
	patience := time.NewTimer(d.patience)
	defer patience.Stop()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", store.ErrCommitWaiting, ctx.Err())
	case <-patience.C:
		return fmt.Errorf("%w, for %v by now", store.ErrCommitWaiting, d.patience)
	}
}

// commit commits, and tells where it is not known what became of it.
func commit(conn *sql.Conn, tx *sql.Tx) error {
	var s *session
	err := conn.Raw(func(raw any) error {
		if c, ok := raw.(*stdlib.Conn); ok {
			s = sessionOf(c.Conn())
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	s.beginCommit()
	err = tx.Commit()
	if err = s.endCommit(err); refused(err) {
		return fmt.Errorf("commit: %w", err)
	}
	if err != nil {
		return fmt.Errorf("%w: commit: %w", store.ErrCommitUnknown, err)
	}
	return nil
}

// errCutShort says that the server made a commit visible before a standby had it.
var errCutShort = errors.New("the commit was cut short: no standby may have it yet")

// beginCommit is called before a COMMIT is sent. From then on nothing is cancelled.
func (s *session) beginCommit() {
	s.warned.Store(false)
	s.committing.Store(true)
}

// endCommit is called with its answer, and returns what that means. After anything but an
// answer of the server the connection is closed, and pgx would cancel what it had under way:
// that stays forbidden. There is one warning that a COMMIT gives: that somebody cancelled its
// wait for the standbys.
func (s *session) endCommit(err error) error {
	if err == nil || refused(err) {
		s.committing.Store(false)
	}
	if err == nil && s.warned.Load() {
		return errCutShort
	}
	return err
}

// sqlConfirm makes the transaction that it is part of wait at its commit for the
// standbys: a commit waits if and only if its transaction wrote to the log, as locking a row
// does. Where there are no standbys to wait for, it does nothing.
const sqlConfirm = `SELECT id FROM journal_lock WHERE id = 4 AND COALESCE(current_setting('synchronous_standby_names', true), '') <> '' FOR SHARE`

// Confirm waits until the standbys have everything that could be read when it was called:
// it commits a transaction of its own, whose place in the log is behind all that.
func (d *Database) Confirm(ctx context.Context) error {
	return d.on(ctx, func(c *pgx.Conn) error {
		defer rollback(c)
		s := sessionOf(c)
		s.beginCommit()
		batch := &pgx.Batch{}
		batch.Queue(`BEGIN`)
		batch.Queue(sqlConfirm)
		batch.Queue(`COMMIT`)
		if err := s.endCommit(c.SendBatch(context.WithoutCancel(ctx), batch).Close()); err != nil {
			return fmt.Errorf("confirm what was read: %w", err)
		}
		return nil
	})
}
