package store

import (
	"context"
	"database/sql"
	"errors"

	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/token"
)

// NoteBroken is part of the transaction of a follower that found a broken invariant. Where one
// was found before, that stands.
func NoteBroken(ctx context.Context, tx *sql.Tx, b staff.BrokenInvariant) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO broken_invariant (one, invariant, entry, detail, at) VALUES (1, $1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		int64(b.Invariant), int64(b.Entry), b.Detail, b.At)
	return err
}

// Broken returns the invariant that was found not to hold, false where none was.
func (c *Catalog) Broken(ctx context.Context) (b staff.BrokenInvariant, found bool, err error) {
	err = c.tables.SQL().QueryRowContext(ctx, `SELECT invariant, entry, detail, at FROM broken_invariant WHERE one = 1`).Scan(&b.Invariant, &b.Entry, &b.Detail, &b.At)
	if errors.Is(err, sql.ErrNoRows) {
		return b, false, nil
	}
	return b, err == nil, unavailable(err, "read whether an invariant is broken")
}

// ClearBroken forgets the broken invariant, and writes down who says that it is mended.
func (c *Catalog) ClearBroken(ctx context.Context, b staff.BrokenInvariant, act staff.Act) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		err := changeOne(ctx, tx, token.Refuse(token.NotFound, "not_found.broken_invariant"),
			`DELETE FROM broken_invariant WHERE one = 1 AND invariant = $1 AND entry = $2`, int64(b.Invariant), int64(b.Entry))
		if err != nil {
			return err
		}
		return addAct(ctx, tx, act)
	})
}

// Credited reports whether an outside event, by its hash, brought money in an entry before one.
func Credited(ctx context.Context, db Tables, event int64, before uint64) (credited bool, err error) {
	err = db.SQL().QueryRowContext(ctx, `SELECT COUNT(*) > 0 FROM watched_deposits WHERE event = $1 AND seq < $2`, event, int64(before)).Scan(&credited)
	return credited, err
}

// NoteCredited is part of the transaction of a follower that saw an outside event bring money.
func NoteCredited(ctx context.Context, tx *sql.Tx, event int64, seq uint64) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO watched_deposits (event, seq) VALUES ($1, $2) ON CONFLICT DO NOTHING`, event, int64(seq))
	return err
}

// ForgetCredited is part of the transaction of a follower that finds another journal.
func ForgetCredited(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM watched_deposits`)
	return err
}
