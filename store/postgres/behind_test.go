//go:build linux

package postgres_test

import (
	"context"
	"log/slog"
	"testing"

	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/storetest"
	"farthing.dev/farthing/tests/pgtest"
	"farthing.dev/farthing/token"
)

// Also in the quick round, a database recovers.
func TestRecovery(t *testing.T) {
	storetest.RunRecovery(t, func(t *testing.T) store.Database {
		t.Helper()
		return connect(t, pgtest.StartAlways(t))
	})
}

// Whatever a session of somebody else locks of what is written behind, sales and looks go
// on, end in time when too much waits, and go on when the lock has gone.
func TestLocksOfOthers(t *testing.T) {
	for _, lock := range []struct{ name, statement string }{
		{"who maintains", `SELECT id FROM journal_lock WHERE id = 2 FOR UPDATE`},
		{"who publishes", `SELECT id FROM journal_lock WHERE id = 3 FOR UPDATE`},
		{"a table of records", `LOCK TABLE run_data IN SHARE ROW EXCLUSIVE MODE`},
		{"the list of runs", `LOCK TABLE run_meta IN ACCESS EXCLUSIVE MODE`},
	} {
		t.Run(lock.name, func(t *testing.T) {
			dsn := pgtest.Start(t)
			db, other := connect(t, dsn), connect(t, dsn)
			if err := store.Migrate(t.Context(), db); err != nil {
				t.Fatal(err)
			}
			e, err := store.OpenEngine(t.Context(), db, token.SystemClock{}, slog.New(slog.DiscardHandler), storetest.Impatient)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := e.Close(context.Background()); err != nil {
					t.Error(err)
				}
			}()
			storetest.CheckBehind(t, e, token.SystemClock{}, func() func() {
				tx, err := other.SQL().BeginTx(t.Context(), nil)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := tx.ExecContext(t.Context(), lock.statement); err != nil {
					t.Fatal(err)
				}
				return func() {
					if err := tx.Rollback(); err != nil {
						t.Error(err)
					}
				}
			})
		})
	}
}
