package sim_test

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"farthing.dev/farthing/tests/sim"
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
	if w.Stats.WrongClocks == 0 {
		t.Error("no wrong clock was met")
	}
	if !report.Clean() {
		t.Errorf("invariants %v are broken; SIM_SEED=%d finds it again", report.Broken(), seed)
	}
}
