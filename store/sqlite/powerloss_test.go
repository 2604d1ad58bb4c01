package sqlite_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3/vfs"

	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/sqlite"
	"farthing.dev/farthing/store/storetest"
	"farthing.dev/farthing/tests/powercut"
)

// Nothing that was acknowledged is lost, whenever the power fails and whatever the disk
// has kept of what was not synced. The database is opened as the product opens it: what it
// says of nothing is what is tested.
func TestPowerLoss(t *testing.T) {
	during := 8 * time.Second
	if testing.Short() {
		during = 2 * time.Second
	}
	result := losePower(t, "", during)
	if result.lost != 0 {
		t.Errorf("lost %d acknowledged entries", result.lost)
	}
	t.Logf("%+v", result)
}

// The same disk catches what loses work: without it, the test above would prove nothing.
func TestPowerLossIsNoticed(t *testing.T) {
	result := losePower(t, "NORMAL", 3*time.Second)
	if result.lost == 0 {
		t.Errorf("synchronous=NORMAL lost nothing in %d power cuts: the disk is too kind", result.cuts)
	}
	t.Logf("%+v", result)
}

type losses struct {
	cuts, acknowledged, lost int
}

// losePower runs lives of a server, each ended by a power cut, until time is up.
func losePower(t *testing.T, synchronous string, during time.Duration) (result losses) {
	const first = 20260102
	until := time.Now().Add(during)
	for seed := uint64(first); time.Now().Before(until); seed++ {
		random := rand.New(rand.NewPCG(seed, 2))
		disk, life := powercut.New(seed, "0"), storetest.NewLife()
		folder := t.TempDir()
		fail := func(doing string, err error) {
			t.Fatalf("seed %d, synchronous=%q: %s: %v", seed, synchronous, doing, err)
		}
		for cut := range 3 {
			open := func(name string) *sqlite.Database {
				vfs.Register(name, disk)
				t.Cleanup(func() { vfs.Unregister(name) })
				options := sqlite.Options{Synchronous: synchronous, VFS: name}
				if seed%2 == 0 { // every other life is full of checkpoints
					options.CheckpointPages = 48
				}
				db, err := sqlite.Open(t.Context(), folder, options)
				if err != nil {
					fail("open", err)
				}
				if err := store.Migrate(t.Context(), db); err != nil {
					fail("migrate", err)
				}
				return db
			}
			name := fmt.Sprintf("power%s-%d-%d", synchronous, seed, cut)
			db := open(name)
			disk.FailAfter(int64(50 + random.IntN(3000)))
			if err := life.Live(db, 400); err != nil && !disk.Failed() {
				fail("live", err)
			}
			disk.Off()
			_ = db.Close() // it has no power
			disk = disk.Restart(seed*10+uint64(cut), name)
			db = open(name + "-check")
			lost, err := life.Check(db)
			if err != nil {
				fail("check", err)
			}
			if err := db.Close(); err != nil {
				fail("close", err)
			}
			result.cuts++
			result.lost += lost
			if lost > 0 {
				if synchronous == "" {
					t.Errorf("seed %d, cut %d: lost %d of %d acknowledged entries", seed, cut, lost, len(life.Acknowledged))
				}
				break // the next life would only find the same
			}
		}
		result.acknowledged += len(life.Acknowledged)
	}
	return result
}
