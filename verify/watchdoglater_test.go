package verify

import (
	"slices"
	"testing"

	"farthing.dev/farthing/domain/audit"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

// testWatchdogKeepsWhatItFindsLater plants several faults: while the first stands the watchdog goes
// on, and what it finds then is not forgotten with the first.
func testWatchdogKeepsWhatItFindsLater(t *testing.T, db store.Database) {
	if err := Play(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	want := []int{audit.LegsBalance, audit.Entitlements, audit.HoldsAccounted}
	for _, f := range faults() {
		if f.entry != nil && slices.Contains(want, f.invariant) {
			if _, err := corrupt(t.Context(), db, f); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, blocks := range []int{1, 128} {
		watched(t, db, blocks, watchSize, false)
		catalogue := store.NewCatalog(db)
		var cleared []int
		var last uint64
		for {
			broken, found, err := catalogue.Broken(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if !found {
				break
			}
			if broken.Entry <= last {
				t.Errorf("what was found at entry %d comes after that at %d", broken.Entry, last)
			}
			last, cleared = broken.Entry, append(cleared, broken.Invariant)
			act := staff.Act{ID: token.NewID[token.EventKind](token.NewMaker(token.SystemClock{}, nil)), At: 1, Actor: staff.ByCommand, Action: staff.InvariantCleared}
			if err := catalogue.ClearBroken(t.Context(), broken, act); err != nil {
				t.Fatal(err)
			}
		}
		for _, invariant := range want {
			if !slices.Contains(cleared, invariant) {
				t.Errorf("by %d blocks: invariant %d is not named: %v", blocks, invariant, cleared)
			}
		}
	}
}

func TestTheWatchdogKeepsWhatItFindsLater(t *testing.T) {
	testWatchdogKeepsWhatItFindsLater(t, migrated(t))
}
