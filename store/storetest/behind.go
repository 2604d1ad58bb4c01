package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

// RunRecovery checks that what is derived from the journal is had again after it was lost or
// damaged: the part of Run that is worth a database's start in the quick round.
func RunRecovery(t *testing.T, open func(t *testing.T) store.Database) {
	runTests(t, open, []contract{
		{"nothing is lost by an unclean stop", testUncleanStop},
		{"runs that the database lost are written again", testLostRuns},
		{"runs that are lost under a server are made again at once", testRunsLostMeanwhile},
		{"lost runs are made again in little memory", testRemaking},
	})
}

// locked is a database to which nothing can be written behind while somebody else holds a
// lock.
type locked struct {
	store.Database
	held    atomic.Bool
	arrived chan struct{} // is told who waits for the lock, where there is room; nil: nobody
}

func (l *locked) WriteBehind(ctx context.Context, work func(tx *sql.Tx) error) error {
	if l.held.Load() {
		select {
		case l.arrived <- struct{}{}:
		default:
		}
		<-ctx.Done()
		return fmt.Errorf("a lock is held: %w", ctx.Err())
	}
	return l.Database.WriteBehind(ctx, work)
}

// Impatient are options under which a lock that is held is noticed, and that it has gone,
// within a blink.
var Impatient = store.Options{Tail: 16, Fanout: 2, Accounts: 8, Orders: 4, Batch: 8, Retry: 5 * time.Millisecond, Patience: 100 * time.Millisecond}

// bound is how long a test waits for what is to happen soon.
const bound = 20 * time.Second

func testLockedBehind(t *testing.T, w *world) {
	l := &locked{Database: w.db}
	e := w.openOn(l, Impatient)
	CheckBehind(t, e, w.clock, func() func() {
		l.held.Store(true)
		return func() { l.held.Store(false) }
	})
	w.checkAccounts(e)
}

// CheckBehind sells while somebody holds a lock that keeps e, opened with Impatient, from
// writing behind: sales go on until too much waits, nobody waits for long, the operator is
// told, reads go on; and when the lock is let go, all is well again by itself.
func CheckBehind(t *testing.T, e *store.Engine, clock token.Clock, hold func() (release func())) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), bound)
	defer stop()
	serial := uint64(0)
	sell := func() error {
		serial++
		cmd := allow(serial%50, token.NewID[token.AllowanceKind](token.NewMaker(clock, nil)), clock.Now().Add(time.Hour).UnixMilli())
		asked := time.Now()
		_, err := e.Do(ctx, cmd)
		if took := time.Since(asked); took > bound/2 {
			t.Fatalf("a command waited for %v", took)
		}
		return err
	}
	release := hold()
	sold := 0
	for sell() == nil {
		if sold++; sold > 10_000 {
			t.Fatal("sold on and on, and kept all of it in memory")
		}
	}
	if sold < 100 {
		t.Errorf("sold %d while nothing could be written behind", sold)
	}
	if err := sell(); token.CodeOf(err) != token.CodeUnavailable {
		t.Errorf("refused with %v", err)
	}
	if _, err := e.Account(ctx, payer(1)); err != nil {
		t.Errorf("reads do not go on: %v", err)
	}
	told := func(p store.Problem) bool { return p.Code == store.ProblemBehind }
	if problems := e.Problems(); !slices.ContainsFunc(problems, told) {
		t.Errorf("problems: %+v", problems)
	}
	release()
	for slices.ContainsFunc(e.Problems(), told) {
		if ctx.Err() != nil {
			t.Fatalf("the lock was let go, and there are still %+v", e.Problems())
		}
		time.Sleep(time.Millisecond)
	}
	for sell() != nil {
		if ctx.Err() != nil {
			t.Fatal("nothing is sold after the lock was let go")
		}
	}
	for e.Stats().Tail > 4*Impatient.Tail {
		if ctx.Err() != nil {
			t.Fatalf("%d entries are still in memory", e.Stats().Tail)
		}
		time.Sleep(time.Millisecond)
	}
}

// lose deletes the runs after some entry, with all that belongs to them, as a database does
// that lost its end in a crash.
func (w *world) lose(after uint64) {
	w.Helper()
	w.must(w.db.Write(w.Context(), func(tx *sql.Tx) error {
		for _, statement := range []string{
			`DELETE FROM run_data WHERE id / 16777216 IN (SELECT id FROM run_meta WHERE last_seq > $1)`,
			`DELETE FROM run_guide WHERE id / 16777216 IN (SELECT id FROM run_meta WHERE last_seq > $1)`,
			`DELETE FROM run_meta WHERE last_seq > $1`,
		} {
			if _, err := tx.ExecContext(w.Context(), statement, int64(after)); err != nil {
				return err
			}
		}
		return nil
	}))
	w.settle()
}

