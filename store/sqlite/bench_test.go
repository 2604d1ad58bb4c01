package sqlite_test

import (
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/sqlite"
	"farthing.dev/farthing/store/storetest"
	"farthing.dev/farthing/token"
)

// What the benchmark runs on. A folder that exists already goes on being used, so a
// large one is filled once:
//
//	go test ./store/sqlite -run - -bench Purchases -benchtime 10s -accounts 1000000 -folder /tmp/large
var (
	accounts = flag.Int("accounts", 10_000, "accounts of the benchmark")
	folder   = flag.String("folder", "", "data folder of the benchmark; empty for a temporary one")
)

// BenchmarkPurchases makes durable purchases by 256 callers. Short runs flatter: use a
// large folder and a long benchtime.
func BenchmarkPurchases(b *testing.B) {
	const callers = 256
	dir := *folder
	if dir == "" {
		dir = b.TempDir()
	}
	_, missing := os.Stat(filepath.Join(dir, "farthing.db"))
	db, err := sqlite.Open(b.Context(), dir, sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	if err := store.Migrate(b.Context(), db); err != nil {
		b.Fatal(err)
	}
	begun := time.Now()
	e, err := store.OpenEngine(b.Context(), db, token.SystemClock{}, slog.Default(), store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(time.Since(begun).Milliseconds()), "ms-to-start")
	load := storetest.NewLoad(e, token.SystemClock{}, *accounts, e.Head().Seq)
	if missing != nil {
		if err := load.Fill(b.Context(), callers); err != nil {
			b.Fatal(err)
		}
	}
	before := e.Stats()
	b.ResetTimer()
	took, err := load.Run(b.Context(), callers, b.N)
	if err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	after := e.Stats()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "purchases/s")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(after.Entries-before.Entries)/float64(after.Batches-before.Batches), "per-batch")
	b.ReportMetric(float64(memory.Sys>>20), "MB")
	if err := e.Close(b.Context()); err != nil {
		b.Fatal(err)
	}
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
	file, err := os.Stat(filepath.Join(dir, "farthing.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(file.Size())/float64(e.Head().Seq), "B/entry")
}
