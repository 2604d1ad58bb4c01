package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Time returns the server's time and that of the journal's newest block, zero where there
// is none.
func (d *Database) Time(ctx context.Context) (now, newest time.Time, err error) {
	var at sql.NullInt64
	err = d.pool.QueryRowContext(ctx, `SELECT clock_timestamp(), (SELECT at FROM block ORDER BY first DESC LIMIT 1)`).Scan(&now, &at)
	if err != nil {
		return now, newest, fmt.Errorf("read the server's clock: %w", err)
	}
	if at.Valid {
		newest = time.UnixMilli(at.Int64)
	}
	return now, newest, nil
}
