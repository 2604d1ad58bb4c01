//go:build linux

package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"farthing.dev/farthing/app/keys"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/postgres"
	"farthing.dev/farthing/tests/pgtest"
)

// held is a database whose next write waits before its commit ends.
type held struct {
	store.Tables
	there, goOn chan struct{}
}

func (h *held) Write(ctx context.Context, work func(tx *sql.Tx) error) error {
	return h.Tables.Write(ctx, func(tx *sql.Tx) error {
		err := work(tx)
		close(h.there)
		<-h.goOn
		return err
	})
}

// A rotation whose commit still waits is not taken for one that did not happen: the new
// secret would be deleted, and then be the database's.
func TestARotationThatIsUnderWayKeepsItsSecret(t *testing.T) {
	db, err := postgres.Open(t.Context(), pgtest.Start(t), postgres.Options{})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(err)
	defer db.Close()
	must(store.Migrate(t.Context(), db))
	c, records := config{data: t.TempDir()}, store.NewCatalog(db)
	old, err := makeSecret(filepath.Join(c.data, secretFile))
	must(err)
	next, err := makeSecret(filepath.Join(c.data, secretFileNew))
	must(err)
	must(keys.RecordSecret(t.Context(), records, old, time.Now()))

	slow := &held{Tables: db, there: make(chan struct{}), goOn: make(chan struct{})}
	rotated, finished := make(chan error, 1), make(chan error, 1)
	go func() {
		rotated <- keys.RotateSecret(t.Context(), store.NewCatalog(slow), old, next, rand.Reader, time.Now())
	}()
	<-slow.there
	go func() { finished <- finishRotation(t.Context(), c, records, slog.New(slog.DiscardHandler)) }()
	for deadline, waiting := time.Now().Add(20*time.Second), 0; waiting == 0 && len(finished) == 0; {
		must(db.SQL().QueryRowContext(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting))
		if time.Now().After(deadline) {
			t.Fatal("nobody waits for the rotation")
		}
	}
	close(slow.goOn)
	must(<-rotated)
	must(<-finished)
	present, err := readSecret("", c.data)
	must(err)
	if present != next {
		t.Error("the database has the new secret, and the data folder the old one")
	}
	if _, err := os.Stat(filepath.Join(c.data, secretFileNew)); err == nil {
		t.Error("the new secret is still beside the old one")
	}
}
