package storetest

import (
	"context"
	"database/sql"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

// soon bounds what a test waits for.
const soon = 20 * time.Second

// until waits until something holds.
func (w *world) until(what string, holds func() bool) {
	w.Helper()
	deadline, again := time.After(soon), time.NewTicker(5*time.Millisecond)
	defer again.Stop()
	for !holds() {
		select {
		case <-again.C:
		case <-deadline:
			w.Fatalf("%s: not in time", what)
		}
	}
}

// late needs one more account once another account has money, so that it is put off to the
// next batch where that happens in its own.
type late struct {
	*core.Fund
	trigger, more token.AccountID
}

func (c *late) Need(s *core.State, f *core.Facts) {
	c.Fund.Need(s, f)
	f.Accounts = append(f.Accounts, c.trigger)
	if a := s.Accounts[c.trigger]; a != nil && a.Wallet(token.MustCurrency("USD"), token.PurchasedClass) != nil {
		f.Accounts = append(f.Accounts, c.more)
	}
}

// testPutOff has a batch land without its answer while one of its commands was put off: that
// one has not run, and is not answered as if it had.
func testPutOff(t *testing.T, w *world) {
	held, goOn := make(chan struct{}), make(chan struct{})
	f := &faulty{Database: w.db, after: func(call int64) error {
		switch call {
		case 1: // keeps the batch goroutine while the next batch gathers
			close(held)
			<-goOn
		case 2:
			return errors.New("the connection broke")
		}
		return nil
	}}
	e := w.openOn(f, store.Options{})
	answers := make(chan error, 3)
	begin := func(cmd core.Command) {
		go func() {
			out, err := e.Do(t.Context(), cmd)
			if err == nil && out.Entry == nil {
				err = errors.New("answered as done, without what was done")
			}
			answers <- err
		}()
	}
	begin(w.fund(1, 100))
	<-held
	begin(w.fund(2, 100))
	w.until("the first is queued", func() bool { return e.Stats().Queue == 1 })
	begin(&late{Fund: w.fund(3, 100), trigger: payer(2), more: payer(4)})
	w.until("the second is queued", func() bool { return e.Stats().Queue == 2 })
	close(goOn)
	for range 3 {
		w.must(<-answers)
	}
	for n := range uint64(3) {
		if got := w.balance(e, n+1); got != 1_000_000 {
			t.Errorf("wallet %d has %d", n+1, got)
		}
	}
	w.checkAccounts(e)
}

// cutJournal takes the last blocks away, and what was derived, as a standby does that takes
// over without having received them.
func (w *world) cutJournal(after uint64) {
	w.Helper()
	w.must(w.db.Write(w.Context(), func(tx *sql.Tx) error {
		for _, table := range []string{"run_meta", "run_data", "run_guide"} {
			if _, err := tx.ExecContext(w.Context(), `DELETE FROM `+table); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(w.Context(), `DELETE FROM block WHERE first > $1`, int64(after))
		return err
	}))
}

// testShorterJournal takes the end of the journal away from a running engine. It goes on
// behind what is there, and answers nothing from what it knew: whether it is noticed by a
// look, by what is asked for again, or by nothing but the append itself.
func testShorterJournal(t *testing.T, w *world) {
	for _, c := range []struct{ flushed, appends bool }{{false, false}, {true, false}, {false, true}, {true, true}} {
		start := w.Head().Seq
		var commands []*core.Fund
		for n := range uint64(5) {
			commands = append(commands, w.fund(n, 100))
			w.do(w.Engine, commands[n])
		}
		if c.flushed {
			w.must(w.Flush(t.Context()))
		}
		w.cutJournal(start + 3)
		end := start + 3
		switch {
		case c.appends: // of an account of which nothing was lost
			end++
			if out := w.do(w.Engine, w.fund(2, 100)); out.Entry.Seq != end {
				t.Errorf("behind entry %d, entry %d was appended", end-1, out.Entry.Seq)
			}
		case w.db.Shared(): // else it is noticed by what is asked for again
			w.until("looks see what is there", func() bool { return w.Head().Seq == end || w.balance(w.Engine, 4) < 0 })
		}
		again := w.do(w.Engine, commands[4])
		if w.Replacements() == 0 {
			t.Error("that the journal was replaced is not counted")
		}
		if again.Replayed || again.Entry.Seq != end+1 {
			t.Errorf("what was lost is answered with %+v", again)
		}
		if first := w.do(w.Engine, commands[0]); !first.Replayed {
			t.Error("what is there was done again")
		}
		w.checkAccounts(w.Engine)
		w.reopen(store.Options{})
		w.checkAccounts(w.Engine)
	}
}

// testOtherEnd replaces the end of the journal by another one.
func testOtherEnd(t *testing.T, w *world) {
	for n := range uint64(5) {
		w.do(w.Engine, w.fund(n, 100))
	}
	lost := w.fund(1, 100)
	w.do(w.Engine, lost)
	old := w.Head()
	w.cutJournal(5)
	head := w.blockHead(5)
	none := func([]*journal.Block) error { return nil }
	w.must(w.db.Append(t.Context(), head, none, func() (*journal.Block, error) {
		return journal.Seal(head, head.At+1, []*journal.Entry{w.foreignEntry()})
	}))
	if got := w.blockHead(6); got.Seq != old.Seq || got.Hash == old.Hash {
		t.Fatalf("the journal ends with %d: the test is not what it was", got.Seq)
	}
	if again := w.do(w.Engine, lost); again.Replayed || again.Entry.Seq != 7 {
		t.Errorf("what was lost is answered with %+v", again)
	}
	w.checkAccounts(w.Engine)
}

// foreignEntry is one that the engine does not know.
func (w *world) foreignEntry() *journal.Entry {
	fund := w.fund(9, 100).Fund
	return &journal.Entry{Kind: journal.Funded, Account: payer(9), Key: journal.FundKey(payer(9), &fund), Fund: &fund}
}

// blockHead returns the head of the block that holds an entry.
func (w *world) blockHead(seq uint64) journal.Head {
	w.Helper()
	blocks, err := w.db.BlocksOf(w.Context(), []uint64{seq})
	w.must(err)
	return blocks[0].Head()
}

// testOtherJournal puts nothing, or a journal with another beginning, in the place of the
// journal. Nothing is appended to it.
func testOtherJournal(t *testing.T, w *world) {
	e, err := store.OpenEngine(t.Context(), w.db, w.clock, discard, store.Options{})
	w.must(err)
	t.Cleanup(func() { _ = e.Close(context.Background()) }) // it has nowhere to write to
	for n := range uint64(3) {
		w.do(e, w.fund(n, 100))
	}
	w.cutJournal(0)
	for range 3 {
		if out, err := e.Do(t.Context(), w.fund(1, 100)); token.CodeOf(err) != token.CodeUnavailable {
			t.Fatalf("%+v, %v: sold on in an empty database", out, err)
		}
	}
	if problems := e.Problems(); len(problems) != 1 || problems[0].Code != store.ProblemReplaced {
		t.Errorf("problems are %+v", problems)
	}
	blocks, err := w.db.BlocksAfter(t.Context(), 0, 10)
	w.must(err)
	if len(blocks) != 0 {
		t.Errorf("%d blocks were appended", len(blocks))
	}
}

// testProbe has appending fail for a while, and come back while nobody asks for anything, or
// only looks, as workers do all the time: the problem is told, and taken back.
func testProbe(t *testing.T, w *world) {
	var full atomic.Bool
	f := &faulty{Database: w.db, before: func(int64) error {
		if full.Load() {
			return errors.New("the disk is full")
		}
		return nil
	}}
	e := w.openOn(f, store.Options{})
	w.do(e, w.fund(1, 100))
	for _, asked := range []func(){func() {}, func() { w.balance(e, 1) }} {
		full.Store(true)
		if _, err := e.Do(t.Context(), w.fund(1, 100)); token.CodeOf(err) != token.CodeUnavailable {
			t.Errorf("with a full disk: %v", err)
		}
		if problems := e.Problems(); len(problems) != 1 || problems[0].Code != store.ProblemAppend {
			t.Errorf("problems with a full disk: %+v", problems)
		}
		full.Store(false)
		w.until("the problem is taken back", func() bool { asked(); return len(e.Problems()) == 0 })
		w.do(e, w.fund(1, 100))
	}
	// What somebody else notes outlasts that.
	e.SetProblem(store.ProblemReplaced, "the head outside says so")
	full.Store(true)
	if _, err := e.Do(t.Context(), w.fund(1, 100)); err == nil {
		t.Error("a full disk took something")
	}
	full.Store(false)
	w.until("the engine's own problem is taken back", func() bool { return len(e.Problems()) < 2 })
	w.do(e, w.fund(1, 100))
	if problems := e.Problems(); len(problems) != 1 || problems[0].Code != store.ProblemReplaced {
		t.Errorf("problems: %+v", problems)
	}
	e.ClearProblem(store.ProblemReplaced)
}

// testWaitingCommit holds a commit up. Its caller is answered, those behind it too, and
// looks as of what is confirmed; a stop does not wait for it for ever.
func testWaitingCommit(t *testing.T, w *world) {
	held, goOn := make(chan struct{}), make(chan struct{})
	f := &faulty{Database: w.db, after: func(call int64) error {
		if call == 2 {
			close(held)
			<-goOn
		}
		return nil
	}}
	e := w.openOn(f, store.Options{Moment: 20 * time.Millisecond, Answer: 200 * time.Millisecond})
	w.do(e, w.fund(1, 100))
	order := w.order("song", 10)
	waiting := make(chan error, 1)
	go func() { _, err := e.Do(t.Context(), order); waiting <- err }()
	<-held
	behind := w.fund(1, 100)
	if _, err := e.Do(t.Context(), behind); token.CodeOf(err) != token.CodeUnavailable {
		t.Errorf("behind a commit that waits: %v", err)
	}
	if err := <-waiting; token.CodeOf(err) != token.CodeCommitUnknown {
		t.Errorf("whose commit waits: %v", err)
	}
	if got := w.balance(e, 1); got != 1_000_000 {
		t.Errorf("balance %d", got)
	}
	if _, err := e.Order(t.Context(), order.ID); token.CodeOf(err) != token.CodeNotFound {
		t.Errorf("the order whose commit waits is shown: %v", err)
	}
	found, err := e.Find(t.Context(), journal.TermAccount(payer(1)), nil, 0, 10)
	if err != nil || len(found) != 1 {
		t.Errorf("found %d, %v", len(found), err)
	}
	if problems := e.Problems(); len(problems) != 1 || problems[0].Code != store.ProblemCommit {
		t.Errorf("problems are %+v", problems)
	}
	close(goOn)
	w.until("all is well", func() bool { return len(e.Problems()) == 0 })
	if _, err := e.Order(t.Context(), order.ID); err != nil {
		t.Errorf("the order, once committed: %v", err)
	}
	if out := w.do(e, order); !out.Replayed {
		t.Error("the order was opened twice")
	}
	if got := w.balance(e, 1); got != 1_000_000 { // what was given up was not run
		t.Errorf("balance %d", got)
	}
	if out := w.do(e, behind); out.Replayed {
		t.Error("a command that was answered as not begun was done")
	}
	w.checkAccounts(e)
}

// testStopWhileWaiting stops an engine whose commit waits.
func testStopWhileWaiting(t *testing.T, w *world) {
	held, goOn := make(chan struct{}), make(chan struct{})
	f := &faulty{Database: w.db, after: func(call int64) error {
		close(held)
		<-goOn
		return nil
	}}
	e, err := store.OpenEngine(t.Context(), f, w.clock, discard, store.Options{Moment: 20 * time.Millisecond, Answer: 100 * time.Millisecond})
	w.must(err)
	go func() { _, _ = e.Do(t.Context(), w.fund(1, 100)) }()
	<-held
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := e.Close(ctx); err == nil {
		t.Error("it says that all is written")
	}
	close(goOn)
	w.must(e.Close(t.Context()))
}
