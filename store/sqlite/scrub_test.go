package sqlite_test

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/sqlite"
	"farthing.dev/farthing/token"
)

func TestScrubLeavesNothingOfWhatWasDeleted(t *testing.T) {
	folder := t.TempDir()
	db, err := sqlite.Open(t.Context(), folder, sqlite.Options{})
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	must(t, store.Migrate(t.Context(), db))
	secret := []byte("a secret that nobody finds again")
	exec := func(query string, args ...any) {
		t.Helper()
		must(t, db.Write(t.Context(), func(tx *sql.Tx) error {
			_, err := tx.ExecContext(t.Context(), query, args...)
			return err
		}))
	}
	found := func() (found bool) {
		t.Helper()
		for _, name := range []string{"farthing.db", "farthing.db-wal"} {
			content, err := os.ReadFile(filepath.Join(folder, name))
			must(t, err)
			found = found || bytes.Contains(content, secret)
		}
		return found
	}
	exec(`INSERT INTO ticket_keys (epoch, sealed, created_at) VALUES (1, $1, 1)`, secret)
	must(t, db.Scrub(t.Context()))
	if !found() {
		t.Fatal("a scrub took what was not deleted")
	}

	reading, err := db.SQL().BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
	must(t, err)
	var count int
	must(t, reading.QueryRowContext(t.Context(), `SELECT count(*) FROM ticket_keys`).Scan(&count))
	exec(`DELETE FROM ticket_keys`)
	if err := db.Scrub(t.Context()); token.CodeOf(err) != token.CodeUnavailable {
		t.Errorf("beside a long reader: %v", err)
	}
	must(t, reading.Rollback())
	must(t, db.Scrub(t.Context()))
	if found() {
		t.Error("what was deleted is still in the files")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
