//go:build linux

package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"sync/atomic"
	"testing"

	"farthing.dev/farthing/tests/pgtest"
)

// lasting is a context that counts what is to be called at its end.
type lasting struct {
	context.Context
	kept atomic.Int64
}

// Value hides that the context is one of the standard library's.
func (l *lasting) Value(any) any { return nil }

// AfterFunc is used by the package context.
func (l *lasting) AfterFunc(f func()) (stop func() bool) {
	l.kept.Add(1)
	stopParent := context.AfterFunc(l.Context, f)
	var once atomic.Bool
	return func() bool {
		if once.CompareAndSwap(false, true) {
			l.kept.Add(-1)
		}
		return stopParent()
	}
}

// Workers write under a context that lasts as long as the process, which grows by none of
// the writes that came to nothing.
func TestAWriteThatFailsLeavesNothingInItsContext(t *testing.T) {
	db := connect(t, pgtest.Start(t))
	own, cancel := context.WithCancel(t.Context())
	defer cancel()
	ctx := &lasting{Context: own}
	refusal := errors.New("no")
	for range 5 {
		for _, write := range []func(context.Context, func(*sql.Tx) error) error{db.Write, db.WriteBehind} {
			if err := write(ctx, func(*sql.Tx) error { return refusal }); !errors.Is(err, refusal) {
				t.Fatal(err)
			}
		}
	}
	if kept := ctx.kept.Load(); kept != 0 {
		t.Errorf("after ten writes that failed, the context keeps %d functions", kept)
	}
}
