package storetest

import (
	"log/slog"
	"runtime"
	"testing"
	"time"

	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

// BenchmarkPurchases makes durable purchases by 256 callers. An empty database is
// filled first; one that was used before goes on being used. Short runs flatter: use a
// large database and a long benchtime.
func BenchmarkPurchases(b *testing.B, db store.Database, accounts int) {
	const callers = 256
	ctx := b.Context()
	if err := store.Migrate(ctx, db); err != nil {
		b.Fatal(err)
	}
	begun := time.Now()
	e, err := store.OpenEngine(ctx, db, token.SystemClock{}, slog.Default(), store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	start := time.Since(begun)
	load := NewLoad(e, token.SystemClock{}, accounts, e.Head().Seq)
	if e.Head().Seq == 0 {
		if err := load.Fill(ctx, callers); err != nil {
			b.Fatal(err)
		}
	}
	before := e.Stats()
	b.ResetTimer()
	took, err := load.Run(ctx, callers, b.N)
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
	b.ReportMetric(float64(memory.Sys>>20), "MB-memory")
	b.ReportMetric(float64(start.Milliseconds()), "ms-to-start")
	if err := e.Close(ctx); err != nil {
		b.Fatal(err)
	}
}