// testRunsLostMeanwhile takes runs away under an engine that has nothing in memory. It is
// noticed by whoever looks into one of them, or by what writes the next ones.
func testRunsLostMeanwhile(t *testing.T, w *world) {
	w.reopen(store.Options{Tail: 1000, Accounts: 1, Orders: 1})
	var known []*core.Fund
	for round := range uint64(4) {
		for n := range uint64(30) {
			known = append(known, w.fund(n, 100))
			w.do(w.Engine, known[len(known)-1])
		}
		w.must(w.Flush(t.Context()))
		w.lose(31 * round) // all but some of the rounds before
		if round%2 == 1 {
			w.do(w.Engine, w.fund(900+round, 100)) // of whom the filters know nothing
			w.must(w.Flush(t.Context()))
		}
		for i := 0; i < len(known); i += 10 {
			if out := w.do(w.Engine, known[i]); !out.Replayed {
				t.Fatalf("command %d was done again", i)
			}
		}
		w.checkAccounts(w.Engine)
	}
	w.must(w.Flush(t.Context()))
	w.checkRuns()
}

// watched is a database that tells how much an engine has in memory whenever it reads the
// journal.
type watched struct {
	store.Database
	cut atomic.Int64 // so many more transactions are written behind before the next fails
}

func (c *watched) WriteBehind(ctx context.Context, work func(tx *sql.Tx) error) error {
	if c.cut.Add(-1) == 0 {
		return fmt.Errorf("cut off")
	}
	return c.Database.WriteBehind(ctx, work)
}

// testRemaking loses all runs of a journal of many tails, and has them made again by starts
// that are interrupted: each goes on where the last one ended.
func testRemaking(t *testing.T, w *world) {
	const entries, accounts = 1500, 300
	commands := make([]*core.Fund, entries)
	for i := range commands {
		commands[i] = w.fund(uint64(i)%accounts, 100)
	}
	var next atomic.Int64
	w.must(each(64, func() error {
		for i := next.Add(1) - 1; i < entries; i = next.Add(1) - 1 {
			if _, err := w.Do(t.Context(), commands[i]); err != nil {
				return err
			}
		}
		return nil
	}))
	w.must(w.Close(t.Context()))
	w.lose(0)
	options := store.Options{Tail: 32, Fanout: 3, Accounts: 8, Orders: 2}
	flushed := func() int64 { return w.ids(`SELECT COALESCE(MAX(last_seq), 0) FROM run_meta`)[0] }
	last := int64(0)
	for cut := range 3 {
		db := &watched{Database: w.db}
		db.cut.Store(60)
		if e, err := store.OpenEngine(t.Context(), db, w.clock, slog.New(slog.DiscardHandler), options); err == nil {
			_ = e.Close(context.Background())
			t.Fatal("the start was not cut off")
		}
		now := flushed()
		if now <= last {
			t.Fatalf("start %d came to entry %d, the one before to %d", cut, now, last)
		}
		last = now
	}
	e := w.openOn(w.db, options)
	if s := e.Stats(); s.Tail > 4*options.Tail+64 || s.Accounts > 4*options.Tail+64+options.Accounts {
		t.Errorf("%d entries and %d accounts are in memory", s.Tail, s.Accounts)
	}
	if problems := e.Problems(); len(problems) > 0 {
		t.Errorf("problems: %+v", problems)
	}
	w.checkAccounts(e)
	for i := 0; i < entries; i += 100 {
		if out := w.do(e, commands[i]); !out.Replayed {
			t.Errorf("command %d was done again", i)
		}
	}
	w.must(e.Flush(t.Context()))
	w.checkRuns()
}

// testBehindACommit has a replica write behind while its own commit is not answered. It needs
// the state for that, and cannot have it; another one is not kept waiting meanwhile.
func testBehindACommit(t *testing.T, w *world) {
	w.shared()
	held, goOn := make(chan struct{}), make(chan struct{})
	f := &faulty{Database: w.db, after: func(call int64) error {
		if call == 2 {
			close(held)
			<-goOn
		}
		return nil
	}}
	stalled := w.openOn(f, store.Options{Tail: 1000, Retry: time.Hour, Patience: 100 * time.Millisecond})
	answer := sync.OnceFunc(func() { close(goOn) })
	t.Cleanup(answer)
	w.do(stalled, w.fund(1, 100))
	waiting := make(chan error, 2)
	waited := w.fund(1, 100)
	go func() {
		_, err := stalled.Do(context.Background(), waited)
		waiting <- err
	}()
	<-held
	flushed := make(chan error, 1)
	go func() { flushed <- stalled.Flush(context.Background()) }()
	w.until("it holds the lock", func() bool {
		mine, err := w.db.Maintain(t.Context(), func(context.Context) error { return nil })
		return err == nil && !mine || len(flushed) > 0
	})
	other := w.open(store.Options{Tail: 2, Patience: soon})
	for range 20 {
		w.do(other, w.fund(2, 100))
	}
	began := time.Now()
	w.must(other.Flush(t.Context()))
	if took := time.Since(began); took > soon/2 {
		t.Errorf("another replica waited for %v", took)
	}
	if other.Stats().Tail > 0 {
		t.Errorf("another replica could not write behind: %+v", other.Stats())
	}
	answer()
	w.must(<-waiting)
	<-flushed // failed, or not
	w.must(stalled.Flush(t.Context()))
	w.checkAccounts(stalled)
}
