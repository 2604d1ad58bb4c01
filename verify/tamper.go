package verify

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/store"
)

// tamper changes a row of a run that was derived, the one with a number, and returns what puts it
// back. change gets the run and the row's body, and returns the row as it is to be.
func tamper(ctx context.Context, db store.Database, table string, index bool, number int, change func(run store.StoredRun, body []byte) ([]byte, error)) (restore func() error, err error) {
	var run store.StoredRun
	var row []byte
	err = db.Read(ctx, func(tx *sql.Tx) error {
		runs, _, err := store.StoredRuns(ctx, tx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(runs, func(r store.StoredRun) bool { return r.Index() == index })
		if i < 0 {
			return errors.New("there is no run to corrupt")
		}
		run = runs[i]
		return tx.QueryRowContext(ctx, `SELECT body FROM `+table+` WHERE id = $1`, run.Row(number)).Scan(&row)
	})
	if err != nil {
		return nil, fmt.Errorf("find a row: %w", err)
	}
	write := func(row []byte) error {
		return db.Write(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE `+table+` SET body = $1 WHERE id = $2`, row, run.Row(number))
			return err
		})
	}
	changed, err := change(run, slices.Clone(run.Body(row)))
	if err != nil {
		return nil, err
	}
	return func() error { return write(row) }, write(changed)
}

// forgottenEntry takes the last record out of a chunk of the index.
func forgottenEntry(ctx context.Context, db store.Database) (func() error, error) {
	return tamper(ctx, db, "run_data", true, 0, func(run store.StoredRun, body []byte) ([]byte, error) {
		return run.SealChunk(0, body[:len(body)-16]), nil
	})
}

// stored changes the first stored account that change accepts.
func stored(change func(*core.Account) bool) func(context.Context, store.Database) (func() error, error) {
	return func(ctx context.Context, db store.Database) (restore func() error, err error) {
		for chunk := 0; ; chunk++ {
			restore, err = tamper(ctx, db, "run_data", false, chunk, func(run store.StoredRun, body []byte) ([]byte, error) {
				body, err := changeSnapshot(body, change)
				return run.SealChunk(chunk, body), err
			})
			if !errors.Is(err, errNoSnapshot) {
				return restore, err
			}
		}
	}
}

var errNoSnapshot = errors.New("there is no snapshot to corrupt")

// blindFilter has a filter of the index say that what the run holds is not in it.
func blindFilter(ctx context.Context, db store.Database) (func() error, error) {
	return tamper(ctx, db, "run_guide", true, 0, func(run store.StoredRun, body []byte) ([]byte, error) {
		for i := len(body) / 2; i < len(body); i++ {
			body[i] ^= 0xFF
		}
		return run.SealPiece(0, body), nil
	})
}

// flippedBit changes a chunk as a disk does.
func flippedBit(ctx context.Context, db store.Database) (func() error, error) {
	return tamper(ctx, db, "run_data", true, 0, func(run store.StoredRun, body []byte) ([]byte, error) {
		row := run.SealChunk(0, body)
		row[len(row)/2] ^= 1
		return row, nil
	})
}

// changeSnapshot changes the first account in a chunk of snapshots that change accepts.
func changeSnapshot(body []byte, change func(*core.Account) bool) ([]byte, error) {
	for from := 0; from < len(body); {
		size, n := binary.Uvarint(body[from+16:])
		end := from + 16 + n + int(size)
		var a core.Account
		if err := journal.Unmarshal(body[from+16+n:end], &a); err != nil {
			return nil, err
		}
		if change(&a) {
			encoded, err := journal.Marshal(&a)
			if err != nil {
				return nil, err
			}
			out := binary.AppendUvarint(slices.Clone(body[:from+16]), uint64(len(encoded)))
			return append(append(out, encoded...), body[end:]...), nil
		}
		from = end
	}
	return nil, errNoSnapshot
}

// runner runs statements that each change something, in one transaction.
func runner(ctx context.Context, db store.Database) func(statements ...string) error {
	return func(statements ...string) error {
		return db.Write(ctx, func(tx *sql.Tx) error {
			for _, statement := range statements {
				changed, err := tx.ExecContext(ctx, statement)
				if err != nil {
					return err
				}
				if n, err := changed.RowsAffected(); err != nil || n == 0 {
					return errors.Join(errors.New("there is nothing to change"), err)
				}
			}
			return nil
		})
	}
}

// log changes the staff's log by statements, and puts back what was there.
func log(statements ...string) func(context.Context, store.Database) (func() error, error) {
	return func(ctx context.Context, db store.Database) (func() error, error) {
		run := runner(ctx, db)
		const keep, keepHead = `CREATE TABLE kept_log AS SELECT * FROM staff_log`, `CREATE TABLE kept_head AS SELECT * FROM staff_log_head`
		err := db.Write(ctx, func(tx *sql.Tx) error {
			for _, statement := range []string{keep, keepHead} {
				if _, err := tx.ExecContext(ctx, statement); err != nil {
					return err
				}
			}
			return nil
		})
		restore := func() error {
			return db.Write(ctx, func(tx *sql.Tx) error {
				for _, statement := range []string{`DELETE FROM staff_log`, `DELETE FROM staff_log_head`, `INSERT INTO staff_log SELECT * FROM kept_log`,
					`INSERT INTO staff_log_head SELECT * FROM kept_head`, `DROP TABLE kept_log`, `DROP TABLE kept_head`} {
					if _, err := tx.ExecContext(ctx, statement); err != nil {
						return err
					}
				}
				return nil
			})
		}
		if err != nil {
			return nil, err
		}
		return restore, run(statements...)
	}
}
