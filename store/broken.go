package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/token"
)

// mostBroken bounds how many broken invariants are kept: more are in the log, and verify finds them.
const mostBroken = 8

// NoteBroken is part of the transaction of a follower that found a broken invariant. One that was
// found before stands first, and each is cleared on its own. What in its detail no database takes for
// text is a question mark.
func NoteBroken(ctx context.Context, tx *sql.Tx, b staff.BrokenInvariant) error {
	var noted, last, known int64
	err := tx.QueryRowContext(ctx, `SELECT COUNT(*), COALESCE(MAX(one), 0), COUNT(CASE WHEN invariant = $1 AND entry = $2 THEN 1 END) FROM broken_invariant`,
		int64(b.Invariant), int64(b.Entry)).Scan(&noted, &last, &known)
	if err != nil || noted >= mostBroken || known > 0 {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO broken_invariant (one, invariant, entry, detail, at) VALUES ($1, $2, $3, $4, $5)`,
		last+1, int64(b.Invariant), int64(b.Entry), strings.ReplaceAll(strings.ToValidUTF8(b.Detail, "?"), "\x00", "?"), b.At)
	return err
}

// Broken returns the first invariant that was found not to hold and is not cleared, false where
// there is none.
func (c *Catalog) Broken(ctx context.Context) (b staff.BrokenInvariant, found bool, err error) {
	err = c.tables.SQL().QueryRowContext(ctx, `SELECT invariant, entry, detail, at FROM broken_invariant ORDER BY one LIMIT 1`).Scan(&b.Invariant, &b.Entry, &b.Detail, &b.At)
	if errors.Is(err, sql.ErrNoRows) {
		return b, false, nil
	}
	return b, err == nil, unavailable(err, "read whether an invariant is broken")
}

// ClearBroken forgets one broken invariant, and writes down who says that it is mended.
func (c *Catalog) ClearBroken(ctx context.Context, b staff.BrokenInvariant, act staff.Act) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		err := changeOne(ctx, tx, token.Refuse(token.NotFound, "not_found.broken_invariant"),
			`DELETE FROM broken_invariant WHERE invariant = $1 AND entry = $2`, int64(b.Invariant), int64(b.Entry))
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
