//go:build linux

package postgres_test

import (
	"testing"

	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/storetest"
)

func TestCatalog(t *testing.T) {
	storetest.RunCatalog(t, func(t *testing.T) store.Tables {
		db := open(t)
		if err := store.Migrate(t.Context(), db); err != nil {
			t.Fatal(err)
		}
		return db
	})
}
