package sqlite_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/sqlite"
	"farthing.dev/farthing/store/storetest"
	"farthing.dev/farthing/token"
)

// A WAL that cannot be copied because somebody reads for long is a problem that the operator
// is told of, for as long as it lasts.
func TestAWALThatGrowsIsToldOf(t *testing.T) {
	folder := t.TempDir()
	db, err := sqlite.Open(t.Context(), folder, sqlite.Options{CheckpointPages: 16})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := store.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	e, err := store.OpenEngine(t.Context(), db, token.SystemClock{}, slog.New(slog.DiscardHandler), storetest.Impatient)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close(context.Background()) }()
	beside, err := sqlite.Open(t.Context(), folder, sqlite.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer beside.Close()
	reading, err := beside.SQL().BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var blocks int
	if err := reading.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM block`).Scan(&blocks); err != nil {
		t.Fatal(err)
	}
	load := storetest.NewLoad(e, token.SystemClock{}, 100, 0)
	if err := load.Fill(t.Context(), 16); err != nil {
		t.Fatal(err)
	}
	told := func() bool {
		return slices.ContainsFunc(e.Problems(), func(p store.Problem) bool { return p.Code == store.ProblemCompact })
	}
	for until := time.Now().Add(20 * time.Second); !told(); time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("problems: %+v", e.Problems())
		}
		if err := load.Buy(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := reading.Rollback(); err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(20 * time.Second); told(); time.Sleep(time.Millisecond) { // with nothing written meanwhile
		if time.Now().After(until) {
			t.Fatalf("problems: %+v", e.Problems())
		}
	}
}
