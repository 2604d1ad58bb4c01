package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"farthing.dev/farthing/domain/journal"
)

// Whole databases are read and filled here, for backups: by the names of tables and
// columns, whatever they hold.

// Snapshot runs work in one transaction that sees the database as it stood when it first
// read, however long it takes and whatever is written meanwhile. It keeps no writer waiting.
func Snapshot(ctx context.Context, db Database, work func(tx *sql.Tx) error) error {
	options := &sql.TxOptions{ReadOnly: true}
	if db.Dialect() == "postgres" {
		options.Isolation = sql.LevelRepeatableRead
	}
	tx, err := db.SQL().BeginTx(ctx, options)
	if err != nil {
		return fmt.Errorf("begin reading: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // there is nothing to commit
	return work(tx)
}

// Querier is what *sql.DB and *sql.Tx have in common for reading.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// JournalHead returns the journal's end as from sees it, without waiting for anybody.
func JournalHead(ctx context.Context, from Querier) (journal.Head, error) {
	head := journal.Head{}
	rows, err := from.QueryContext(ctx, `SELECT first, count, at, hash FROM block ORDER BY first DESC LIMIT 1`)
	if err != nil {
		return head, fmt.Errorf("read the journal's end: %w", err)
	}
	defer rows.Close()
	if rows.Next() {
		var first, count int64
		if err := rows.Scan(&first, &count, &head.At, digest32{(*[32]byte)(&head.Hash)}); err != nil {
			return head, fmt.Errorf("read the journal's end: %w", err)
		}
		head.Seq = uint64(first + count - 1)
	}
	return head, rows.Err()
}

// TableNames returns the names of all tables, ordered.
func TableNames(ctx context.Context, dialect string, from Querier) ([]string, error) {
	query := `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name`
	if dialect == "postgres" {
		query = `SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename`
	}
	rows, err := from.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("list the tables: %w", err)
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("list the tables: %w", err)
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// EmptyTables deletes all rows of tables.
func EmptyTables(ctx context.Context, db Database, tables []string) error {
	return db.Write(ctx, func(tx *sql.Tx) error {
		for _, table := range tables {
			if _, err := tx.ExecContext(ctx, `DELETE FROM `+table); err != nil {
				return fmt.Errorf("empty the table %s: %w", table, err)
			}
		}
		return nil
	})
}

// LoadRows adds rows to a table, all or none. Tables and columns are named as they are in
// the database: never by anybody's input.
func LoadRows(ctx context.Context, db Database, table string, columns []string, rows [][]any) error {
	if !plainName(table) {
		return fmt.Errorf("%q is not the name of a table", table)
	}
	for _, column := range columns {
		if !plainName(column) {
			return fmt.Errorf("%q is not the name of a column", column)
		}
	}
	most := bulkRows
	if db.Dialect() == "postgres" {
		most = 100
	}
	into := `INSERT INTO ` + table + ` (` + strings.Join(columns, ", ") + `) VALUES `
	return db.Write(ctx, func(tx *sql.Tx) error {
		for start := 0; start < len(rows); start += most {
			part := rows[start:min(start+most, len(rows))]
			args := make([]any, 0, len(part)*len(columns))
			for _, row := range part {
				if len(row) != len(columns) {
					return errors.New("a row has more or fewer values than there are columns")
				}
				args = append(args, row...)
			}
			if _, err := tx.ExecContext(ctx, into+places(len(part), len(columns)), args...); err != nil {
				return err
			}
		}
		return nil
	})
}

// places writes the places of values: ($1, $2), ($3, $4).
func places(rows, columns int) string {
	var text strings.Builder
	for i := range rows * columns {
		switch {
		case i == 0:
			text.WriteString("($")
		case i%columns == 0:
			text.WriteString("), ($")
		default:
			text.WriteString(", $")
		}
		text.WriteString(strconv.Itoa(i + 1))
	}
	text.WriteString(")")
	return text.String()
}

func plainName(name string) bool {
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_0123456789") == ""
}

// MigrateTo makes the tables of a new database as they were after the migration with a
// number. A number beyond this program's is ErrNewer.
func MigrateTo(ctx context.Context, db Database, version int64) error {
	provider, err := migrator(db)
	if err != nil {
		return err
	}
	known := provider.ListSources()
	if newest := known[len(known)-1].Version; version > newest {
		return fmt.Errorf("%w: its tables are at format %d, and this version knows formats up to %d; run the newer version", ErrNewer, version, newest)
	}
	if _, err := provider.UpTo(ctx, version); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// SchemaVersion returns the number of the last migration that was run.
func SchemaVersion(ctx context.Context, db Database) (int64, error) {
	provider, err := migrator(db)
	if err != nil {
		return 0, err
	}
	version, err := provider.GetDBVersion(ctx)
	if err != nil {
		return 0, fmt.Errorf("read which tables there are: %w", err)
	}
	return version, nil
}
