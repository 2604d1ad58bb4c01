package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

// flip changes one bit of one value in the database and returns what puts it back. The row is
// the one with this value of key.
func (w *world) flip(table, column, key string, id int64) (restore func()) {
	w.Helper()
	write := func(value any, at int64) {
		w.Helper()
		w.must(w.db.Write(w.Context(), func(tx *sql.Tx) error {
			result, err := tx.ExecContext(w.Context(), `UPDATE `+table+` SET `+column+` = $1 WHERE `+key+` = $2`, value, at)
			if err != nil {
				return err
			}
			if n, err := result.RowsAffected(); err != nil || n != 1 {
				return fmt.Errorf("%d rows changed, %v", n, err)
			}
			return nil
		}))
	}
	var value any
	w.must(w.db.SQL().QueryRowContext(w.Context(), `SELECT `+column+` FROM `+table+` WHERE `+key+` = $1`, id).Scan(&value))
	switch old := value.(type) {
	case int64:
		changed, at := old^1<<20, id
		write(changed, id)
		if column == key {
			at = changed
		}
		return func() { write(old, at) }
	case []byte:
		changed := slices.Clone(old)
		changed[len(changed)/2] ^= 1 << 3
		write(changed, id)
		return func() { write(old, id) }
	default:
		w.Fatalf("%s.%s is a %T", table, column, value)
		return nil
	}
}

// ids lists the numbers in a column.
func (w *world) ids(query string) (out []int64) {
	w.Helper()
	rows, err := w.db.SQL().QueryContext(w.Context(), query)
	w.must(err)
	defer rows.Close()
	for rows.Next() {
		var id int64
		w.must(rows.Scan(&id))
		out = append(out, id)
	}
	w.must(rows.Err())
	return out
}

// testDamagedBlock flips a bit in each column of the first, a middle and the last block.
func testDamagedBlock(t *testing.T, w *world) {
	const blocks = 9
	for n := range uint64(blocks) {
		w.do(w.Engine, w.fund(n, 100))
	}
	w.must(w.Close(t.Context()))
	for _, first := range []int64{1, 5, blocks} {
		for _, column := range []string{"first", "count", "at", "prev", "hash", "body"} {
			t.Run(fmt.Sprintf("%s of block %d", column, first), func(t *testing.T) {
				w := *w
				w.T = t
				defer w.flip("block", column, "first", first)()
				e, err := store.OpenEngine(t.Context(), w.db, w.clock, slog.New(slog.DiscardHandler), store.Options{})
				if err != nil { // the state could not be made from it
					if !strings.Contains(err.Error(), fmt.Sprint(first)) {
						t.Errorf("the error does not name the block: %v", err)
					}
					return
				}
				defer e.Close(context.Background())
				if found, err := e.Find(t.Context(), journal.TermAccount(payer(uint64(first-1))), nil, 0, 10); err == nil {
					t.Errorf("served %d entries of a block that was changed", len(found))
				}
				problems := e.Problems()
				if len(problems) != 1 || problems[0].Code != store.ProblemJournal || !strings.Contains(problems[0].Detail, fmt.Sprint(first)) {
					t.Errorf("problems: %+v", problems)
				}
				if _, err := e.Do(t.Context(), w.fund(1, 100)); token.CodeOf(err) != token.CodeUnavailable {
					t.Errorf("sold on: %v", err)
				}
				if got := w.balance(e, 3); got != 1_000_000 {
					t.Errorf("balance %d", got)
				}
				if found, err := e.Find(t.Context(), journal.TermAccount(payer(3)), nil, 0, 10); err != nil || len(found) != 1 {
					t.Errorf("of another block: %d entries, %v", len(found), err)
				}
			})
		}
	}
	w.Engine = w.open(store.Options{})
	w.checkAccounts(w.Engine)
}

// looking counts the readings of chunks.
type looking struct {
	store.Database
	chunks atomic.Int64
}

func (l *looking) Chunks(ctx context.Context, ids []int64, visit func(int, []byte) error) error {
	l.chunks.Add(1)
	return l.Database.Chunks(ctx, ids, visit)
}

// testSparseFind looks for the one entry of many that matches.
func testSparseFind(t *testing.T, w *world) {
	const entries, rare = 1500, 2
	commands := make([]*core.Fund, entries)
	for i := range commands {
		commands[i] = w.fund(1, 100)
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
	w.must(w.Close(t.Context())) // writes everything into a run
	l := &looking{Database: w.db}
	w.Engine = w.openOn(l, store.Options{})
	found, err := w.Find(t.Context(), journal.TermAccount(payer(1)), func(e *journal.Entry) bool { return e.Seq == rare }, 0, 1)
	w.must(err)
	if len(found) != 1 || found[0].Seq != rare {
		t.Fatalf("found %d entries", len(found))
	}
	if looks := l.chunks.Load(); looks > 30 {
		t.Errorf("%d looks for one of %d entries", looks, entries)
	}
	found, err = w.Find(t.Context(), journal.TermAccount(payer(1)), func(*journal.Entry) bool { return true }, 0, 3)
	w.must(err)
	if len(found) != 3 || found[0].Seq != entries {
		t.Errorf("found %d entries", len(found))
	}
}

// unwritable is a database that refuses what is written behind, from one call on.
type unwritable struct {
	store.Database
	left atomic.Int64 // so many more are written
}

func (u *unwritable) WriteBehind(ctx context.Context, work func(tx *sql.Tx) error) error {
	if u.left.Add(-1) < 0 {
		return errors.New("the disk is full")
	}
	return u.Database.WriteBehind(ctx, work)
}

// testFailingFlush has flushes fail after each of their writes.
func testFailingFlush(t *testing.T, w *world) {
	w.must(w.Close(t.Context()))
	u := &unwritable{Database: w.db}
	e := w.openOn(u, store.Options{Tail: 1000})
	for n := range uint64(40) {
		w.do(e, w.fund(n, 100))
	}
	for writes := int64(0); ; writes++ {
		u.left.Store(writes)
		if e.Flush(t.Context()) == nil {
			break
		}
		if writes > 20 {
			t.Fatal("a flush of a few entries takes more than 20 writes")
		}
	}
	u.left.Store(1000)
	w.do(e, w.fund(1, 100))
	w.must(e.Flush(t.Context()))
	for _, table := range []string{"run_chunk", "run_guide"} {
		if left := w.ids(`SELECT DISTINCT id / 16777216 FROM ` + table + ` WHERE id / 16777216 NOT IN (SELECT id FROM sorted_run)`); len(left) > 0 {
			t.Errorf("%s has pieces of the runs %v, which are not there", table, left)
		}
	}
	w.checkAccounts(e)
}
