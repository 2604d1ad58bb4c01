package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Chunks are written and read as a whole, by the thousand. PostgreSQL would compress each
// row that is larger than 2 KB, and cut it up into a table of its own; but a page holds two
// chunks (4000 bytes) as they are. Blocks are larger, and compress to the half: lz4 does
// that in a tenth of the time that PostgreSQL's own method takes.
var arrangement = []string{
	`ALTER TABLE block ALTER COLUMN body SET COMPRESSION lz4`,
	`ALTER TABLE run_data ALTER COLUMN body SET STORAGE EXTERNAL`,
	`ALTER TABLE run_data SET (toast_tuple_target = 8160)`,
}

// notSupported is PostgreSQL's code for what a server was built without.
const notSupported = "0A000"

// Arrange has bodies stored as suits them. Databases that only speak PostgreSQL's protocol
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
	err := d.pool.QueryRowContext(ctx, `SELECT COALESCE('toast_tuple_target=8160' = ANY(reloptions), false) FROM pg_class WHERE oid = 'run_data'::regclass`).Scan(&done)
	if err != nil || done {
		return err
	}
	for _, statement := range arrangement {
		_, err := d.pool.ExecContext(ctx, statement)
		if failure, ok := errors.AsType[*pgconn.PgError](err); ok && failure.Code == notSupported {
			continue // it works without
		}
		if err != nil {
			return fmt.Errorf("arrange the tables: %w", err)
		}
	}
	return nil
}
