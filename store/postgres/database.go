package postgres

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"farthing.dev/farthing/store"
)

// Options are the bounds of a Database; zero values stand for the defaults.
type Options struct {
	Connections   int    // in the pool; 16
	AsyncStandbys bool   // open it although a failover would lose acknowledged payments
	Name          string // of its sessions, as pg_stat_activity shows it; what the address says, or "farthing", where it is empty
}

// Database is a PostgreSQL database.
type Database struct {
	pool    *sql.DB
	fixed   fixedReader
	servers string // the name of servers' sessions

	connections atomic.Uint64 // made so far
}

var _ store.Database = (*Database)(nil)

// Open connects to the database that dsn names (a URL or key=value pairs).
func Open(ctx context.Context, dsn string, options Options) (*Database, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("read the database's address: %w", err)
	}
	servers := cmp.Or(config.RuntimeParams["application_name"], "farthing")
	config.RuntimeParams["application_name"] = cmp.Or(options.Name, servers)
	if options.Connections == 0 {
		options.Connections = 16
	}
	d := &Database{servers: servers}
	d.pool = stdlib.OpenDB(*config, stdlib.OptionAfterConnect(func(context.Context, *pgx.Conn) error {
		d.connections.Add(1)
		return nil
	}))
	d.fixed.db = d
	d.pool.SetMaxOpenConns(options.Connections)
	d.pool.SetMaxIdleConns(options.Connections)
	d.pool.SetConnMaxIdleTime(5 * time.Minute)
	err = d.checkDurable(ctx)
	if err == nil && !options.AsyncStandbys {
		err = d.checkStandbys(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, d.pool.Close())
	}
	return d, nil
}

// checkStandbys refuses a server all of whose standbys are asynchronous: whichever takes
// over, it lacks payments that were acknowledged. Where the view is not there, or shows this
// user nothing, it is left to who set the server up.
func (d *Database) checkStandbys(ctx context.Context) error {
	var async, sync int
	err := d.pool.QueryRowContext(ctx, `SELECT count(*) FILTER (WHERE sync_state IN ('async', 'potential')), count(*) FILTER (WHERE sync_state IN ('sync', 'quorum'))
		FROM pg_stat_replication WHERE state = 'streaming'`).Scan(&async, &sync)
	if err == nil && async > 0 && sync == 0 {
		return errors.New("the database's standbys are asynchronous: a failover would lose acknowledged payments; set synchronous_standby_names, or permit it with --async-standbys")
	}
	return nil
}

// checkDurable refuses a server that acknowledges commits before they are on disk.
func (d *Database) checkDurable(ctx context.Context) error {
	var commit, fsync string
	if err := d.pool.QueryRowContext(ctx, `SHOW synchronous_commit`).Scan(&commit); err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	if commit == "off" {
		return errors.New("the database has synchronous_commit = off: it would lose acknowledged payments; set it to on")
	}
	// Databases that only speak PostgreSQL's protocol need not know this one.
	if err := d.pool.QueryRowContext(ctx, `SHOW fsync`).Scan(&fsync); err == nil && fsync == "off" {
		return errors.New("the database has fsync = off: it would lose acknowledged payments; set it to on")
	}
	return nil
}

// Servers returns how many sessions servers have on this database. Open it under a Name of
// its own to ask this.
func (d *Database) Servers(ctx context.Context) (sessions int, err error) {
	err = d.pool.QueryRowContext(ctx, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1`, d.servers).Scan(&sessions)
	if err != nil {
		err = fmt.Errorf("count the sessions: %w", err)
	}
	return sessions, err
}

// SQL returns the pool.
func (d *Database) SQL() *sql.DB { return d.pool }

// Connections counts the connections made so far.
func (d *Database) Connections() uint64 { return d.connections.Load() }

// Dialect returns "postgres".
func (d *Database) Dialect() string { return "postgres" }

// Shared returns true: other replicas may append.
func (d *Database) Shared() bool { return true }

// Close closes the pool.
func (d *Database) Close() error { return d.pool.Close() }

// Read runs work in one transaction that sees one moment.
func (d *Database) Read(ctx context.Context, work func(tx *sql.Tx) error) error {
	tx, err := d.pool.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return fmt.Errorf("begin to read: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // there is nothing to commit
	return work(tx)
}

// Upkeep returns nil: the server looks after itself.
func (d *Database) Upkeep() error { return nil }

// The bounds of trying a transaction again that clashed with another.
const (
	attempts   = 8
	firstPause = 2 * time.Millisecond
)

// Write runs work in one transaction, again where it clashed with another.
func (d *Database) Write(ctx context.Context, work func(tx *sql.Tx) error) error {
	pause := firstPause
	var err error
	for range attempts {
		if err = d.transact(ctx, work); !clash(err) {
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

func (d *Database) transact(ctx context.Context, work func(tx *sql.Tx) error) error {
	tx, err := d.pool.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after the commit
	if err := work(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// sqlBehind has a transaction wait neither for the disk, nor for long for the lock of
// somebody else.
const sqlBehind = `SELECT set_config('synchronous_commit', 'off', true), set_config('lock_timeout', '10s', true)`

// WriteBehind is Write without waiting for the disk: the log is one, so the next
// append's commit brings this one's along.
func (d *Database) WriteBehind(ctx context.Context, work func(tx *sql.Tx) error) error {
	return d.Write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, sqlBehind); err != nil {
			return fmt.Errorf("write behind: %w", err)
		}
		return work(tx)
	})
}

// Maintain runs work while this transaction holds row 2 of the locks. The lock ends
// with the connection, so a replica that dies does not keep it.
func (d *Database) Maintain(ctx context.Context, work func(context.Context) error) (bool, error) {
	tx, err := d.pool.BeginTx(ctx, nil)
	if err != nil {
		return false, fmt.Errorf("lock maintenance: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // there is nothing to commit
	var id int64
	err = tx.QueryRowContext(ctx, `SELECT id FROM journal_lock WHERE id = 2 FOR UPDATE SKIP LOCKED`).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("lock maintenance: %w", err)
	}
	return true, work(ctx)
}

// clash reports whether a transaction failed because of another one and did nothing.
func clash(err error) bool {
	failure, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (failure.Code == "40001" || failure.Code == "40P01")
}

// refused reports whether the server answered that it did not commit. A connection that
// broke, a server that shut down and "statement completion unknown" leave that open.
func refused(err error) bool {
	failure, ok := errors.AsType[*pgconn.PgError](err)
	return ok && failure.Code != "40003" && failure.Severity == "ERROR"
}
