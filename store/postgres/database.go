package postgres

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"farthing.dev/farthing/store"
)

// Options are the bounds of a Database; zero values stand for the defaults.
type Options struct {
	Connections   int           // in the pool; 16, and 4 at least
	AsyncStandbys bool          // open it although a failover would lose acknowledged payments
	ReadOnly      bool          // only to be read: a standby will do, and nothing is asked of its settings
	Patience      time.Duration // how long Open waits for a primary that may be used; 15 s
	Commit        time.Duration // how long callers of Write wait for a commit, and before it for a place among those that may wait; 10 s
	Log           *slog.Logger  // told once that Open waits; nil for nobody
	Name          string        // of its sessions, as pg_stat_activity shows it; what the address says, or "farthing", where it is empty

	schema string // where the tables are, for OpenAside; the connection's own where empty
}

// Database is a PostgreSQL database.
type Database struct {
	config   *pgx.ConnConfig
	readOnly bool
	pool     *sql.DB
	patience time.Duration // with a commit
	writers  chan struct{} // as many as commits may wait at once, so that reads find connections
	fixed    fixedReader
	servers  string // the name of servers' sessions

	connections atomic.Uint64 // made so far
}

var _ store.Database = (*Database)(nil)

// minConnections is enough for one to append, one to hold a lock for long, one to write
// and one to read.
const minConnections = 4

// Open connects to the database that dsn names (a URL or key=value pairs). Where no server
// can be used now that may be usable in a moment, it tries for a while.
func Open(ctx context.Context, dsn string, options Options) (*Database, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("read the database's address: %w", err)
	}
	servers := cmp.Or(config.RuntimeParams["application_name"], "farthing")
	config.RuntimeParams["application_name"] = cmp.Or(options.Name, servers)
	config.DialFunc = dialer(config.ConnectTimeout).DialContext
	if len(config.Fallbacks) > 0 && config.ValidateConnect == nil && !options.ReadOnly {
		config.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite // of several servers the primary
	}
	if options.schema != "" {
		config.RuntimeParams["search_path"] = options.schema
	}
	if options.Connections == 0 {
		options.Connections = 16
	}
	if options.Patience == 0 {
		options.Patience = startPatience
	}
	if options.Commit == 0 {
		options.Commit = commitPatience
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	options.Connections = max(options.Connections, minConnections)
	d := &Database{config: config, servers: servers, readOnly: options.ReadOnly, patience: options.Commit, writers: make(chan struct{}, options.Connections/2)}
	d.fixed.db = d
	d.openPool(options)
	if err := d.await(ctx, options); err != nil {
		return nil, errors.Join(err, d.pool.Close())
	}
	return d, nil
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

// Maintain runs work while this transaction holds row 2 of the locks. The lock ends with
// the session: one of a replica that is dead, or says nothing for the time of a lease. Where it
// was lost, the context of work ends.
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
	ctx, stop := d.keep(ctx, tx)
	err = work(ctx)
	if lost := stop(); lost != nil {
		err = errors.Join(err, lost)
	}
	return true, err
}

// keep renews the lease of a transaction's session until stop is called, and ends the
// context that it returns where that fails.
func (d *Database) keep(ctx context.Context, tx *sql.Tx) (kept context.Context, stop func() error) {
	kept, lose := context.WithCancelCause(ctx)
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		beat := time.NewTicker(lease / 4)
		defer beat.Stop()
		for {
			select {
			case <-beat.C:
				if _, err := tx.ExecContext(ctx, `SELECT 1`); err != nil {
					lose(fmt.Errorf("the lock on maintenance was lost: %w", err))
					return
				}
			case <-end:
				return
			}
		}
	}()
	return kept, func() error {
		close(end)
		<-ended
		err := context.Cause(kept)
		lose(nil)
		return err
	}
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

// locked reports whether a lock was waited for in vain.
func locked(err error) bool {
	failure, ok := errors.AsType[*pgconn.PgError](err)
	return ok && failure.Code == "55P03"
}
