//go:build linux

package upgrade

import (
	"compress/gzip"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/ncruces/go-sqlite3/driver"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"

	"farthing.dev/farthing/tests/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// calls are what was done with the old version, and what it answered.
type calls struct {
	Key    string            `json:"key"`
	Reader string            `json:"reader"`
	Offer  string            `json:"offer"`
	Orders map[string]string `json:"orders"`
	States map[string]string `json:"states"`
	Head   string            `json:"head"`
}

// oldFormat is the last migration of the old version.
const oldFormat = 11

// oldFolder unpacks the old data folder.
func oldFolder(t *testing.T) (folder string, done calls) {
	t.Helper()
	folder = t.TempDir()
	packed, err := os.Open(filepath.Join("testdata", "farthing.db.gz"))
	must(t, err)
	defer packed.Close()
	content, err := gzip.NewReader(packed)
	must(t, err)
	file, err := os.OpenFile(filepath.Join(folder, "farthing.db"), os.O_CREATE|os.O_WRONLY, 0o600)
	must(t, err)
	_, err = io.Copy(file, content)
	must(t, errors.Join(err, file.Close()))
	secret, err := os.ReadFile(filepath.Join("testdata", "secret"))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(folder, "secret"), secret, 0o600))
	text, err := os.ReadFile(filepath.Join("testdata", "calls.json"))
	must(t, err)
	must(t, json.Unmarshal(text, &done))
	return folder, done
}

// oldPostgres makes a PostgreSQL database as the old version made it, with the rows of the
// SQLite one, and returns its address.
func oldPostgres(t *testing.T, folder string) (dsn string) {
	t.Helper()
	dsn = pgtest.Start(t)
	to, err := sql.Open("pgx", dsn)
	must(t, err)
	defer to.Close()
	provider, err := goose.NewProvider(database.DialectPostgres, to, os.DirFS(filepath.Join("..", "..", "store", "migrations")), goose.WithDisableGlobalRegistry(true))
	must(t, err)
	_, err = provider.UpTo(t.Context(), oldFormat)
	must(t, err)
	from, err := driver.Open("file:" + filepath.Join(folder, "farthing.db"))
	must(t, err)
	defer from.Close()
	for _, table := range tables(t, from) {
		copyTable(t, from, to, table)
	}
	return dsn
}

var _ = stdlib.GetDefaultDriver // registers pgx

// tables are the tables of a SQLite database, without those that say how it was made.
func tables(t *testing.T, db *sql.DB) (names []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT IN ('goose_db_version', 'journal_lock')`)
	must(t, err)
	defer rows.Close()
	for rows.Next() {
		var name string
		must(t, rows.Scan(&name))
		names = append(names, name)
	}
	must(t, rows.Err())
	if len(names) < 20 {
		t.Fatalf("only %d tables: %v", len(names), names)
	}
	return names
}

func copyTable(t *testing.T, from, to *sql.DB, table string) {
	t.Helper()
	rows, err := from.QueryContext(t.Context(), `SELECT * FROM `+table)
	must(t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	must(t, err)
	places := make([]string, len(columns))
	for i := range columns {
		places[i] = fmt.Sprintf("$%d", i+1)
	}
	_, err = to.ExecContext(t.Context(), `DELETE FROM `+table)
	must(t, err)
	insert := `INSERT INTO ` + table + ` (` + strings.Join(columns, ", ") + `) VALUES (` + strings.Join(places, ", ") + `)`
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		must(t, rows.Scan(into...))
		if _, err := to.ExecContext(t.Context(), insert, values...); err != nil {
			t.Fatalf("copy %s: %v", table, err)
		}
	}
	must(t, rows.Err())
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
