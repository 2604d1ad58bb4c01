package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// reload reads which runs there are, and the filters of those that are new to this
// process; written are runs that it wrote itself.
func (x *index) reload(ctx context.Context, written ...*run) error {
	rows, err := x.db.SQL().QueryContext(ctx, `SELECT id, kind, level, first_seq, last_seq, count FROM sorted_run ORDER BY first_seq DESC, last_seq DESC`)
	if err != nil {
		return fmt.Errorf("read runs: %w", err)
	}
	defer func() { _ = rows.Close() }()
	known := map[int64]*run{}
	for _, r := range written {
		known[r.id] = r
	}
	x.mu.RLock()
	for _, runs := range x.runs {
		for _, r := range runs {
			known[r.id] = r
		}
	}
	x.mu.RUnlock()
	var runs []*run
	for rows.Next() {
		r := &run{}
		if err := rows.Scan(&r.id, &r.kind, &r.level, &r.first, &r.last, &r.count); err != nil {
			return fmt.Errorf("read runs: %w", err)
		}
		if k := known[r.id]; k != nil {
			r = k
		}
		runs = append(runs, r)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read runs: %w", err)
	}
	for _, r := range runs {
		if known[r.id] == nil {
			if err := x.loadFilters(ctx, r); err != nil {
				return err
			}
		}
	}
	x.install(runs)
	return nil
}

