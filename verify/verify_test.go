package verify_test

import (
	"bytes"
	"testing"

	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/sqlite"
	"farthing.dev/farthing/verify"
)

// Every fault that is planted in a database is named by the invariant that it breaks.
func TestEveryPlantedFaultIsNamed(t *testing.T) {
	db, err := sqlite.Open(t.Context(), t.TempDir(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	testSelf(t, db)
}

func testSelf(t *testing.T, db store.Database) {
	if err := store.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	var diag, table bytes.Buffer
	planted, err := verify.SelfTest(t.Context(), db, &diag)
	if err != nil {
		t.Fatalf("%v\n%s", err, diag.String())
	}
	if err := verify.WriteTable(&table, planted); err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%s", table.String())
	for _, p := range planted {
		if !p.Named {
			t.Errorf("invariant %d did not name: %s", p.Invariant, p.Fault)
		}
	}
}
