package postgres

import (
	"context"
	"fmt"
	"strings"
)

// The rows of blocks and chunks are written and read as a whole, by the thousand.
// PostgreSQL would compress each that is larger than 2 KB, and cut it up into a table of
// its own: that costs more than all else about a block. A chunk (4000 bytes) fits in a
// page twice.
var arrangement = []string{
	`ALTER TABLE block ALTER COLUMN body SET STORAGE EXTERNAL`,
	`ALTER TABLE run_chunk ALTER COLUMN body SET STORAGE EXTERNAL`,
	`ALTER TABLE block SET (toast_tuple_target = 8160)`,
	`ALTER TABLE run_chunk SET (toast_tuple_target = 8160)`,
}

// Arrange has bodies stored as they are. Databases that only speak PostgreSQL's protocol
// have ways of their own.
func (d *Database) Arrange(ctx context.Context) error {
	var version string
	if err := d.pool.QueryRowContext(ctx, `SELECT version()`).Scan(&version); err != nil {
		return fmt.Errorf("arrange the tables: %w", err)
	}
	if !strings.HasPrefix(version, "PostgreSQL ") || strings.Contains(version, "-YB-") {
		return nil
	}
	// Each of these locks out readers for a moment, so they run once.
	var done bool
	err := d.pool.QueryRowContext(ctx, `SELECT COALESCE('toast_tuple_target=8160' = ANY(reloptions), false) FROM pg_class WHERE oid = 'run_chunk'::regclass`).Scan(&done)
	if err != nil || done {
		return err
	}
	for _, statement := range arrangement {
		if _, err := d.pool.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("arrange the tables: %w", err)
		}
	}
	return nil
}
