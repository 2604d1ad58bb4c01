package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"farthing.dev/farthing/token"
)

// ErrLeaseLost says that a lease is not this one's any more.
var ErrLeaseLost = errors.New("another process has taken the lease")

// Lease is the right to do a piece of work that one process at a time does, known by its
// name. Who does not make it last loses it after its life, to the next that asks.
//
// Nobody is told that he lost it: a process that was paused goes on as if it had it. So its
// life decides only how soon somebody else goes on; what keeps two from doing the same work is
// that whoever changes something under a lease calls Hold in the same transaction, and that
// what is done elsewhere carries the fence number, by which the receiver can refuse an
// older one. Time is the database's, so that the clocks of servers do not matter.
//
// It is safe for concurrent use.
type Lease struct {
	db    Database
	name  string
	owner string // unlike any other's
	life  time.Duration
	clock token.Clock // nil: the database's
	fence atomic.Int64
}

// NewLease returns the lease with a name, which is not held yet. Those who share it agree
// on its life; a second is the least that makes sense. clock is nil but in tests.
func NewLease(db Database, name string, life time.Duration, clock token.Clock) *Lease {
	return &Lease{db: db, name: name, owner: rand.Text(), life: life, clock: clock}
}

// Take takes the lease where nobody has it, or makes it last its life from now on where
// this one does. It reports whether this one has it.
func (l *Lease) Take(ctx context.Context) (held bool, err error) {
	var fence int64
	err = l.db.WriteBehind(ctx, func(tx *sql.Tx) error {
		now, err := l.now(ctx, tx)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO leases (name, owner, fence, until) VALUES ($1, '', 0, 0) ON CONFLICT DO NOTHING`, l.name); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `UPDATE leases SET fence = CASE WHEN owner = $1 THEN fence ELSE fence + 1 END, owner = $1, until = $2
			WHERE name = $3 AND (owner = $1 OR owner = '' OR until <= $4) RETURNING fence`, l.owner, now+l.life.Milliseconds(), l.name, now).Scan(&fence)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("take the lease %s: %w", l.name, err)
	}
	l.fence.Store(fence)
	return true, nil
}

// Fence returns the number of the lease as this one took it last; 0 before it did. It grows
// each time that the lease changes hands.
func (l *Lease) Fence() int64 { return l.fence.Load() }

// Hold is part of a transaction of who has the lease. It makes it last its life from now on,
// and nobody takes it before the transaction has ended. Where another process has taken it,
// it fails with ErrLeaseLost, and nothing of the transaction may be committed.
func (l *Lease) Hold(ctx context.Context, tx *sql.Tx) error {
	now, err := l.now(ctx, tx)
	if err != nil {
		return err
	}
	return changeOne(ctx, tx, ErrLeaseLost, `UPDATE leases SET until = $1 WHERE name = $2 AND owner = $3 AND fence = $4`,
		now+l.life.Milliseconds(), l.name, l.owner, l.fence.Load())
}

// Release gives the lease back, so that another need not wait for its end. Where it is not
// this one's, that changes nothing.
func (l *Lease) Release(ctx context.Context) error {
	return l.db.WriteBehind(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE leases SET owner = '', until = 0 WHERE name = $1 AND owner = $2`, l.name, l.owner)
		return err
	})
}

// now returns the time by which leases end, in milliseconds since 1970.
func (l *Lease) now(ctx context.Context, tx *sql.Tx) (now int64, err error) {
	if l.clock != nil {
		return l.clock.Now().UnixMilli(), nil
	}
	query := `SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)`
	if l.db.Dialect() == "postgres" {
		query = `SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)`
	}
	err = tx.QueryRowContext(ctx, query).Scan(&now)
	return now, err
}
