//go:build linux

package export_test

import (
	"os"
	"testing"

	"farthing.dev/farthing/store/postgres"
	"farthing.dev/farthing/tests/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func TestExportOfPostgres(t *testing.T) {
	db, err := postgres.Open(t.Context(), pgtest.Start(t), postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	testExport(t, db)
}