func (x *index) loadFilters(ctx context.Context, r *run) error {
	rows, err := x.db.SQL().QueryContext(ctx, `SELECT first_key, body FROM run_filter WHERE run = $1 ORDER BY first_key`, r.id)
	if err != nil {
		return fmt.Errorf("read filters: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var first, body []byte
		if err := rows.Scan(&first, &body); err != nil {
			return fmt.Errorf("read filters: %w", err)
		}
		part, err := decodeFilter(Key16(first), body)
		if err != nil {
			return fmt.Errorf("run %d: %w", r.id, err)
		}
		r.filters = append(r.filters, part)
	}
	return rows.Err()
}

// The bounds of one statement and of one transaction behind: writing yields to
// appends after each.
const (
	rowsPerStatement = 32
	rowsPerSlice     = 96
)

// runWriter writes a new run in slices, and never holds more than one in memory.
type runWriter struct {
	db      Database
	run     *run
	chunk   chunkBuilder
	pending []Chunk // full chunks, not written yet
	any     bool    // a chunk was taken before
	marks   []uint64
	part    Key16 // where the filter's part begins
}

func newRunWriter(db Database, r *run) *runWriter {
	return &runWriter{db: db, run: r, chunk: chunkBuilder{kind: r.kind}}
}

// add appends a record; keys ascend.
func (w *runWriter) add(ctx context.Context, key Key16, body []byte) error {
	if !w.chunk.add(key, body) {
		w.takeChunk()
		w.chunk.add(key, body)
		if len(w.pending) >= rowsPerSlice {
			if err := w.writePending(ctx); err != nil {
				return err
			}
		}
	}
	w.run.count++
	m, known := mark(w.run.kind, key)
	if !known || (len(w.marks) > 0 && w.marks[len(w.marks)-1] == m) {
		return nil
	}
	if len(w.marks) == filterKeys {
		if err := w.writeFilter(ctx); err != nil {
			return err
		}
	}
	if len(w.marks) == 0 {
		w.part = key
		if w.run.kind == indexRun { // the part begins with the first entry of its term
			clear(w.part[8:])
		}
	}
	w.marks = append(w.marks, m)
	return nil
}

// takeChunk closes the chunk at hand. The first one begins at the lowest key, so that
// a reader who finds no chunk knows that the run is gone.
func (w *runWriter) takeChunk() {
	chunk := w.chunk.take()
	if !w.any {
		chunk.First, w.any = Key16{}, true
	}
	w.pending = append(w.pending, chunk)
}

func (w *runWriter) writePending(ctx context.Context) error {
	err := w.db.WriteBehind(ctx, func(tx *sql.Tx) error {
		for rest := w.pending; len(rest) > 0; {
			n := min(rowsPerStatement, len(rest))
			if err := insertRows(ctx, tx, "run_chunk", w.run.id, rest[:n]); err != nil {
				return err
			}
			rest = rest[n:]
		}
		return nil
	})
	w.pending = w.pending[:0]
	return err
}

// insertRows inserts rows into run_chunk or run_filter.
func insertRows(ctx context.Context, tx *sql.Tx, table string, run int64, rows []Chunk) error {
	text := strings.Builder{}
	text.WriteString("INSERT INTO " + table + " (run, first_key, body) VALUES ")
	args := make([]any, 0, 3*len(rows))
	for i, row := range rows {
		if i > 0 {
			text.WriteByte(',')
		}
		n := len(args)
		text.WriteString("($" + strconv.Itoa(n+1) + ",$" + strconv.Itoa(n+2) + ",$" + strconv.Itoa(n+3) + ")")
		args = append(args, run, row.First[:], row.Body)
	}
	if _, err := tx.ExecContext(ctx, text.String(), args...); err != nil {
		return fmt.Errorf("write %s: %w", table, err)
	}
	return nil
}

func (w *runWriter) writeFilter(ctx context.Context) error {
	part, err := newFilter(w.part, w.marks)
	if err != nil {
		return fmt.Errorf("build filter: %w", err)
	}
	w.run.filters = append(w.run.filters, part)
	w.marks = w.marks[:0]
	return w.db.WriteBehind(ctx, func(tx *sql.Tx) error {
		return insertRows(ctx, tx, "run_filter", w.run.id, []Chunk{{part.first, part.encode()}})
	})
}

// finish writes what is left. The run is not visible before it is published.
func (w *runWriter) finish(ctx context.Context) error {
	if len(w.chunk.body) > 0 || !w.any {
		w.takeChunk()
	}
	if err := w.writePending(ctx); err != nil {
		return err
	}
	if len(w.marks) > 0 {
		return w.writeFilter(ctx)
	}
	return nil
}

// errOvertaken says that somebody else published meanwhile.
var errOvertaken = errors.New("another process published runs meanwhile")

// publish makes new runs visible in place of old ones, in one transaction. It refuses
// where the runs are not those that this process knows.
func (x *index) publish(ctx context.Context, added, removed []*run) error {
	err := x.db.WriteBehind(ctx, func(tx *sql.Tx) error {
		if err := x.checkUnchanged(ctx, tx); err != nil {
			return err
		}
		for _, r := range removed {
			if _, err := tx.ExecContext(ctx, `DELETE FROM sorted_run WHERE id = $1`, r.id); err != nil {
				return fmt.Errorf("remove run: %w", err)
			}
		}
		for _, r := range added {
			if _, err := tx.ExecContext(ctx, `INSERT INTO sorted_run (id, kind, level, first_seq, last_seq, count) VALUES ($1, $2, $3, $4, $5, $6)`,
				r.id, int64(r.kind), r.level, int64(r.first), int64(r.last), r.count); err != nil {
				return fmt.Errorf("add run: %w", err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return x.reload(ctx, added...)
}

// checkUnchanged locks the runs against other publishers and compares them with what
// this process knows.
func (x *index) checkUnchanged(ctx context.Context, tx *sql.Tx) error {
	if x.db.Shared() {
		var id int64
		if err := tx.QueryRowContext(ctx, `SELECT id FROM journal_lock WHERE id = 3 FOR UPDATE`).Scan(&id); err != nil {
			return fmt.Errorf("lock runs: %w", err)
		}
	}
	var count, sum int64
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(*), COALESCE(SUM(id), 0) FROM sorted_run`).Scan(&count, &sum); err != nil {
		return fmt.Errorf("check runs: %w", err)
	}
	x.mu.RLock()
	defer x.mu.RUnlock()
	for _, runs := range x.runs {
		for _, r := range runs {
			count--
			sum -= r.id
		}
	}
	if count != 0 || sum != 0 {
		return errOvertaken
	}
	return nil
}

// nextID returns an id that no run has had whose chunks are still there. Only the
// process that maintains the runs asks.
func (x *index) nextID(ctx context.Context) (int64, error) {
	var published, written int64
	err := x.db.SQL().QueryRowContext(ctx, `SELECT (SELECT COALESCE(MAX(id), 0) FROM sorted_run), (SELECT COALESCE(MAX(run), 0) FROM run_chunk)`).Scan(&published, &written)
	if err != nil {
		return 0, fmt.Errorf("number a run: %w", err)
	}
	return max(published, written) + 1, nil
}

// sweep deletes the chunks of runs that are not published: merged away, or left by a
// process that stopped while it wrote them.
func (x *index) sweep(ctx context.Context) error {
	for _, table := range []string{"run_chunk", "run_filter"} {
		after := int64(0)
		for range maxRuns {
			var id sql.NullInt64
			if err := x.db.SQL().QueryRowContext(ctx, `SELECT MIN(run) FROM `+table+` WHERE run > $1`, after).Scan(&id); err != nil {
				return fmt.Errorf("look for left-over runs: %w", err)
			}
			if !id.Valid {
				break
			}
			after = id.Int64
			var published int64
			if err := x.db.SQL().QueryRowContext(ctx, `SELECT COUNT(*) FROM sorted_run WHERE id = $1`, after).Scan(&published); err != nil {
				return fmt.Errorf("look for left-over runs: %w", err)
			}
			if published == 0 {
				if err := x.deleteRows(ctx, table, after); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// maxRuns bounds how many runs one sweep looks at; there are some dozens.
const maxRuns = 10_000

func (x *index) deleteRows(ctx context.Context, table string, id int64) error {
	for {
		deleted := int64(0)
		err := x.db.WriteBehind(ctx, func(tx *sql.Tx) error {
			result, err := tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE run = $1 AND first_key IN (SELECT first_key FROM `+table+` WHERE run = $1 ORDER BY first_key LIMIT 256)`, id)
			if err != nil {
				return fmt.Errorf("delete from %s: %w", table, err)
			}
			deleted, err = result.RowsAffected()
			return err
		})
		if err != nil || deleted == 0 {
			return err
		}
	}
}
