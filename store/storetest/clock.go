package storetest

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

// machine is a machine's clock that a test sets wrong: the clock that nobody sets goes on.
type machine struct {
	wrong   atomic.Int64 // by how much, in nanoseconds
	asleep  atomic.Int64 // for how long it slept, which is part of wrong
	started time.Time
}

var _ store.Steady = (*machine)(nil)

func newMachine(wrong time.Duration) *machine {
	m := &machine{started: time.Now()}
	m.wrong.Store(int64(wrong))
	return m
}

func (m *machine) Now() time.Time { now, _ := m.Reading(); return now }

func (m *machine) Reading() (time.Time, time.Duration) {
	now := time.Now()
	return now.Add(time.Duration(m.wrong.Load())).Round(0).Truncate(time.Millisecond).UTC(), now.Sub(m.started)
}

func (m *machine) Asleep() time.Duration { return time.Duration(m.asleep.Load()) }

// lines is a log that a test reads.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), text)
}

// openBy opens an engine by another clock, beside whatever else there is.
func (w *world) openBy(c token.Clock, log *lines, options store.Options) *store.Engine {
	w.Helper()
	e, err := store.OpenEngine(w.Context(), w.db, c, slog.New(slog.NewTextHandler(log, nil)), options)
	w.must(err)
	w.Cleanup(func() { _ = e.Close(context.Background()) })
	return e
}

// sells fails the test unless the engine takes a command, or refuses it because its clock is
// wrong, appends nothing, and shows what is there nevertheless.
func (w *world) sells(e *store.Engine, what string, want bool) {
	w.Helper()
	before := e.Head()
	out, err := e.Do(w.Context(), w.fund(1, 10))
	switch {
	case want && (err != nil || out.Entry.Seq <= before.Seq || e.Head().At < before.At):
		w.Fatalf("%s: a command was answered %v; problems %v", what, err, e.Problems())
	case !want && (token.CodeOf(err) != token.CodeUnavailable || e.Head() != before || problem(e, store.ProblemClock) == ""):
		w.Fatalf("%s: a command was answered %v, the head went from %v to %v, the problems are %v", what, err, before, e.Head(), e.Problems())
	}
	if _, err := e.Account(w.Context(), payer(1)); err != nil {
		w.Fatalf("%s: looking was answered %v", what, err)
	}
}

func problem(e *store.Engine, code string) string {
	for _, p := range e.Problems() {
		if p.Code == code {
			return p.Detail
		}
	}
	return ""
}

// eventually waits until the clocks, which are compared every second, are found right or wrong.
func (w *world) eventually(e *store.Engine, wrong bool) {
	w.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for (problem(e, store.ProblemClock) != "") != wrong {
		if time.Now().After(deadline) {
			w.Fatalf("the clock is still not found wrong (%t): %v", wrong, e.Problems())
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// A clock that somebody sets, by hours or a year, appends nothing until it is right again.
func testClockSet(t *testing.T, w *world) {
	w.must(w.Close(t.Context()))
	for _, by := range []time.Duration{2 * time.Hour, -2 * time.Hour, 365 * 24 * time.Hour, -365 * 24 * time.Hour, 6 * time.Second} {
		clock, log := newMachine(0), &lines{}
		e := w.openBy(clock, log, store.Options{})
		w.sells(e, "before", true)
		clock.wrong.Add(int64(by))
		for range 3 {
			w.sells(e, by.String(), false)
		}
		if off := time.Until(e.Now()).Abs(); off > 5*time.Second {
			t.Errorf("the clock was set by %s and the time is %s off", by, off)
		}
		clock.wrong.Add(int64(-by))
		w.sells(e, "right again", true)
		w.eventually(e, false)
		w.must(e.Close(t.Context())) // by now the line that it ended is written, too
		if began, ended := log.count("a problem began"), log.count("a problem ended"); began != 1 || ended != 1 {
			t.Errorf("%s: the log has %d lines that it began, %d that it ended", by, began, ended)
		}
	}
	clock := newMachine(0)
	e := w.openBy(clock, &lines{}, store.Options{})
	clock.asleep.Add(int64(time.Hour))
	clock.wrong.Add(int64(time.Hour))
	if w.db.Shared() {
		w.sells(e, "the machine slept, and the database did not", true) // it is found out within a second
		w.eventually(e, true)
	}
	w.sells(e, "the machine slept", !w.db.Shared())
}

// A journal that is ahead, because a clock was fast once, is not gone on with by a right
// clock; and when that is accepted, by its time.
func testJournalAhead(t *testing.T, w *world) {
	w.must(w.Close(t.Context()))
	w.clock.millis.Store(time.Now().Add(2 * time.Hour).UnixMilli())
	fast := w.openBy(w.clock, &lines{}, store.Options{}) // as versions before this one let it
	w.sells(fast, "the fast clock", true)
	ahead := fast.Head()
	w.must(fast.Close(t.Context()))

	e := w.openBy(newMachine(0), &lines{}, store.Options{})
	if problem(e, store.ProblemClock) == "" {
		t.Error("it is not known from the start")
	}
	w.sells(e, "a journal that is ahead", false)
	if off := time.Until(e.Now()).Abs(); off > 5*time.Second {
		t.Errorf("the time is %s off", off)
	}
	w.must(e.Close(t.Context()))
	for _, c := range []struct {
		until time.Duration
		sells bool
	}{{time.Hour, false}, {3 * time.Hour, true}} {
		e := w.openBy(newMachine(0), &lines{}, store.Options{AcceptClockUntil: time.Now().Add(c.until)})
		w.sells(e, "accepted until "+c.until.String(), c.sells)
		if now := e.Now().UnixMilli(); c.sells && (e.Head().At != ahead.At || now != ahead.At) {
			t.Errorf("the time is %d, of the last entry %d; the journal was ahead until %d", now, e.Head().At, ahead.At)
		}
		w.must(e.Close(t.Context()))
	}
	w.Engine = w.openBy(&clock{}, &lines{}, store.Options{AcceptClockUntil: time.UnixMilli(ahead.At)})
	w.checkChain(w.Engine)
}

// On a database with a clock of its own, a replica whose clock differs sells nothing, and
// stops no other.
func testServerClock(t *testing.T, w *world) {
	w.shared()
	w.must(w.Close(t.Context()))
	right := w.openBy(newMachine(0), &lines{}, store.Options{})
	for _, by := range []time.Duration{45 * time.Minute, -45 * time.Minute, 365 * 24 * time.Hour} {
		clock := newMachine(by)
		wrong := w.openBy(clock, &lines{}, store.Options{})
		w.sells(wrong, by.String(), false)
		w.sells(right, "beside it", true)
		clock.wrong.Store(0) // it is set right: the database's clock says so
		w.eventually(wrong, false)
		w.sells(wrong, "set right", true)
		w.must(wrong.Close(t.Context()))
	}
	if off := time.Until(time.UnixMilli(right.Head().At)).Abs(); off > 10*time.Second {
		t.Errorf("the journal ends %s off", off)
	}
	fast, slow := w.openBy(newMachine(4*time.Second), &lines{}, store.Options{}), w.openBy(newMachine(-4*time.Second), &lines{}, store.Options{})
	for range 3 { // each agrees with the database's clock, and the two with each other less
		w.sells(fast, "four seconds ahead", true)
		w.sells(slow, "four seconds behind", true)
	}
	tolerant := w.openBy(newMachine(time.Minute), &lines{}, store.Options{ClockTolerance: 2 * time.Minute})
	w.sells(tolerant, "a minute, where two are permitted", true)
}
