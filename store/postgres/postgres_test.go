//go:build linux

package postgres_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/postgres"
	"farthing.dev/farthing/store/storetest"
	"farthing.dev/farthing/tests/pgtest"
	"farthing.dev/farthing/token"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func TestPostgres(t *testing.T) { storetest.Run(t, open) }

func open(t *testing.T) store.Database {
	t.Helper()
	return connect(t, pgtest.Start(t))
}

func connect(t testing.TB, dsn string) *postgres.Database {
	t.Helper()
	db, err := postgres.Open(t.Context(), dsn, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return db
}

var accounts = flag.Int("accounts", 10_000, "accounts of the benchmark")

func BenchmarkPurchases(b *testing.B) {
	storetest.BenchmarkPurchases(b, connect(b, pgtest.Start(b)), *accounts)
}

// Connections break at any moment, also between a commit and its answer. Callers who
// try again with their key until they are answered have each done one thing, on
// whichever of two replicas.
func TestBrokenConnections(t *testing.T) {
	dsn := pgtest.Start(t)
	killer := connect(t, dsn)
	var replicas []*store.Engine
	for range 2 {
		db := connect(t, dsn)
		if err := store.Migrate(t.Context(), db); err != nil {
			t.Fatal(err)
		}
		e, err := store.OpenEngine(t.Context(), db, token.SystemClock{}, slog.New(slog.DiscardHandler), store.Options{Tail: 64, Fanout: 2})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = e.Close(context.Background()) })
		replicas = append(replicas, e)
	}
	const callers, each = 8, 60
	var done, again atomic.Int64
	var wait sync.WaitGroup
	for caller := range callers {
		wait.Go(func() {
			for n := range each {
				reference := fmt.Sprint(caller, "/", n)
				cmd := &core.Fund{Account: storetest.ID('a', 1),
					Fund: journal.Fund{Amount: 1, Currency: token.MustCurrency("USD"), Method: "card", Reference: reference}}
				for attempt := 0; ; attempt++ {
					_, err := replicas[(caller+attempt)%2].Do(t.Context(), cmd)
					if err == nil {
						break
					}
					if again.Add(1); attempt > 1000 {
						t.Errorf("%s: %v", reference, err)
						return
					}
				}
				done.Add(1)
			}
		})
	}
	kills := 0
	for kills < 25 && done.Load() < callers*each && !t.Failed() {
		progress := done.Load()
		// Whichever backend is at work: in the middle of an append, more often than not.
		if _, err := killer.SQL().ExecContext(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle' LIMIT 1`); err != nil {
			t.Fatal(err)
		}
		kills++
		for done.Load() < min(progress+10, callers*each) && !t.Failed() {
			if _, err := killer.SQL().ExecContext(t.Context(), `SELECT 1`); err != nil {
				t.Fatal(err)
			}
		}
	}
	wait.Wait()
	for _, e := range replicas {
		a, err := e.Account(t.Context(), storetest.ID('a', 1))
		if err != nil {
			t.Fatal(err)
		}
		if wallet := a.Wallet(token.MustCurrency("USD"), token.PurchasedClass); wallet.Balance != callers*each {
			t.Errorf("balance %d after %d fundings", wallet.Balance, callers*each)
		}
		if e.Head().Seq != callers*each {
			t.Errorf("%d entries", e.Head().Seq)
		}
	}
	t.Logf("%d backends killed, %d calls tried again", kills, again.Load())
}
