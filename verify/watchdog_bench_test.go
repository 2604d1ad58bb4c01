package verify

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/sqlite"
	"farthing.dev/farthing/token"
)

// shop is an engine at whose accounts something is bought.
type shop struct {
	*scene
	b      *testing.B
	payers []token.AccountID
	users  []token.UserID
	bought int
}

func openShop(b *testing.B, db store.Database) *shop {
	const accounts = 50_000
	ctx := b.Context()
	engine, err := store.OpenEngine(ctx, db, token.SystemClock{}, slog.New(slog.DiscardHandler), store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = engine.Close(context.WithoutCancel(ctx)) })
	s := &shop{b: b, scene: &scene{ctx: ctx, engine: engine, clock: &manualClock{at: time.Now()}, ids: token.NewMaker(token.SystemClock{}, nil), usd: token.MustCurrency("USD")}}
	s.vendor = token.NewID[token.VendorKind](s.ids)
	if err := s.divide(store.NewCatalog(db)); err != nil {
		b.Fatal(err)
	}
	s.payers, s.users = make([]token.AccountID, accounts), make([]token.UserID, accounts)
	s.together(accounts, func(i int) core.Command {
		s.payers[i], s.users[i] = token.NewID[token.AccountKind](s.ids), token.NewID[token.UserKind](s.ids)
		return &core.Fund{Account: s.payers[i], User: s.users[i], Fund: journal.Fund{Amount: 5000 * token.PerUnit, Currency: s.usd, Method: "check", Reference: fmt.Sprint(i)}}
	})
	s.together(accounts, func(i int) core.Command {
		return &core.Permit{Account: s.payers[i], User: s.users[i], GiveAllowance: &limit.Allowance{ID: token.NewID[token.AllowanceKind](s.ids), User: s.users[i], Vendor: s.vendor,
			Currency: s.usd, PerPurchase: token.PerUnit, Period: limit.Day, Max: token.MaxAmount, Until: 1 << 50}}
	})
	return s
}

// together runs n commands, 256 at a time.
func (s *shop) together(n int, command func(i int) core.Command) {
	const at = 256
	var done sync.WaitGroup
	for from := range at {
		done.Go(func() {
			for i := from; i < n; i += at {
				if _, err := s.engine.Do(s.ctx, command(i)); err != nil {
					s.b.Error(err)
					return
				}
			}
		})
	}
	if done.Wait(); s.b.Failed() {
		s.b.FailNow()
	}
}

// sell has n things bought by any accounts.
func (s *shop) sell(n int) {
	s.together(n, func(i int) core.Command {
		key := journal.NewKey(s.vendor, "bench", fmt.Sprint(s.bought+i), nil)
		payer := binary.BigEndian.Uint64(key.Hash[:]) % uint64(len(s.payers))
		return &core.Charge{ID: token.NewID[token.OrderKind](s.ids), Account: s.payers[payer], User: s.users[payer], Vendor: s.vendor, Split: s.split, Sale: s.sale(250_000), Key: key}
	})
	s.bought += n
}

// BenchmarkWatchdog measures what the watchdog takes for each purchase: of 50,000 accounts, where it
// follows every 2,048 purchases, and where it has all b.N before it.
func BenchmarkWatchdog(b *testing.B) {
	for _, way := range []struct {
		name string
		at   int
	}{{"near", 2048}, {"far", 1 << 62}} {
		b.Run(way.name, func(b *testing.B) {
			db, err := sqlite.Open(b.Context(), b.TempDir(), sqlite.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			if err := store.Migrate(b.Context(), db); err != nil {
				b.Fatal(err)
			}
			s := openShop(b, db)
			from := s.engine.Head()
			s.ids = token.NewMaker(&manualClock{at: time.Now().Add(time.Minute)}, nil) // as some time after the watchdog began
			w := NewWatchdog(db, s.engine, slog.New(slog.DiscardHandler))
			w.Follower.Begin = func(context.Context) (journal.Head, error) { return from, nil }
			b.ReportAllocs()
			b.ResetTimer()
			var used time.Duration
			for s.bought < b.N {
				b.StopTimer()
				s.sell(min(way.at, b.N-s.bought))
				b.StartTimer()
				began := processor()
				for more := true; more; {
					if more, err = w.Follower.Step(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
				used += processor() - began
			}
			b.StopTimer()
			var with, without runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&with)
			w.auditor = nil
			runtime.GC()
			runtime.ReadMemStats(&without)
			b.ReportMetric(float64(with.HeapAlloc-without.HeapAlloc)/(1<<20), "MiB")
			b.ReportMetric(float64(used.Nanoseconds())/float64(b.N), "cpu-ns/op")
			b.ReportMetric(float64(w.Skipped())/float64(b.N), "skipped/op")
			if lag := w.Follower.State().Lag; lag > 0 {
				b.Fatalf("%d entries are not watched", lag)
			}
			if _, found, err := w.catalogue.Broken(b.Context()); found || err != nil {
				b.Fatal(found, err)
			}
		})
	}
}

// processor returns what the process has used of it.
func processor() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
