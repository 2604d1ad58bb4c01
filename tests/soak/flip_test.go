//go:build linux

package soak

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
)

// derived are the tables that may be lost or wrong at any time, with the column that holds
// what they are about. What is there is made again from the journal.
var derived = [][2]string{{"run_data", "body"}, {"run_guide", "body"}, {"run_chunk", "body"}}

// flip flips one bit in a row of a derived table, and reports whether there was any.
func flip(ctx context.Context, db *sql.DB, random *rand.Rand) (bool, error) {
	table := derived[random.IntN(len(derived))]
	var count int64
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM `+table[0]).Scan(&count); err != nil {
		return false, nil // there is no such table in this version
	}
	if count == 0 {
		return false, nil
	}
	var id int64
	var body []byte
	err := db.QueryRowContext(ctx, fmt.Sprintf(`SELECT id, %s FROM %s ORDER BY id LIMIT 1 OFFSET %d`, table[1], table[0], random.Int64N(count))).Scan(&id, &body)
	if errors.Is(err, sql.ErrNoRows) || len(body) == 0 {
		return false, nil // it was merged away
	}
	if err != nil {
		return false, err
	}
	bit := random.IntN(len(body) * 8)
	body[bit/8] ^= 1 << (bit % 8)
	_, err = db.ExecContext(ctx, fmt.Sprintf(`UPDATE %s SET %s = $1 WHERE id = $2`, table[0], table[1]), body, id)
	return err == nil, err
}
