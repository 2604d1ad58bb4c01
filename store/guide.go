package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A piece of a run's guide is a part of its filter or of its fences; the first byte
// says which.
const (
	filterPiece = 'f'
	fencePiece  = 'k'
)

// loadGuide reads what is kept in memory of a run. Where a piece is missing or damaged, the
// run has a fault: without its guide nothing would be found in it.
func loadGuide(ctx context.Context, tx *sql.Tx, r *run) error {
	rows, err := tx.QueryContext(ctx, `SELECT id, body FROM run_guide WHERE id >= $1 AND id < $2 ORDER BY id`, rowID(r.id, 0), rowID(r.id+1, 0))
	if err != nil {
		return fmt.Errorf("read guide: %w", err)
	}
	defer func() { _ = rows.Close() }()
	n := int64(0)
	for rows.Next() {
		var id int64
		var sealed []byte
		if err := rows.Scan(&id, &sealed); err != nil {
			return fmt.Errorf("read guide: %w", err)
		}
		body, err := r.unseal(guideRow, id, sealed)
		if err == nil {
			err = r.addPiece(body)
		}
		if err != nil || id != rowID(r.id, int(n)) {
			r.fault = "its guide is damaged"
			return nil
		}
		n++
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read guide: %w", err)
	}
	if n != r.pieces || int64(len(r.fences)) != r.chunks {
		r.fault = fmt.Sprintf("its guide has %d of %d pieces", n, r.pieces)
	}
	return nil
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
	index   *index
	run     *run
	chunk   chunkBuilder
	pending [][]byte // full chunks, not written yet
	marks   []uint64
	part    Key16 // where the filter's part begins
}

func newRunWriter(x *index, r *run) *runWriter {
	return &runWriter{index: x, run: r, chunk: chunkBuilder{kind: r.kind}}
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
	body = w.run.seal(dataRow, rowID(w.run.id, len(w.run.fences)), body)
	w.run.fences = append(w.run.fences, first)
	w.run.chunks++
	w.pending = append(w.pending, body)
}

func (w *runWriter) writePending(ctx context.Context) error {
	number := len(w.run.fences) - len(w.pending)
	err := w.index.writeBehind(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for done := 0; done < len(w.pending); {
			n := min(rowsPerStatement, len(w.pending)-done)
			if err := insertRows(ctx, tx, "run_data", rowID(w.run.id, number+done), w.pending[done:done+n]); err != nil {
				return err
			}
			done += n
		}
		return nil
	})
	w.chunk.spare, w.pending = append(w.chunk.spare, w.pending...), w.pending[:0]
	return err
}

// insertRows inserts consecutive rows into run_data or run_guide.
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
	id := rowID(w.run.id, int(w.run.pieces))
	body = w.run.seal(guideRow, id, body)
	w.run.pieces++
	return w.index.writeBehind(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return insertRows(ctx, tx, "run_guide", id, [][]byte{body})
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
		body := make([]byte, 1, 1+16*len(part)+sealSize)
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
