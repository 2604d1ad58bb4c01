package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/postgres"
	"farthing.dev/farthing/tests/pgtest"
	"farthing.dev/farthing/token"
)

// opens opens and closes a database, without waiting for what may pass.
func opens(ctx context.Context, dsn string, options postgres.Options) error {
	options.Patience = time.Millisecond
	db, err := postgres.Open(ctx, dsn, options)
	if err == nil {
		err = db.Close()
	}
	return err
}

// A session in which commits are acknowledged too early is refused, wherever that was set.
func TestEarlyCommitsAreRefused(t *testing.T) {
	dsn := pgtest.Start(t)
	for setting, refused := range map[string]bool{"on": false, "remote_apply": false, "off": true, "local": true, "remote_write": true} {
		err := opens(t.Context(), dsn+" options='-c synchronous_commit="+setting+"'", postgres.Options{})
		if refused != (err != nil && strings.Contains(err.Error(), "synchronous_commit = "+setting)) {
			t.Errorf("synchronous_commit = %s in the address: %v", setting, err)
		}
	}
	// What the server, the role or the address sets besides does not reach a session, nor what
	// is set later.
	db := connect(t, dsn+" options='-c statement_timeout=60000 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0'")
	for _, want := range []struct{ name, value string }{
		{"synchronous_commit", "on"}, {"statement_timeout", "0"}, {"lock_timeout", "5s"}, {"idle_in_transaction_session_timeout", "4s"},
	} {
		var got string
		if err := db.SQL().QueryRowContext(t.Context(), `SHOW `+want.name).Scan(&got); err != nil || got != want.value {
			t.Errorf("%s is %s, want %s; %v", want.name, got, want.value, err)
		}
	}
}

// A session that holds the journal's lock and says nothing, as that of a replica that stands
// still, loses it, and cannot commit any more.
func TestLockHasALease(t *testing.T) {
	dsn := pgtest.Start(t)
	db, still := connect(t, dsn), connect(t, dsn)
	if err := store.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	e, err := store.OpenEngine(t.Context(), db, token.SystemClock{}, slog.New(slog.DiscardHandler), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close(context.Background()) })
	tx, err := still.SQL().BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(t.Context(), `SELECT id FROM journal_lock WHERE id = 1 FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	p := &pair{T: t, engine: e}
	begun := time.Now()
	p.eventually(e, p.command())
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("the lock was lost after %v", took)
	}
	if _, err := tx.ExecContext(t.Context(), `INSERT INTO block (first, count, at, prev, hash, body) VALUES (2, 1, 1, '', '', '')`); err == nil {
		err = tx.Commit()
		t.Errorf("appended by a session whose lock is gone: %v", err)
	}
}

// A maintainer that is at work keeps its lock for longer than a lease.
func TestMaintenanceRenewsItsLease(t *testing.T) {
	dsn := pgtest.Start(t)
	db, other := connect(t, dsn), connect(t, dsn)
	if err := store.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	mine, err := db.Maintain(t.Context(), func(ctx context.Context) error {
		end := time.After(6 * time.Second) // the lease is 4 s
		again := time.NewTicker(500 * time.Millisecond)
		defer again.Stop()
		for {
			select {
			case <-end:
				return ctx.Err()
			case <-again.C:
				if theirs, err := other.Maintain(t.Context(), func(context.Context) error { return nil }); err != nil || theirs {
					return fmt.Errorf("two maintain at once (%v): %w", theirs, err)
				}
			}
		}
	})
	if err != nil || !mine {
		t.Errorf("%v, %v", mine, err)
	}
}

// A start while no server answers, or only a standby does, tries again for a while.
func TestStartWaitsForAPrimary(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	dsn := p.primary.DSN(p.name)
	if err := opens(t.Context(), p.standby.DSN(p.name), postgres.Options{}); err == nil || !strings.Contains(err.Error(), "standby") {
		t.Errorf("opened on a standby: %v", err)
	}
	if err := opens(t.Context(), p.standby.DSN(p.name), postgres.Options{ReadOnly: true}); err != nil {
		t.Errorf("a standby, to be read: %v", err)
	}
	p.primary.Crash()
	if err := opens(t.Context(), dsn, postgres.Options{}); err == nil {
		t.Error("opened while no server answers")
	}
	opened := make(chan error, 1)
	go func() {
		db, err := postgres.Open(t.Context(), dsn, postgres.Options{Patience: 30 * time.Second})
		if err == nil {
			err = db.Close()
		}
		opened <- err
	}()
	p.must(p.primary.Restart())
	p.must(<-opened)
	begun := time.Now()
	if _, err := postgres.Open(t.Context(), strings.Replace(dsn, p.name, "nothing", 1), postgres.Options{}); err == nil || time.Since(begun) > 10*time.Second {
		t.Errorf("a database that is not there: %v, after %v", err, time.Since(begun))
	}
}

// PgBouncer works where it gives each connection a session of its own, and is refused where
// it gives each transaction another.
func TestPooledTransactionsAreRefused(t *testing.T) {
	path, err := exec.LookPath("pgbouncer")
	if err != nil {
		if path = "/usr/sbin/pgbouncer"; !exists(path) {
			t.Skip("there is no PgBouncer: apt-get install pgbouncer")
		}
	}
	config, err := pgx.ParseConfig(pgtest.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	for mode, refused := range map[string]bool{"session": false, "transaction": true, "statement": true} {
		folder, err := os.MkdirTemp("/tmp", "bouncer")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(folder) })
		text := fmt.Sprintf("[databases]\n* = host=%s port=%d user=postgres\n[pgbouncer]\nlisten_port = 6432\nunix_socket_dir = %s\nauth_type = any\npool_mode = %s\ndefault_pool_size = 20\n",
			config.Host, config.Port, folder, mode)
		file := filepath.Join(folder, "pgbouncer.ini")
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(folder, 0o777); err != nil {
			t.Fatal(err)
		}
		args := []string{file}
		if os.Geteuid() == 0 {
			args = []string{"-u", "postgres", file}
		}
		bouncer := exec.Command(path, args...)
		bouncer.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		if err := bouncer.Start(); err != nil {
			t.Fatal(err)
		}
		dsn := fmt.Sprintf("host=%s port=6432 user=postgres dbname=%s sslmode=disable", folder, config.Database)
		db, err := postgres.Open(t.Context(), dsn, postgres.Options{Connections: 8})
		if refused != (err != nil && strings.Contains(err.Error(), "pool_mode")) {
			t.Errorf("pool_mode = %s: %v", mode, err)
		}
		if err == nil {
			if err := errors.Join(store.Migrate(t.Context(), db), db.Close()); err != nil {
				t.Errorf("pool_mode = %s: %v", mode, err)
			}
		}
		_ = bouncer.Process.Kill()
		_ = bouncer.Wait()
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
