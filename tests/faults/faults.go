// Package faults has a database fail where a test wants it to: a write that is not done, or
// one of which nobody is told whether it was.
package faults

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

// Fault is how a write fails.
type Fault int

// The faults.
const (
	NotDone    Fault = iota // nothing was written
	Unanswered              // everything was written, and nobody is told
	Vanished                // nothing was written, and nobody is told either
)

// Faults lists all of them.
func Faults() []Fault { return []Fault{NotDone, Unanswered, Vanished} }

// String says what a fault is.
func (f Fault) String() string {
	return [...]string{"not done", "done but unanswered", "not done and unanswered"}[f]
}

// Code is what callers are answered while writes fail like this.
func (f Fault) Code() token.Code {
	if f == NotDone {
		return token.CodeUnavailable
	}
	return token.CodeCommitUnknown
}

// ErrInjected is in the chain of every error that is made here.
var ErrInjected = errors.New("a fault that a test made")

// Tables is a database whose writes fail when they are told to.
type Tables struct {
	store.Tables

	mu     sync.Mutex
	writes int // since Fail or Mend
	at     int // the first write that fails; 0 for none
	count  int // how many fail
	fault  Fault

	each bool // each write fails twice
	turn int  // 1: not done, 2: unanswered, 0: works
}

// Wrap returns a database that works until Fail is called.
func Wrap(tables store.Tables) *Tables { return &Tables{Tables: tables} }

// Fail has the nth write from now on fail (1 is the next), and count-1 after it.
func (t *Tables) Fail(nth, count int, fault Fault) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.writes, t.at, t.count, t.fault = 0, nth, count, fault
}

// FailEach has each write fail twice, for callers who try again: it is not done, then it is
// done and not answered, and then it works. One that is refused begins anew.
func (t *Tables) FailEach() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.each, t.turn = true, 0
}

// next returns how this write fails, if it does.
func (t *Tables) next() (Fault, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.writes++
	if t.each {
		t.turn = (t.turn + 1) % 3
		return Fault(t.turn - 1), t.turn > 0
	}
	return t.fault, t.at > 0 && t.writes >= t.at && t.writes < t.at+t.count
}

func (t *Tables) refused() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.turn = 0
}

// Mend has all writes work again, and returns how many there were since Fail.
func (t *Tables) Mend() (writes int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	writes, t.writes, t.at, t.each = t.writes, 0, 0, false
	return writes
}

// Write implements store.Tables.
func (t *Tables) Write(ctx context.Context, change func(tx *sql.Tx) error) error {
	fault, fails := t.next()
	if fails && fault == NotDone {
		return ErrInjected
	}
	if fails && fault == Vanished {
		return errors.Join(store.ErrCommitUnknown, ErrInjected)
	}
	err := t.Tables.Write(ctx, change)
	if err != nil {
		t.refused()
		return err
	}
	if fails {
		return errors.Join(store.ErrCommitUnknown, ErrInjected)
	}
	return nil
}

// Scrub passes on to databases that can.
func (t *Tables) Scrub(ctx context.Context) error {
	if files, ok := t.Tables.(interface{ Scrub(context.Context) error }); ok {
		return files.Scrub(ctx)
	}
	return nil
}
