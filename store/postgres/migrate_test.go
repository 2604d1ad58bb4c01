//go:build linux

package postgres_test

import (
	"sync"
	"testing"

	"farthing.dev/farthing/store"
	"farthing.dev/farthing/tests/pgtest"
)

// TestReplicasMigrateAtOnce starts many replicas on a fresh database.
func TestReplicasMigrateAtOnce(t *testing.T) {
	dsn := pgtest.Start(t)
	var wait sync.WaitGroup
	for range 4 {
		db := connect(t, dsn)
		wait.Go(func() {
			if err := store.Migrate(t.Context(), db); err != nil {
				t.Errorf("migrate: %v", err)
			}
		})
	}
	wait.Wait()
}
