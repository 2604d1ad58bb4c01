package sqlite_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"farthing.dev/farthing/store/sqlite"
	"farthing.dev/farthing/store/storetest"
)

// What the benchmark runs on. A folder that exists already goes on being used, so a
// large one is filled once:
//
//	go test ./store/sqlite -run - -bench Purchases -benchtime 10s -accounts 1000000 -folder /tmp/large
var (
	accounts = flag.Int("accounts", 10_000, "accounts of the benchmark")
	folder   = flag.String("folder", "", "data folder of the benchmark; empty for a temporary one")
)

func BenchmarkPurchases(b *testing.B) {
	dir := *folder
	if dir == "" {
		dir = b.TempDir()
	}
	db, err := sqlite.Open(b.Context(), dir, sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	storetest.BenchmarkPurchases(b, db, *accounts)
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
	file, err := os.Stat(filepath.Join(dir, "farthing.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(file.Size())/(1<<20), "MB-on-disk")
}
