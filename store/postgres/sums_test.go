//go:build linux

package postgres_test

import (
	"context"
	"database/sql"
	"log/slog"
	"testing"
	"time"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/storetest"
	"farthing.dev/farthing/tests/pgtest"
	"farthing.dev/farthing/token"
)

// paced is a database whose next write behind waits: before it begins, or before it is
// committed.
type paced struct {
	store.Database
	first, last   bool
	arrived, goOn chan struct{}
}

func pace(db store.Database, first bool) *paced {
	return &paced{Database: db, first: first, last: !first, arrived: make(chan struct{}), goOn: make(chan struct{})}
}

func (p *paced) WriteBehind(ctx context.Context, work func(tx *sql.Tx) error) error {
	if p.first {
		p.first = false
		close(p.arrived)
		<-p.goOn
	}
	return p.Database.WriteBehind(ctx, func(tx *sql.Tx) error {
		err := work(tx)
		if p.last {
			p.last = false
			close(p.arrived)
			<-p.goOn
		}
		return err
	})
}

// Two replicas find that the journal is another one than was summed. The slower one begins
// again while the other one's step is under way: each entry counts once all the same.
func TestReplicasBeginTheSumsAgainTogether(t *testing.T) {
	db := connect(t, pgtest.Start(t))
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(store.Migrate(t.Context(), db))
	must(storetest.NewLife().Live(db, 20))
	follow := func() {
		t.Helper()
		for more := true; more; {
			var err error
			more, err = store.NewSums(db, nil).Follow(t.Context(), true)
			must(err)
		}
	}
	follow()
	must(db.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), `UPDATE ledger_sums_head SET seq = seq + 5`)
		return err
	}))
	slower, quicker := pace(db, true), pace(db, false)
	ended := make(chan error, 2)
	step := func(db store.Database) { _, err := store.NewSums(db, nil).Follow(t.Context(), true); ended <- err }
	go step(slower)
	<-slower.arrived // it has decided to begin again
	step(db)
	must(<-ended) // the other one has begun again
	follow()
	e, err := store.OpenEngine(t.Context(), db, token.SystemClock{}, slog.New(slog.DiscardHandler), store.Options{})
	must(err)
	defer func() { must(e.Close(context.Background())) }()
	_, err = e.Do(t.Context(), &core.Fund{Account: token.AccountID(storetest.ID('a', 1)),
		Fund: journal.Fund{Amount: 10_000, Currency: token.MustCurrency("EUR"), Method: "card", Reference: "euros"}})
	must(err)
	go step(quicker)
	<-quicker.arrived // and is at a step by which there are sums that there were not
	close(slower.goOn)
	deadline := time.Now().Add(10 * time.Second)
	for waiting := 0; waiting == 0 && len(ended) == 0; {
		must(db.SQL().QueryRowContext(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting))
		if time.Now().After(deadline) {
			t.Fatal("the slower one does nothing")
		}
	}
	close(quicker.goOn)
	must(<-ended)
	must(<-ended)
	follow()
	got, err := store.NewSums(db, nil).All(t.Context())
	must(err)
	euros := 0
	for _, one := range got {
		if one.Currency == token.MustCurrency("EUR") {
			euros++
			if one.Count != 1 {
				t.Errorf("one deposit is counted %d times: %+v", one.Count, one)
			}
		}
	}
	if euros == 0 {
		t.Errorf("the sums are %+v", got)
	}
}
