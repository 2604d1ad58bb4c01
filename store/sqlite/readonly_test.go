package sqlite_test

import (
	"database/sql"
	"testing"

	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/sqlite"
)

func TestAReaderBesideTheWriterSeesAndChangesNothing(t *testing.T) {
	folder := t.TempDir()
	writer, err := sqlite.Open(t.Context(), folder, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	if err := store.Migrate(t.Context(), writer); err != nil {
		t.Fatal(err)
	}
	reader, err := sqlite.Open(t.Context(), folder, sqlite.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	var locks int
	if err := reader.SQL().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM journal_lock`).Scan(&locks); err != nil || locks == 0 {
		t.Fatalf("the reader sees %d rows, %v", locks, err)
	}
	err = reader.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), `DELETE FROM journal_lock`)
		return err
	})
	if err == nil {
		t.Fatal("the reader wrote")
	}
}

func TestAReaderWithoutADatabaseIsTold(t *testing.T) {
	if _, err := sqlite.Open(t.Context(), t.TempDir(), sqlite.Options{ReadOnly: true}); err == nil {
		t.Fatal("a database that is not there was opened for reading")
	}
}
