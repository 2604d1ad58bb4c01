//go:build linux

package verify

import (
	"testing"

	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/postgres"
	"farthing.dev/farthing/tests/pgtest"
)

func TestTheWatchdogNamesFaultsOnPostgres(t *testing.T) {
	db, err := postgres.Open(t.Context(), pgtest.Start(t), postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := store.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	testWatchdog(t, db)
}
