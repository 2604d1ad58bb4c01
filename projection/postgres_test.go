//go:build linux

package projection_test

import (
	"os"
	"testing"

	"farthing.dev/farthing/store/postgres"
	"farthing.dev/farthing/tests/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// The journal's own database holds the projection, too.
func TestProjectionInTheSamePostgres(t *testing.T) {
	address := pgtest.Start(t)
	db, err := postgres.Open(t.Context(), address, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	play(t, db)
	testProjection(t, db, func(*testing.T) string { return address })
}

// The journal is in SQLite, the projection in PostgreSQL.
func TestProjectionOfSQLiteInPostgres(t *testing.T) {
	address := pgtest.Start(t)
	testProjection(t, played(t), func(*testing.T) string { return address })
}
