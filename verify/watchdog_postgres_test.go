//go:build linux

package verify

import (
	"strings"
	"testing"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/postgres"
	"farthing.dev/farthing/tests/pgtest"
	"farthing.dev/farthing/token"
)

// migratedServer is migrated on PostgreSQL.
func migratedServer(t *testing.T) store.Database {
	t.Helper()
	db, err := postgres.Open(t.Context(), pgtest.Start(t), postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return upToDate(t, db)
}

func TestTheWatchdogNamesFaultsOnPostgres(t *testing.T) { testWatchdog(t, migratedServer(t)) }

func TestTheWatchdogWakesToAnApprovalOnPostgres(t *testing.T) {
	testWatchdogWakesToAnApproval(t, migratedServer(t))
}

func TestTheWatchdogKeepsWhatItFindsLaterOnPostgres(t *testing.T) {
	testWatchdogKeepsWhatItFindsLater(t, migratedServer(t))
}

// What a damaged entry holds is told although no column of PostgreSQL takes it for text.
func TestTheWatchdogTellsWhatIsNoText(t *testing.T) {
	db := migratedServer(t)
	if err := Play(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	_, err := corrupt(t.Context(), db, fault{entry: func(e *journal.Entry, _ []*journal.Entry) bool {
		if e.Kind != journal.Purchased {
			return false
		}
		e.Legs[0].Account.Currency = token.Currency{0xff, 0, 'D'}
		return true
	}})
	if err != nil {
		t.Fatal(err)
	}
	if problem := watched(t, db, 128, watchSize, false); !strings.HasPrefix(problem, "invariant ") {
		t.Errorf("no invariant is named: %q", problem)
	}
}
