package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/sqlite"
)

// newTestWatch is a watch on a database where all is well.
func newTestWatch(t *testing.T) *watch {
	t.Helper()
	db, err := sqlite.Open(t.Context(), t.TempDir(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return &watch{
		pool: db.SQL(), closing: &atomic.Bool{}, log: slog.New(slog.DiscardHandler),
		queue: func() int { return 0 }, problems: func() []store.Problem { return nil },
		compact: func() error { return nil }, room: func() (uint64, bool) { return 1 << 40, true },
	}
}

// asked is what /readyz answers.
func asked(t *testing.T, w *watch) (status int, body string) {
	t.Helper()
	began := time.Now()
	recorder := httptest.NewRecorder()
	w.ready(recorder, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	if took := time.Since(began); took > time.Second {
		t.Errorf("/readyz took %v", took)
	}
	return recorder.Code, recorder.Body.String()
}

func TestReadySaysWhyNot(t *testing.T) {
	for _, test := range []struct {
		name string
		harm func(w *watch)
		want string
	}{
		{"all is well", func(*watch) {}, "ready\n"},
		{"what the engine says", func(w *watch) {
			w.problems = func() []store.Problem {
				return []store.Problem{{Code: store.ProblemClock, Detail: "two hours"}, {Code: store.ProblemCommit}}
			}
		}, "clock\ncommit_waiting\n"},
		{"a long queue", func(w *watch) { w.queue = func() int { return readyQueue } }, "queue\n"},
		{"a checkpoint that fails", func(w *watch) { w.compact = func() error { return errors.New("no") } }, "checkpoint\n"},
		{"a long reader", func(w *watch) {
			w.problems = func() []store.Problem { return []store.Problem{{Code: store.ProblemCompact, Detail: "somebody reads"}} }
		}, "ready\n"},
		{"a full disk", func(w *watch) { w.room = func() (uint64, bool) { return 1 << 20, true } }, "disk_full\n"},
		{"room that cannot be told", func(w *watch) { w.room = func() (uint64, bool) { return 0, false } }, "ready\n"},
		{"the end", func(w *watch) { w.closing.Store(true) }, "stopping\n"},
		{"a database that is away", func(w *watch) { _ = w.pool.Close() }, "database\n"},
	} {
		w := newTestWatch(t)
		test.harm(w)
		w.look(t.Context())
		status, body := asked(t, w)
		if want := map[bool]int{true: http.StatusOK, false: http.StatusServiceUnavailable}[test.want == "ready\n"]; status != want || body != test.want {
			t.Errorf("%s: %d %q, want %d %q", test.name, status, body, want, test.want)
		}
	}
}

// Standbys that have all become asynchronous for long are told, and hinder no sale; while one
// comes back, nothing is said.
func TestStandbysThatBecomeAsynchronousAreTold(t *testing.T) {
	w := newTestWatch(t)
	async, fails := true, error(nil)
	w.async = func(context.Context) (bool, error) { return async, fails }
	says := func(what string, want bool) {
		t.Helper()
		w.look(t.Context())
		if _, told := w.reasons()[notSafe]; told != want {
			t.Errorf("%s: told %v", what, told)
		}
		if status, body := asked(t, w); status != http.StatusOK {
			t.Errorf("%s: %d %q", what, status, body)
		}
	}
	says("just now", false)
	w.since = w.since.Add(-asyncAge)
	says("for half a minute", true)
	fails = errors.New("away")
	says("while nobody answers", true)
	async, fails = false, nil
	says("again synchronous", false)
	async = true
	says("once more", false)
}

// What a provider's own parts say is what /readyz says.
func TestReadyAsksTheProvidersParts(t *testing.T) {
	p := openAt(t)
	says := func(want string) {
		t.Helper()
		p.watch.look(t.Context())
		recorder := httptest.NewRecorder()
		p.handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		if got := recorder.Body.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	says("ready\n")
	p.engine.SetProblem(store.ProblemClock, "two hours")
	says("clock\n")
	p.engine.ClearProblem(store.ProblemClock)
	says("ready\n")

	file, _ := p.db.(*sqlite.Database) // a disk that fails in the middle of a checkpoint cannot be had here
	if asked := reflect.ValueOf(p.watch.compact).Pointer(); asked != reflect.ValueOf(file.CheckpointFailure).Pointer() {
		t.Error("it does not ask whether checkpoints fail")
	}

	held, letGo := make(chan struct{}), make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() { _, _ = p.engine.Do(t.Context(), &waiting{held, letGo}) })
	<-held
	for range readyQueue {
		wait.Go(func() { _, _ = p.engine.Do(t.Context(), &waiting{}) })
	}
	for p.engine.Stats().Queue < readyQueue {
		runtime.Gosched()
	}
	says("queue\n")
	close(letGo)
	wait.Wait()
	says("ready\n")
}

// waiting is a command that does nothing, once it was let go.
type waiting struct{ held, letGo chan struct{} }

func (w *waiting) Need(*core.State, *core.Facts) {}

func (w *waiting) Decide(*core.State, int64) (core.Outcome, error) {
	if w.held != nil {
		close(w.held)
		<-w.letGo
	}
	return core.Outcome{}, nil
}

// A pool that is used up is noticed in a second, and asking never waits for it.
func TestReadyDoesNotQueueBehindThePool(t *testing.T) {
	w := newTestWatch(t)
	for range w.pool.Stats().MaxOpenConnections {
		conn, err := w.pool.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	looked, began := make(chan struct{}), time.Now()
	go func() { defer close(looked); w.look(t.Context()) }()
	if status, body := asked(t, w); status != http.StatusServiceUnavailable || body != "unwatched\n" {
		t.Errorf("before the first look ended: %d %q", status, body)
	}
	if <-looked; time.Since(began) > 2*lookPatience {
		t.Errorf("the look took %v", time.Since(began))
	}
	if status, body := asked(t, w); status != http.StatusServiceUnavailable || body != "pool_exhausted\n" {
		t.Errorf("%d %q", status, body)
	}
}

func TestAnOldLookIsNotBelieved(t *testing.T) {
	w := newTestWatch(t)
	w.last.Store(&sight{at: time.Now().Add(-lookAge - time.Second)})
	if status, body := asked(t, w); status != http.StatusServiceUnavailable || body != "unwatched\n" {
		t.Errorf("%d %q", status, body)
	}
}

func TestReadinessIsLoggedWhereItChanges(t *testing.T) {
	var out strings.Builder
	w := newTestWatch(t)
	w.log = slog.New(slog.NewTextHandler(&out, nil))
	w.look(t.Context())
	var problems []store.Problem
	w.problems = func() []store.Problem { return problems }
	for range 3 {
		w.tell(t.Context())
	}
	problems = []store.Problem{{Code: store.ProblemClock, Detail: "two hours ahead"}}
	for range 3 {
		w.tell(t.Context())
	}
	problems = nil
	for range 3 {
		w.tell(t.Context())
	}
	if said := out.String(); strings.Count(said, "\n") != 2 || !strings.Contains(said, "two hours ahead") || !strings.Contains(said, "no longer") {
		t.Errorf("it said:\n%s", said)
	}
}
