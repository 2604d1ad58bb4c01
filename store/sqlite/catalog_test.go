package sqlite_test

import (
	"testing"

	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/sqlite"
	"farthing.dev/farthing/store/storetest"
)

func TestCatalog(t *testing.T) {
	storetest.RunCatalog(t, openCatalog)
}

func TestNothingGoesOnForCallersWhoGaveUp(t *testing.T) { storetest.RunGivenUp(t, openCatalog(t)) }

func openCatalog(t *testing.T) store.Tables {
	t.Helper()
	db, err := sqlite.Open(t.Context(), t.TempDir(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := store.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	return db
}

func TestADeadReceiverSlowsNobodyElse(t *testing.T) {
	storetest.RunDeadReceiver(t, openCatalog(t), "sqlite")
}
