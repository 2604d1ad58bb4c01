package sqlite_test

import (
	"context"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/sqlite"
	"farthing.dev/farthing/store/storetest"
	"farthing.dev/farthing/token"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"
)

func envInt(k string, d int) int {
	if v, err := strconv.Atoi(os.Getenv(k)); err == nil {
		return v
	}
	return d
}
func TestLoad(t *testing.T) {
	ctx := context.Background()
	dir := os.Getenv("DIR")
	if dir == "" {
		dir = t.TempDir()
	}
	fresh := true
	if _, err := os.Stat(dir + "/farthing.db"); err == nil {
		fresh = false
	}
	db, err := sqlite.Open(ctx, dir, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Migrate(ctx, db); err != nil {
		t.Fatal(err)
	}
	t0 := time.Now()
	e, err := store.OpenEngine(ctx, db, token.SystemClock{}, slog.Default(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("open", time.Since(t0), "head", e.Head().Seq)
	l := storetest.NewLoad(e, token.SystemClock{}, envInt("ACCOUNTS", 10000), e.Head().Seq)
	t0 = time.Now()
	if fresh {
		if err := l.Fill(ctx, 256); err != nil {
			t.Fatal(err)
		}
		fmt.Println("opened accounts", time.Since(t0))
	}
	for i := 0; i < envInt("ROUNDS", 1); i++ {
		s0 := e.Stats()
		s, err := l.Run(ctx, 256, time.Duration(envInt("SECS", 5))*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		s1 := e.Stats()
		fmt.Printf("%d/s p50 %v p99 %v p99.9 %v max %v batch %.0f heap %dMB sys %dMB runs %d tail %d flush %d merge %d %s\n", len(s)/envInt("SECS", 5), s[len(s)/2], s[len(s)*99/100], s[len(s)*999/1000], s[len(s)-1], float64(s1.Entries-s0.Entries)/float64(s1.Batches-s0.Batches), m.HeapAlloc>>20, m.Sys>>20, s1.Runs, s1.Tail, s1.Flushes, s1.Merges, s1.FlushError)
	}
	t0 = time.Now()
	if err := e.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	fi, _ := os.Stat(dir + "/farthing.db")
	fmt.Println("close", time.Since(t0), "size", fi.Size()>>20, "MB per entry", fi.Size()/int64(e.Head().Seq))
}
