package store

import (
	"context"
	"database/sql"
	"fmt"
)

// StoredRun is a sorted run as the database has it, for who checks it.
type StoredRun struct{ run *run }

// StoredRuns reads the list of runs and their guides, from the oldest to the newest. faults
// tells which of them cannot be relied on, and why: an engine would make them again. tx sees
// one moment.
func StoredRuns(ctx context.Context, tx *sql.Tx) (runs []StoredRun, faults []string, err error) {
	all, err := readRuns(ctx, tx, nil)
	if err != nil {
		return nil, nil, err
	}
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].fault == "" {
			runs = append(runs, StoredRun{all[i]})
		}
	}
	return runs, sound(all).faults, nil
}

// Index reports whether the run is of the index; the others hold snapshots.
func (s StoredRun) Index() bool { return s.run.kind == indexRun }

// Last returns the number of the last entry that the run stands for.
func (s StoredRun) Last() uint64 { return s.run.last }

// Records calls visit with the records of each chunk, in order: its number, and its body,
// which is good until visit returns. fault tells of a chunk that is damaged or missing.
func (s StoredRun) Records(ctx context.Context, tx *sql.Tx, visit func(chunk int, body []byte)) (fault string, err error) {
	r := s.run
	rows, err := tx.QueryContext(ctx, `SELECT id, body FROM run_data WHERE id >= $1 AND id < $2 ORDER BY id`, rowID(r.id, 0), rowID(r.id+1, 0))
	if err != nil {
		return "", fmt.Errorf("read chunks: %w", err)
	}
	defer func() { _ = rows.Close() }()
	n := 0
	for rows.Next() {
		var id int64
		var sealed sql.RawBytes
		if err := rows.Scan(&id, &sealed); err != nil {
			return "", fmt.Errorf("read a chunk: %w", err)
		}
		body, err := r.unseal(dataRow, id, sealed)
		switch {
		case id != rowID(r.id, n):
			fault = fmt.Sprintf("run %d has no chunk %d", r.id, n)
		case err != nil:
			fault = fmt.Sprintf("chunk %d of run %d is damaged", n, r.id)
		default:
			visit(n, body)
		}
		n = int(id-rowID(r.id, 0)) + 1
	}
	if err := rows.Err(); err != nil {
		return "", fmt.Errorf("read chunks: %w", err)
	}
	if int64(n) != r.chunks && fault == "" {
		fault = fmt.Sprintf("run %d has %d of %d chunks", r.id, n, r.chunks)
	}
	return fault, nil
}

// Leads reports whether who looks for the record comes to the chunk: through the run's
// filter, where its kind has one, and its fences.
func (s StoredRun) Leads(key Key16, chunk int) bool {
	return s.run.mayHold(key) && s.run.chunkOf(key) == chunk
}

// Row returns the id of the run's chunk, or piece of its guide, with a number.
func (s StoredRun) Row(number int) int64 { return rowID(s.run.id, number) }

// SealChunk returns the row of a chunk with other records, as if they had been written: for
// a self-test.
func (s StoredRun) SealChunk(number int, body []byte) []byte {
	return s.run.seal(dataRow, s.Row(number), body)
}

// SealPiece is SealChunk for a piece of the guide.
func (s StoredRun) SealPiece(number int, body []byte) []byte {
	return s.run.seal(guideRow, s.Row(number), body)
}

// Body returns what of a row is not its seal.
func (StoredRun) Body(row []byte) []byte { return row[:max(0, len(row)-sealSize)] }
