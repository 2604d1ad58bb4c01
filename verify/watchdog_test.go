package verify

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"farthing.dev/farthing/domain/audit"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/sqlite"
	"farthing.dev/farthing/token"
)

// watched has a watchdog follow the whole journal, by an engine that is opened for it, and
// returns the problem that stops selling then; "" where none does.
func watched(t *testing.T, db store.Database, blocks, size int, flushed bool) string {
	t.Helper()
	err := db.Write(t.Context(), func(tx *sql.Tx) error {
		for _, table := range []string{"followers", "leases", "watched_deposits", "broken_invariant"} {
			if _, err := tx.ExecContext(t.Context(), `DELETE FROM `+table); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.ForgetDerived(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	engine, err := store.OpenEngine(t.Context(), db, token.SystemClock{}, slog.New(slog.DiscardHandler), store.Options{})
	if err != nil {
		return "no engine starts: " + err.Error()
	}
	defer func() { _ = engine.Close(context.WithoutCancel(t.Context())) }()
	w := newWatchdog(db, engine, store.Follow{Blocks: blocks, Log: slog.New(slog.DiscardHandler)}, size)
	if flushed { // as where it lags behind by far
		w.Follower.Begin = nil
		if err := engine.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for more := true; more; {
		if more, err = w.Follower.Step(t.Context()); err != nil {
			return err.Error()
		}
	}
	if err := w.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	if w.Skipped() > 0 {
		t.Logf("%d entries were judged by their legs only", w.Skipped())
	}
	for _, problem := range engine.Problems() {
		if problem.Code == store.ProblemInvariant || problem.Code == store.ProblemJournal {
			return problem.Detail
		}
	}
	if lag := w.Follower.State().Lag; lag > 0 {
		t.Fatalf("%d entries are not watched", lag)
	}
	return ""
}

// unwatched are the invariants that are verify's alone.
var unwatched = []int{audit.StoredBalances, audit.PseudonymsApart, audit.EntriesAreFindable, audit.StoredTerms, audit.OwnerBalances}

// leftHold is a fault that only the end of the journal shows.
const leftHold = "a hold that is over is not given back"

// testWatchdog plants the faults that the self-test plants: each of those that a watchdog
// watches for stops selling, and says which it was. Nothing does in a journal that is whole.
func testWatchdog(t *testing.T, db store.Database) {
	if err := Play(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	for _, way := range []struct {
		blocks, size int
		flushed      bool
	}{{128, watchSize, false}, {3, 20, false}, {1, 0, false}, {1, 0, true}} {
		if problem := watched(t, db, way.blocks, way.size, way.flushed); problem != "" {
			t.Fatalf("%+v: a journal that is whole: %s", way, problem)
		}
	}
	planted := 0
	for _, f := range faults() {
		if f.entry == nil && f.block == nil || slices.Contains(unwatched, f.invariant) || f.what == leftHold {
			continue
		}
		planted++
		t.Run(fmt.Sprintf("%d %s", f.invariant, f.what), func(t *testing.T) {
			restore, err := corrupt(t.Context(), db, f)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := restore(); err != nil {
					t.Fatal(err)
				}
			}()
			problem := watched(t, db, 128, watchSize, false)
			named := strings.HasPrefix(problem, fmt.Sprintf("invariant %d ", f.invariant)) || strings.Contains(problem, "it breaks") && strings.Contains(problem, fmt.Sprint(f.invariant))
			if f.block != nil {
				named = problem != "" // the engine itself names a damaged block
			}
			if !named {
				t.Errorf("invariant %d is not named: %q", f.invariant, problem)
			}
			t.Log(problem)
		})
	}
	if planted < 20 {
		t.Errorf("only %d faults were planted", planted)
	}
}

// testWatchdogAsksThePast has a watchdog begin behind what was written, as one does in a database
// of an earlier version, and remember nothing from one block to the next: what accounts and
// orders were before is asked of snapshots and index. It finds nothing wrong, and what is.
func testWatchdogAsksThePast(t *testing.T, db store.Database) {
	s := begun(t, db)
	s.money()
	s.allowed()
	s.given()
	s.clicked()
	s.approvals()
	old := s.open(150_000, false, journal.ByClick, nil).Order
	if err := errors.Join(s.err, s.engine.Flush(t.Context())); err != nil {
		t.Fatal(err)
	}
	start := s.engine.Head().Seq
	w := newWatchdog(db, s.engine, store.Follow{Blocks: 1, Log: slog.New(slog.DiscardHandler)}, 0)
	step := func() {
		t.Helper()
		for more := true; more; {
			var err error
			if more, err = w.Follower.Step(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	step()
	for range 2 {
		for _, act := range []func(){s.clicked, s.held, s.allowed, s.money, func() {
			s.do(&core.Refund{Order: old.ID, Vendor: s.vendor, Amount: 10_000, Key: s.key()})
		}, s.given, s.approvals} {
			act()
			step()
			if s.err != nil {
				t.Fatal(s.err)
			}
		}
		if err := s.engine.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	s.onCredit()
	step()
	broken, found, err := w.catalogue.Broken(t.Context())
	if err != nil || found || s.err != nil {
		t.Fatalf("a journal that is whole: %+v, %v, %v", broken, err, s.err)
	}
	if at := w.Follower.State(); at.Lag > 0 || at.Seq <= start || w.Skipped() > 0 {
		t.Fatalf("%+v, %d entries were judged by their legs only", at, w.Skipped())
	}
	// A purchase beyond all that the account had, by an engine that does not look.
	entry := journal.Entry{Kind: journal.Transferred, Account: s.account, User: s.user, Key: s.key(), Parts: &journal.Parts{Transfer: &journal.Transfer{
		To: token.NewID[token.AccountKind](s.ids), Amount: 1_000_000 * token.PerUnit, Currency: token.MustCurrency("EUR")}}}
	entry.Legs = []ledger.Leg{
		{Account: ledger.Account{Code: ledger.Wallet, Owner: entry.Account, Currency: token.MustCurrency("EUR")}, Amount: -entry.Parts.Transfer.Amount},
		{Account: ledger.Account{Code: ledger.Wallet, Owner: entry.Parts.Transfer.To, Currency: token.MustCurrency("EUR")}, Amount: entry.Parts.Transfer.Amount},
	}
	head := s.engine.Head()
	none := func([]*journal.Block) error { return nil }
	if err := db.Append(t.Context(), head, none, func() (*journal.Block, error) { return journal.Seal(head, s.now(), []*journal.Entry{&entry}) }); err != nil {
		t.Fatal(err)
	}
	again, err := store.OpenEngine(t.Context(), db, s.clock, slog.New(slog.DiscardHandler), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = again.Close(context.WithoutCancel(t.Context())) }()
	if err := w.Follower.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	w = newWatchdog(db, again, store.Follow{Log: slog.New(slog.DiscardHandler)}, watchSize)
	step()
	broken, found, err = w.catalogue.Broken(t.Context())
	if err != nil || !found || broken.Invariant != audit.CreditLines || broken.Entry != head.Seq+1 {
		t.Errorf("%+v, %v, %v", broken, found, err)
	}
}

// migrated makes a database whose tables are up to date.
func migrated(t *testing.T) store.Database {
	t.Helper()
	db, err := sqlite.Open(t.Context(), t.TempDir(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return upToDate(t, db)
}

// upToDate makes the tables of a database that the test opened.
func upToDate(t *testing.T, db store.Database) store.Database {
	t.Helper()
	t.Cleanup(func() { _ = db.Close() })
	if err := store.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	return db
}

// begun is a scene with a reader, in which nothing has happened yet.
func begun(t *testing.T, db store.Database) *scene {
	t.Helper()
	s, err := begin(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.engine.Close(context.WithoutCancel(t.Context())) })
	s.account, s.user = token.NewID[token.AccountKind](s.ids), token.NewID[token.UserKind](s.ids)
	return s
}

func TestTheWatchdogAsksThePast(t *testing.T) { testWatchdogAsksThePast(t, migrated(t)) }

func TestTheWatchdogNamesFaults(t *testing.T) { testWatchdog(t, migrated(t)) }
