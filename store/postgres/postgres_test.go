//go:build linux

package postgres_test

import (
	"os"
	"testing"

	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/postgres"
	"farthing.dev/farthing/store/storetest"
	"farthing.dev/farthing/test/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func TestPostgres(t *testing.T) { storetest.Run(t, open) }

func open(t *testing.T) store.Database {
	t.Helper()
	db, err := postgres.Open(t.Context(), pgtest.Start(t), postgres.Options{})
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
