package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// reload brings the runs up to date; written are some that this process wrote itself.
func (x *index) reload(ctx context.Context, written ...*run) error {
	runs, err := x.published(ctx, written)
	if err == nil {
		x.install(runs)
	}
	return err
}

// restart forgets the tails and takes the runs as the database has them. One that lost its
// power may have fewer than before.
func (x *index) restart(ctx context.Context) error {
	runs, err := x.published(ctx, nil)
	if err == nil {
		x.startFrom(runs)
	}
	return err
}

// published reads which runs there are, and the filters of those that are new to this
// process.
func (x *index) published(ctx context.Context, written []*run) ([]*run, error) {
	rows, err := x.db.SQL().QueryContext(ctx, `SELECT id, kind, level, first_seq, last_seq, count FROM sorted_run ORDER BY first_seq DESC, last_seq DESC`)
	if err != nil {
		return nil, fmt.Errorf("read runs: %w", err)
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
			return nil, fmt.Errorf("read runs: %w", err)
		}
		if k := known[r.id]; k != nil && k.kind == r.kind && k.first == r.first && k.last == r.last && k.count == r.count {
			r = k
		}
		runs = append(runs, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read runs: %w", err)
	}
	for _, r := range runs {
		if known[r.id] != r {
			if err := x.loadGuide(ctx, r); err != nil {
				return nil, err
			}
		}
	}
	return runs, nil
}

// A piece of a run's guide is a part of its filter or of its fences; the first byte
// says which.
const (
	filterPiece = 'f'
	fencePiece  = 'k'
)

