package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"farthing.dev/farthing/domain/staff"
)

// AddAct writes a line into the staff's log.
func (c *Catalog) AddAct(ctx context.Context, act staff.Act) error {
	return c.write(ctx, func(tx *sql.Tx) error { return addAct(ctx, tx, act) })
}

// addAct appends a line. Whoever takes the next number has the head for itself until the
// transaction ends, so the log never forks, however many replicas write it.
func addAct(ctx context.Context, tx *sql.Tx, act staff.Act) error {
	line := staff.Line{Act: act}
	err := tx.QueryRowContext(ctx, `UPDATE staff_log_head SET number = number + 1 WHERE one = 1 RETURNING number, hash`).Scan(&line.Number, digest32{&line.Prev})
	if err != nil {
		return fmt.Errorf("take the next number of the staff's log: %w", err)
	}
	line.Hash = line.Sum()
	err = insert(ctx, tx, "already_taken.staff_line",
		`INSERT INTO staff_log (number, id, at, actor, action, subject, detail, prev, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		int64(line.Number), act.ID.String(), act.At, act.Actor, act.Action, act.Subject, act.Detail, line.Prev[:], line.Hash[:])
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE staff_log_head SET hash = $1 WHERE one = 1`, line.Hash[:])
	return err
}

const staffLogColumns = `SELECT number, id, at, actor, action, subject, detail, prev, hash FROM staff_log`

func scanLine(r row) (l staff.Line, err error) {
	err = r.Scan(&l.Number, word{&l.ID}, &l.At, &l.Actor, &l.Action, &l.Subject, &l.Detail, digest32{&l.Prev}, digest32{&l.Hash})
	return l, err
}

// Acts returns a page of the staff's log.
func (c *Catalog) Acts(ctx context.Context, search staff.Search, limit int) ([]staff.Line, error) {
	return list(ctx, c, scanLine, staffLogColumns+` WHERE ($1 = 0 OR number < $1) AND ($2 = '' OR actor = $2) AND ($3 = '' OR action = $3)
		AND ($4 = '' OR subject = $4) AND at >= $5 AND ($6 = 0 OR at < $6) ORDER BY number DESC LIMIT $7`,
		int64(search.Before), search.Actor, search.Action, search.Subject, search.From, search.To, limit)
}

// StaffLogHead returns the number and hash of the newest line of the staff's log.
func StaffLogHead(ctx context.Context, tx *sql.Tx) (number uint64, hash [32]byte, err error) {
	err = tx.QueryRowContext(ctx, `SELECT number, hash FROM staff_log_head WHERE one = 1`).Scan(&number, digest32{&hash})
	return number, hash, err
}

// ErrUnreadable marks the error of a row that is none that this program wrote.
var ErrUnreadable = errors.New("a row cannot be read")

// WalkStaffLog hands all lines of the staff's log to fn, oldest first, as one moment has them. A
// line that is none ends it with ErrUnreadable.
func WalkStaffLog(ctx context.Context, tx *sql.Tx, fn func(*staff.Line)) error {
	rows, err := tx.QueryContext(ctx, staffLogColumns+` ORDER BY number`)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		line, err := scanLine(rows)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrUnreadable, err)
		}
		fn(&line)
	}
	return rows.Err()
}
