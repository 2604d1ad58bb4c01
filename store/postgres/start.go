package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// startPatience is how long a start waits for a primary: a failover takes some seconds,
// during which no server answers, or only one that is a standby yet, or one whose own
// standbys are not synchronous yet.
const startPatience = 15 * time.Second

// startPause is how long a start waits before it looks again.
const startPause = 250 * time.Millisecond

// await checks the server until it may be used, or what is wrong will not pass by itself,
// or patience has run out.
func (d *Database) await(ctx context.Context, options Options) error {
	bounded, cancel := context.WithTimeout(ctx, options.Patience)
	defer cancel()
	again := time.NewTicker(startPause)
	defer again.Stop()
	told := false
	for {
		err := d.check(ctx, options)
		if err == nil || !passing(err) {
			return err
		}
		if !told {
			options.Log.Warn("the database cannot be used yet; trying again", "error", err, "for", options.Patience)
			told = true
		}
		select {
		case <-again.C:
		case <-bounded.Done():
			return err
		}
	}
}

// errPassing marks a fault that a failover brings and takes away.
var errPassing = errors.New("the database cannot be used now")

// passing reports whether a fault may pass by itself within seconds.
func passing(err error) bool {
	if errors.Is(err, errPassing) {
		return true
	}
	if failure, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch failure.Code {
		case "57P01", "57P02", "57P03", "53300", "25006": // shutting down, crashed, starting, too many clients, a standby
			return true
		}
		return strings.HasPrefix(failure.Code, "08") && failure.Code != "08P01" // the connection, but not what was said on it
	}
	// The network, or a connection that broke. pgx says so of a wrong password, too, but
	// that is an error of the server and was looked at above.
	_, connecting := errors.AsType[*pgconn.ConnectError](err)
	return connecting || pgconn.SafeToRetry(err)
}

// check looks once whether the server may be used as options demand.
func (d *Database) check(ctx context.Context, options Options) error {
	ctx, cancel := context.WithTimeout(ctx, dialPatience)
	defer cancel()
	if err := d.checkDurable(ctx); err != nil {
		return err
	}
	if err := d.checkSessions(ctx); err != nil || options.ReadOnly {
		return err
	}
	if err := d.checkPrimary(ctx); err != nil || options.AsyncStandbys {
		return err
	}
	return d.checkStandbys(ctx)
}

// checkDurable refuses a server that acknowledges commits before they are where they must
// be. It asks on a connection that was not pinned, since it is the server's, the role's or
// the address's own setting that counts.
func (d *Database) checkDurable(ctx context.Context) error {
	c, err := pgx.ConnectConfig(ctx, d.config.Copy())
	if err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	defer c.Close(context.WithoutCancel(ctx))
	if d.readOnly {
		return nil
	}
	var commit, fsync string
	if err := c.QueryRow(ctx, `SHOW synchronous_commit`, pgx.QueryExecModeSimpleProtocol).Scan(&commit); err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	switch commit {
	case "off":
		return errors.New("the database has synchronous_commit = off: it would lose acknowledged payments; set it to on, for the server, the role and in the address")
	case "local", "remote_write":
		return fmt.Errorf("the database has synchronous_commit = %s: a failover would lose acknowledged payments; set it to on or remote_apply, for the server, the role and in the address", commit)
	}
	// Databases that only speak PostgreSQL's protocol need not know this one.
	if err := c.QueryRow(ctx, `SHOW fsync`, pgx.QueryExecModeSimpleProtocol).Scan(&fsync); err == nil && fsync == "off" {
		return errors.New("the database has fsync = off: it would lose acknowledged payments; set it to on")
	}
	return nil
}

// checkPrimary refuses a server that is a standby now.
func (d *Database) checkPrimary(ctx context.Context) error {
	var standby bool
	err := d.pool.QueryRowContext(ctx, `SELECT pg_is_in_recovery()`).Scan(&standby)
	if err == nil && standby {
		return fmt.Errorf("%w: the address leads to a standby; name the primary, or all servers and target_session_attrs=read-write", errPassing)
	}
	return nil
}

