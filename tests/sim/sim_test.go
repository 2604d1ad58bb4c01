package sim_test

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"farthing.dev/farthing/domain/audit"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/tests/sim"
	"farthing.dev/farthing/token"
)

// setting reads a number from the environment, so that a long run or a seed that
// found something can be asked for: SIM_PURCHASES=5000000 SIM_SEED=42.
func setting(t *testing.T, name string, otherwise uint64) uint64 {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// A simulated life of many accounts leaves a journal in which the auditor finds
// nothing, and accounts that can be folded again from any snapshot.
func TestTheAuditorFindsNothing(t *testing.T) {
	usual := uint64(200_000)
	if testing.Short() {
		usual = 20_000
	}
	purchases := setting(t, "SIM_PURCHASES", usual)
	accounts := setting(t, "SIM_ACCOUNTS", 2_000)
	seed := setting(t, "SIM_SEED", uint64(time.Now().UnixNano()))
	t.Logf("SIM_SEED=%d", seed)
	w := sim.New(seed, int(accounts))
	began := time.Now()
	if err := w.Run(purchases); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	report, err := w.Check()
	if err != nil {
		t.Fatal(err)
	}
	var table bytes.Buffer
	if _, err := report.WriteTo(&table); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d purchases, %d commands in %s: %.0f purchases/s, decided, sealed and audited\n%s\n%v", w.Stats.Purchases, w.Stats.Commands, took.Round(time.Millisecond),
		float64(w.Stats.Purchases)/took.Seconds(), table.String(), fmt.Sprintf("%+v", w.Stats))
	if w.Watched() < w.Stats.Entries/8 {
		t.Errorf("the watchdog looked at %d of %d entries", w.Watched(), w.Stats.Entries)
	}
	for _, plant := range []struct {
		what      string
		kind      journal.Kind
		invariant int
		alter     func(e *journal.Entry)
	}{
		{"an order is paid a second time", journal.Purchased, audit.OneDebit, func(e *journal.Entry) { e.Key.Hash[0]++ }},
		{"more than there is", journal.Purchased, audit.CreditLines, func(e *journal.Entry) {
			e.Key.Hash[0]++
			e.Order[15]++
			times := token.MaxAmount / e.Sale.Price
			e.Sale.Price *= times
			for i := range e.Legs {
				e.Legs[i].Amount *= times
			}
		}},
		{"an outside event is credited a second time", journal.Funded, audit.OutsideMoney, func(*journal.Entry) {}},
	} {
		found, err := w.Plant(plant.kind, plant.alter)
		if err != nil {
			t.Fatal(err)
		}
		if found == nil || found.Invariant != plant.invariant && !slices.Contains(found.Also, plant.invariant) {
			t.Errorf("%s: the watchdog finds %+v, want invariant %d; SIM_SEED=%d", plant.what, found, plant.invariant, seed)
		}
	}
	if w.Stats.WrongClocks == 0 {
		t.Error("no wrong clock was met")
	}
	if !report.Clean() {
		t.Errorf("invariants %v are broken; SIM_SEED=%d finds it again", report.Broken(), seed)
	}
}