// loadGuide reads what is kept in memory of a run.
func (x *index) loadGuide(ctx context.Context, r *run) error {
	rows, err := x.db.SQL().QueryContext(ctx, `SELECT body FROM run_guide WHERE id >= $1 AND id < $2 ORDER BY id`, rowID(r.id, 0), rowID(r.id+1, 0))
	if err != nil {
		return fmt.Errorf("read guide: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var body []byte
		if err := rows.Scan(&body); err != nil {
			return fmt.Errorf("read guide: %w", err)
		}
		if err := r.addPiece(body); err != nil {
			return fmt.Errorf("run %d: %w", r.id, err)
		}
	}
	return rows.Err()
}

func (r *run) addPiece(body []byte) error {
	if len(body) == 0 {
		return errFilter
	}
	if body[0] == fencePiece {
		for rest := body[1:]; len(rest) >= 16; rest = rest[16:] {
			r.fences = append(r.fences, Key16(rest[:16]))
		}
		return nil
	}
	part, err := decodeFilter(body[1:])
	r.filters = append(r.filters, part)
	return err
}

// The bounds of one statement, of one transaction behind (writing yields to appends
// after each), and of one piece of fences.
const (
	rowsPerStatement = 32
	rowsPerSlice     = 96
	fencesPerPiece   = 4096
)

// runWriter writes a new run in slices, and never holds more than one in memory.
type runWriter struct {
	db      Database
	run     *run
	chunk   chunkBuilder
	pending [][]byte // full chunks, not written yet
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

func (w *runWriter) takeChunk() {
	first, body := w.chunk.take()
	w.run.fences = append(w.run.fences, first)
	w.pending = append(w.pending, body)
}

func (w *runWriter) writePending(ctx context.Context) error {
	number := len(w.run.fences) - len(w.pending)
	err := w.db.WriteBehind(ctx, func(tx *sql.Tx) error {
		for done := 0; done < len(w.pending); {
			n := min(rowsPerStatement, len(w.pending)-done)
			if err := insertRows(ctx, tx, "run_chunk", rowID(w.run.id, number+done), w.pending[done:done+n]); err != nil {
				return err
			}
			done += n
		}
		return nil
	})
	w.chunk.spare, w.pending = append(w.chunk.spare, w.pending...), w.pending[:0]
	return err
}

// insertRows inserts consecutive rows into run_chunk or run_guide.
func insertRows(ctx context.Context, tx *sql.Tx, table string, id int64, rows [][]byte) error {
	text := strings.Builder{}
	text.WriteString("INSERT INTO " + table + " (id, body) VALUES ")
	args := make([]any, 0, 2*len(rows))
	for i, row := range rows {
		if i > 0 {
			text.WriteByte(',')
		}
		n := len(args)
		text.WriteString("($" + strconv.Itoa(n+1) + ",$" + strconv.Itoa(n+2) + ")")
		args = append(args, id+int64(i), row)
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
	return w.writePiece(ctx, append([]byte{filterPiece}, part.encode()...))
}

func (w *runWriter) writePiece(ctx context.Context, body []byte) error {
	w.run.pieces++
	return w.db.WriteBehind(ctx, func(tx *sql.Tx) error {
		return insertRows(ctx, tx, "run_guide", rowID(w.run.id, w.run.pieces-1), [][]byte{body})
	})
}

// finish writes what is left. The run is not visible before it is published.
func (w *runWriter) finish(ctx context.Context) error {
	if len(w.chunk.body) > 0 {
		w.takeChunk()
	}
	if err := w.writePending(ctx); err != nil {
		return err
	}
	if len(w.marks) > 0 {
		if err := w.writeFilter(ctx); err != nil {
			return err
		}
	}
	for part := range slices.Chunk(w.run.fences, fencesPerPiece) {
		body := make([]byte, 1, 1+16*len(part))
		body[0] = fencePiece
		for _, key := range part {
			body = append(body, key[:]...)
		}
		if err := w.writePiece(ctx, body); err != nil {
			return err
		}
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
		if len(removed) == 0 && added[0].first != x.flushedTo()+1 { // made before a start anew: there would be a gap
			return errOvertaken
		}
		for _, r := range removed {
			if _, err := tx.ExecContext(ctx, `DELETE FROM sorted_run WHERE id = $1`, r.id); err != nil {
				return fmt.Errorf("remove run: %w", err)
			}
		}
		for _, r := range added {
			if err := x.checkWhole(ctx, tx, r); err != nil {
				return err
			}
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
	if err := x.lockRuns(ctx, tx); err != nil {
		return err
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

// lockRuns keeps other processes from publishing and deleting until tx ends.
func (x *index) lockRuns(ctx context.Context, tx *sql.Tx) error {
	if !x.db.Shared() {
		return nil
	}
	var id int64
	if err := tx.QueryRowContext(ctx, `SELECT id FROM journal_lock WHERE id = 3 FOR UPDATE`).Scan(&id); err != nil {
		return fmt.Errorf("lock runs: %w", err)
	}
	return nil
}

// checkWhole refuses to publish a run of which another process, which took this one for
// dead, has swept something away.
func (x *index) checkWhole(ctx context.Context, tx *sql.Tx, r *run) error {
	if !x.db.Shared() {
		return nil
	}
	var chunks, pieces int64
	if err := tx.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM run_chunk WHERE id >= $1 AND id < $2), (SELECT COUNT(*) FROM run_guide WHERE id >= $1 AND id < $2)`,
		rowID(r.id, 0), rowID(r.id+1, 0)).Scan(&chunks, &pieces); err != nil {
		return fmt.Errorf("check run: %w", err)
	}
	if chunks != int64(len(r.fences)) || pieces != int64(r.pieces) {
		return errOvertaken
	}
	return nil
}

// reserve returns the first of n ids that no run has ever had, as far as a reader of
// this process may remember: a chunk that was read under an id stays that chunk. Only
// the process that maintains the runs asks.
func (x *index) reserve(ctx context.Context, n int64) (int64, error) {
	var published, written int64
	err := x.db.SQL().QueryRowContext(ctx, `SELECT (SELECT COALESCE(MAX(id), 0) FROM sorted_run), (SELECT COALESCE(MAX(id), 0) FROM run_chunk)`).Scan(&published, &written)
	if err != nil {
		return 0, fmt.Errorf("number a run: %w", err)
	}
	first := max(x.reserved, published, written/chunksPerRun) + 1
	x.reserved = first + n - 1
	return first, nil
}

// sweep deletes the chunks of runs that are not published: merged away, or left by a
// process that stopped while it wrote them.
func (x *index) sweep(ctx context.Context) error {
	if _, err := x.reserve(ctx, 1); err != nil { // the ids that are swept are not given again
		return err
	}
	for _, table := range []string{"run_chunk", "run_guide"} {
		from := int64(0)
		for range maxRuns {
			var id sql.NullInt64
			if err := x.db.SQL().QueryRowContext(ctx, `SELECT MIN(id) FROM `+table+` WHERE id >= $1`, from).Scan(&id); err != nil {
				return fmt.Errorf("look for left-over runs: %w", err)
			}
			if !id.Valid {
				break
			}
			run := id.Int64 / chunksPerRun
			from = rowID(run+1, 0)
			var published int64
			if err := x.db.SQL().QueryRowContext(ctx, `SELECT COUNT(*) FROM sorted_run WHERE id = $1`, run).Scan(&published); err != nil {
				return fmt.Errorf("look for left-over runs: %w", err)
			}
			if published == 0 {
				if err := x.deleteRows(ctx, table, run); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// maxRuns bounds how many runs one sweep looks at; there are some dozens.
const maxRuns = 10_000

// rowsPerDelete bounds one transaction that deletes.
const rowsPerDelete = 512

// deleteRows deletes what a run has in a table, from its end, so that a piece that is
// left over still shows that there was a run.
func (x *index) deleteRows(ctx context.Context, table string, run int64) error {
	for {
		var last sql.NullInt64
		if err := x.db.SQL().QueryRowContext(ctx, `SELECT MAX(id) FROM `+table+` WHERE id >= $1 AND id < $2`, rowID(run, 0), rowID(run+1, 0)).Scan(&last); err != nil {
			return fmt.Errorf("find the end of run %d: %w", run, err)
		}
		if !last.Valid {
			return nil
		}
		err := x.db.WriteBehind(ctx, func(tx *sql.Tx) error {
			if err := x.lockRuns(ctx, tx); err != nil {
				return err
			}
			var published int64
			if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM sorted_run WHERE id = $1`, run).Scan(&published); err != nil {
				return err
			}
			if published != 0 {
				return errOvertaken
			}
			_, err := tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE id > $1 AND id <= $2`, max(rowID(run, 0)-1, last.Int64-rowsPerDelete), last.Int64)
			return err
		})
		if err != nil {
			return fmt.Errorf("delete run %d: %w", run, err)
		}
	}
}