// checkStandbys refuses a server all of whose standbys are asynchronous: whichever takes
// over, it lacks payments that were acknowledged. Where the view is not there, or shows this
// user nothing, it is left to who set the server up.
func (d *Database) checkStandbys(ctx context.Context) error {
	if alone, err := d.Asynchronous(ctx); err == nil && alone {
		return fmt.Errorf("%w: the database's standbys are asynchronous: a failover would lose acknowledged payments; set synchronous_standby_names, or permit it with --async-standbys", errPassing)
	}
	return nil
}

// Asynchronous reports whether there are standbys, and none that commits wait for. For some
// seconds that is so whenever one comes back.
func (d *Database) Asynchronous(ctx context.Context) (bool, error) {
	var async, sync int
	err := d.pool.QueryRowContext(ctx, `SELECT count(*) FILTER (WHERE sync_state IN ('async', 'potential')), count(*) FILTER (WHERE sync_state IN ('sync', 'quorum'))
		FROM pg_stat_replication WHERE state = 'streaming'`).Scan(&async, &sync)
	return async > 0 && sync == 0, err
}

// errPooled says that a connection here is not a session there.
var errPooled = errors.New("between this program and the database is a pooler that gives each transaction another session (PgBouncer with pool_mode = transaction or statement); set pool_mode = session, or connect to PostgreSQL itself")

// heldSessions is how many sessions are held at once to see whether another
// connection's is given away.
const heldSessions = 3

// checkSessions refuses a pooler that gives each transaction another session: what is set
// on one, and that no other commits meanwhile, is what everything else relies on. While one
// connection is idle, others begin transactions: a pooler of that kind gives them the
// session that the first one had, or the first one another.
func (d *Database) checkSessions(ctx context.Context) error {
	var open []*pgx.Conn
	defer func() {
		for _, c := range open {
			_ = c.Close(context.WithoutCancel(ctx))
		}
	}()
	ask := func(n int, query string) (pid uint32, err error) {
		for len(open) <= n {
			c, err := pgx.ConnectConfig(ctx, d.config.Copy())
			if err != nil {
				return 0, fmt.Errorf("connect to the database: %w", err)
			}
			open = append(open, c)
		}
		err = open[n].QueryRow(ctx, query, pgx.QueryExecModeSimpleProtocol).Scan(&pid)
		return pid, err
	}
	const whose = `SELECT pg_backend_pid()`
	first, err := ask(0, whose)
	if err != nil {
		if _, told := errors.AsType[*pgconn.PgError](err); told && !passing(err) {
			return nil // it has no such function: no PostgreSQL, and no PgBouncer before one
		}
		return fmt.Errorf("connect to the database: %w", err)
	}
	for n := 1; n <= heldSessions; n++ {
		// Connect, and then hold whichever session comes.
		if _, err := ask(n, whose); err != nil {
			return fmt.Errorf("connect to the database: %w", err)
		}
		if _, err := open[n].Exec(ctx, `BEGIN`); err != nil && !passing(err) {
			return fmt.Errorf("%w (%w)", errPooled, err)
		} else if err != nil {
			return fmt.Errorf("connect to the database: %w", err)
		}
		other, err := ask(n, whose)
		if err != nil {
			return fmt.Errorf("connect to the database: %w", err)
		}
		mine, err := ask(0, whose)
		if err != nil {
			return fmt.Errorf("connect to the database: %w", err)
		}
		if other == first || mine != first {
			return errPooled
		}
	}
	return nil
}

// openPool makes the pool.
func (d *Database) openPool(options Options) {
	d.pool = stdlib.OpenDB(*d.config, stdlib.OptionBeforeConnect(beforeConnect(options.ReadOnly)),
		stdlib.OptionAfterConnect(func(context.Context, *pgx.Conn) error {
			d.connections.Add(1)
			return nil
		}))
	d.pool.SetMaxOpenConns(options.Connections)
	d.pool.SetMaxIdleConns(options.Connections)
	d.pool.SetConnMaxIdleTime(5 * time.Minute)
}
