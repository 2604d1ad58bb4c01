//go:build linux

package postgres_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/storetest"
	"farthing.dev/farthing/tests/pgtest"
)

func TestCatalog(t *testing.T) {
	storetest.RunCatalog(t, openCatalog)
}

func TestNothingGoesOnForCallersWhoGaveUp(t *testing.T) { storetest.RunGivenUp(t, openCatalog(t)) }

func TestADeadReceiverSlowsNobodyElse(t *testing.T) {
	storetest.RunDeadReceiver(t, openCatalog(t), "postgres")
}

func openCatalog(t *testing.T) store.Tables {
	t.Helper()
	db := open(t)
	if err := store.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	return db
}

// Somebody locks the table that is read. Whoever gives up is back at once, the question ends
// at the server too, and who asks afterwards is not kept by the one that hangs.
func TestAQuestionEndsWithWhoAsked(t *testing.T) {
	db := connect(t, pgtest.Start(t))
	if err := store.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	locked, err := db.SQL().BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := locked.ExecContext(t.Context(), `SET LOCAL idle_in_transaction_session_timeout = 0`); err != nil { // no lease
		t.Fatal(err)
	}
	if _, err := locked.ExecContext(t.Context(), `LOCK TABLE users IN ACCESS EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	column := store.FixedColumn{Table: "users", Key: "id", Column: "account"}
	ctx, giveUp := context.WithCancel(t.Context())
	answers := make(chan error, 2)
	for range 2 {
		go func() { _, err := db.FixedText(ctx, column, "usr_1"); answers <- err }()
	}
	waiting := func(want int) {
		t.Helper()
		deadline := time.Now().Add(20 * time.Second)
		if want == 0 {
			deadline = time.Now().Add(5 * time.Second) // less than the server may take
		}
		for got := -1; got < min(want, 1) || want == 0 && got != 0; {
			err := db.SQL().QueryRowContext(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&got)
			if err != nil {
				t.Fatal(err)
			}
			if time.Now().After(deadline) {
				t.Fatalf("%d questions wait at the server, want %d", got, want)
			}
		}
	}
	waiting(1)
	late := make(chan error, 1)
	again := make(chan struct{})
	go func() {
		<-again
		_, err := db.FixedText(context.WithoutCancel(t.Context()), column, "usr_2")
		late <- err
	}()
	giveUp()
	for range 2 {
		if err := <-answers; !errors.Is(err, context.Canceled) {
			t.Errorf("who gave up: %v", err)
		}
	}
	waiting(0)
	close(again)
	waiting(1)
	if err := locked.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-late; err != nil {
		t.Errorf("who asked afterwards: %v", err)
	}
}
