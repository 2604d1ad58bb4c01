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

// absence stands for a column where the whole row is deleted.
const absence = "absence"

// flip changes one bit of one value in the database and returns what puts it back. The row is
// the one with this value of key.
func (w *world) flip(table, column, key string, id int64) (restore func()) {
	w.Helper()
	if column == absence {
		w.must(w.db.Write(w.Context(), func(tx *sql.Tx) error {
			_, err := tx.ExecContext(w.Context(), `DELETE FROM `+table+` WHERE `+key+` = $1`, id)
			return err
		}))
		w.settle()
		return nil
	}
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
	defer w.settle()
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
	for _, table := range []string{"run_data", "run_guide"} {
		if left := w.ids(`SELECT DISTINCT id / 16777216 FROM ` + table + ` WHERE id / 16777216 NOT IN (SELECT id FROM run_meta)`); len(left) > 0 {
			t.Errorf("%s has pieces of the runs %v, which are not there", table, left)
		}
	}
	w.checkAccounts(e)
}

// settle has connections that read in one long transaction begin another.
func (w *world) settle() {
	w.Helper()
	if s, ok := w.db.(interface{ Scrub(context.Context) error }); ok {
		w.must(s.Scrub(w.Context()))
	}
}

// checkRuns sees that every run is whole, and that every record of it is found.
func (w *world) checkRuns() {
	w.Helper()
	w.must(w.db.Read(w.Context(), func(tx *sql.Tx) error {
		runs, faults, err := store.StoredRuns(w.Context(), tx)
		for _, fault := range faults {
			w.Error(fault)
		}
		for _, run := range runs {
			fault, err := run.Records(w.Context(), tx, func(chunk int, body []byte) {
				if !run.Leads(store.Key16(body[:16]), chunk) {
					w.Errorf("nothing leads to a record of chunk %d", chunk)
				}
			})
			if err != nil || fault != "" {
				return errors.Join(err, errors.New(fault))
			}
		}
		return err
	}))
}

// testDamagedRuns flips a bit in each column of every kind of row that is derived from the
// journal, and deletes rows, while nobody uses the database and while an engine does. Each time everything is
// answered as before, and the rows are made again.
func testDamagedRuns(t *testing.T, w *world) {
	calm := store.Options{Tail: 1000, Fanout: 2}
	var known []*core.Fund
	fills := 0
	fill := func(e *store.Engine, n uint64) {
		fills++
		for i := range n {
			known = append(known, w.fund(i, 1000))
			w.do(e, known[len(known)-1])
		}
		_, err := w.buy(e, 1, fmt.Sprint("song", len(known)), 5)
		w.must(err)
		w.must(e.Flush(t.Context()))
	}
	w.reopen(calm)
	for _, n := range []uint64{40, 20, 10} { // a merged run of each kind, and a new one
		fill(w.Engine, n)
	}
	w.must(w.Close(t.Context()))
	check := func(w *world, e *store.Engine) {
		w.Helper()
		for i := 0; i < len(known); i += 9 {
			if out := w.do(e, known[i]); !out.Replayed {
				w.Fatalf("command %d was done again", i)
			}
		}
		if again, err := w.buy(e, 1, "song40", 5); err != nil || again.Entry.Kind != journal.Covered {
			w.Errorf("what is owned was charged again: %v", err)
		}
		if found, err := e.Find(w.Context(), journal.TermAccount(payer(5)), func(e *journal.Entry) bool { return e.Kind == journal.Funded }, 0, 1000); err != nil || len(found) != fills {
			w.Errorf("found %d entries of %d: %v", len(found), fills, err)
		}
		w.checkAccounts(e)
	}
	type row struct {
		table, column string
		id            int64
	}
	var rows []row
	for _, table := range []string{"run_meta", "run_data", "run_guide"} {
		columns := []string{"id", "body"}
		if table == "run_meta" {
			columns = []string{"id", "kind", "level", "first_seq", "last_seq", "count", "chunks", "pieces", "salt", "checksum"}
		}
		ids := w.ids(`SELECT id FROM ` + table + ` ORDER BY id`)
		if len(ids) < 4 {
			t.Fatalf("%s has %d rows", table, len(ids))
		}
		for _, column := range columns {
			few := len(ids)
			if table == "run_meta" {
				few = 2 // one of each kind
			}
			for i := range few {
				rows = append(rows, row{table, column, int64(i)})
			}
		}
	}
	for _, table := range []string{"run_meta", "run_data", "run_guide"} {
		for i := range int64(4) {
			rows = append(rows, row{table, absence, i})
		}
	}
	for _, row := range rows {
		t.Run(fmt.Sprintf("%s of row %d of %s", row.column, row.id, row.table), func(t *testing.T) {
			w := *w
			w.T = t
			// The rows are other ones each time, as they were made again the last time.
			ids := w.ids(`SELECT id FROM ` + row.table + ` ORDER BY id`)
			w.flip(row.table, row.column, "id", ids[row.id%int64(len(ids))])
			e := w.openOn(w.db, calm)
			check(&w, e)
			w.must(e.Flush(t.Context()))
			w.checkRuns()
			if row.table != "run_data" { // the rest is in memory while an engine has it
				return
			}
			ids = w.ids(`SELECT id FROM ` + row.table + ` ORDER BY id`)
			w.flip(row.table, row.column, "id", ids[row.id%int64(len(ids))])
			check(&w, e)
			w.must(e.Close(t.Context()))
			e = w.openOn(w.db, calm)
			check(&w, e)
			w.must(e.Flush(t.Context()))
			w.checkRuns()
			fill(e, 20)
		})
	}
}
