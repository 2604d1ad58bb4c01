package sqlite_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"farthing.dev/farthing/domain/keyring"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/sqlite"
)

// contains reports whether any file of a folder contains a text.
func contains(t *testing.T, folder string, text []byte) (found bool) {
	t.Helper()
	files, err := os.ReadDir(folder)
	must(t, err)
	for _, file := range files {
		if file.IsDir() {
			continue
		}
		content, err := os.ReadFile(filepath.Join(folder, file.Name()))
		must(t, err)
		found = found || bytes.Contains(content, text)
	}
	return found
}

func migrated(t *testing.T, folder string) *sqlite.Database {
	t.Helper()
	db, err := sqlite.Open(t.Context(), folder, sqlite.Options{})
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	must(t, store.Migrate(t.Context(), db))
	return db
}

// longReader keeps a read transaction open, as a replicator does all the time, until the
// function that it returns is called.
func longReader(t *testing.T, folder string) (leave func()) {
	t.Helper()
	other, err := sqlite.Open(t.Context(), folder, sqlite.Options{ReadOnly: true})
	must(t, err)
	reading, err := other.SQL().BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
	must(t, err)
	var count int
	must(t, reading.QueryRowContext(t.Context(), `SELECT count(*) FROM ticket_keys`).Scan(&count))
	return func() {
		must(t, reading.Rollback())
		must(t, other.Close())
	}
}

func TestScrubLeavesNothingOfWhatWasDeleted(t *testing.T) {
	folder := t.TempDir()
	db := migrated(t, folder)
	secret := []byte("a secret that nobody finds again")
	exec := func(query string, args ...any) {
		t.Helper()
		must(t, db.Write(t.Context(), func(tx *sql.Tx) error {
			_, err := tx.ExecContext(t.Context(), query, args...)
			return err
		}))
	}
	exec(`INSERT INTO ticket_keys (epoch, sealed, created_at) VALUES (1, $1, 1)`, secret)
	must(t, db.Scrub(t.Context()))
	if !contains(t, folder, secret) {
		t.Fatal("a scrub took what was not deleted")
	}
	leave := longReader(t, folder)
	exec(`DELETE FROM ticket_keys`)
	if err := db.Scrub(t.Context()); err != nil { // it would be said again and again
		t.Errorf("beside a long reader: %v", err)
	}
	leave()
	must(t, db.Scrub(t.Context()))
	if contains(t, folder, secret) {
		t.Error("what was deleted is still in the files")
	}
}

// Beside a reader that never leaves, and with a copy of the database that was made while a
// ticket's key was there, a key that was destroyed is found nowhere.
func TestTicketKeysAreDestroyedBesideALongReader(t *testing.T) {
	folder, elsewhere := t.TempDir(), t.TempDir()
	db := migrated(t, folder)
	catalog := store.NewCatalog(db)
	secret := []byte("a secret that nobody finds again")
	key := keyring.TicketKey{Epoch: 7, ID: "7", Sealed: secret, CreatedAt: 1}
	must(t, catalog.AddTicketKeys(t.Context(), []keyring.TicketKey{key, {Epoch: 9, ID: "9", Sealed: []byte("later"), CreatedAt: 1}}))
	must(t, db.Scrub(t.Context()))
	defer longReader(t, folder)()

	stored, err := catalog.TicketKeys(t.Context(), 7)
	if err != nil || len(stored) != 2 || !bytes.Equal(stored[0].Sealed, secret) {
		t.Fatalf("the keys are %v, %v", stored, err)
	}
	shred, there, err := db.Shreddable(7, false)
	if err != nil || !there || !contains(t, folder, shred[:]) {
		t.Fatalf("the key of the key is not in the folder: %v, %v", there, err)
	}
	_, err = db.SQL().ExecContext(context.Background(), `VACUUM INTO $1`, filepath.Join(elsewhere, "farthing.db"))
	must(t, err)
	must(t, catalog.DropTicketKeys(t.Context(), 9))
	must(t, catalog.Scrub(t.Context()))
	for _, folder := range []string{folder, elsewhere} {
		if contains(t, folder, secret) || contains(t, folder, shred[:]) {
			t.Errorf("%s still has the key, or what opens it", folder)
		}
	}
	stored, err = catalog.TicketKeys(t.Context(), 0)
	if err != nil || len(stored) != 1 || stored[0].Epoch != 9 {
		t.Errorf("left are %v, %v", stored, err)
	}

	// The copy, put back, has the rows; they open nothing, and give way to new keys.
	restored := migrated(t, elsewhere)
	catalog = store.NewCatalog(restored)
	if stored, err := catalog.TicketKeys(t.Context(), 0); err != nil || len(stored) != 0 {
		t.Errorf("a restored copy has %v, %v", stored, err)
	}
	again := keyring.TicketKey{Epoch: 7, ID: "again", Sealed: []byte("made anew"), CreatedAt: 2}
	must(t, catalog.AddTicketKeys(t.Context(), []keyring.TicketKey{again}))
	if stored, err := catalog.TicketKeys(t.Context(), 0); err != nil || len(stored) != 1 || string(stored[0].Sealed) != "made anew" {
		t.Errorf("a restored copy has %v, %v", stored, err)
	}
}

// rolledBack is a database of which the next write is rolled back at its end.
type rolledBack struct {
	*sqlite.Database
	next bool
}

func (r *rolledBack) Write(ctx context.Context, work func(tx *sql.Tx) error) error {
	return r.Database.Write(ctx, func(tx *sql.Tx) error {
		err := work(tx)
		if r.next && err == nil {
			r.next, err = false, errors.New("the disk is full")
		}
		return err
	})
}

// In a restored copy, rows that nothing opens any more give way to new keys also where the
// first try to write these is rolled back: the key of the file is made by then.
func TestRowsThatNothingOpensGiveWayAfterARollback(t *testing.T) {
	folder, elsewhere := t.TempDir(), t.TempDir()
	db := migrated(t, folder)
	old := keyring.TicketKey{Epoch: 7, ID: "7", Sealed: []byte("old"), CreatedAt: 1}
	must(t, store.NewCatalog(db).AddTicketKeys(t.Context(), []keyring.TicketKey{old}))
	_, err := db.SQL().ExecContext(t.Context(), `VACUUM INTO $1`, filepath.Join(elsewhere, "farthing.db"))
	must(t, err)
	restored := &rolledBack{Database: migrated(t, elsewhere), next: true}
	catalog := store.NewCatalog(restored)
	must(t, catalog.AddTicketKeys(t.Context(), []keyring.TicketKey{{Epoch: 7, ID: "again", Sealed: []byte("made anew"), CreatedAt: 2}}))
	if stored, err := catalog.TicketKeys(t.Context(), 0); err != nil || len(stored) != 1 || string(stored[0].Sealed) != "made anew" {
		t.Errorf("the keys are %v, %v", stored, err)
	}
}

// A slot of the file that was torn apart is a key that is gone; the others stay.
func TestATornSlotIsAKeyThatIsGone(t *testing.T) {
	folder := t.TempDir()
	db, err := sqlite.Open(t.Context(), folder, sqlite.Options{})
	must(t, err)
	for number := range int64(3) {
		_, _, err := db.Shreddable(number, true)
		must(t, err)
	}
	torn, _, _ := db.Shreddable(1, false)
	must(t, db.Close())
	path := filepath.Join(folder, "farthing.shred")
	content, err := os.ReadFile(path)
	must(t, err)
	content[bytes.Index(content, torn[:])+5] ^= 1
	must(t, os.WriteFile(path, content, 0o600))
	db = migrated(t, folder)
	for number := range int64(3) { // they are there, but for one
		if _, there, err := db.Shreddable(number, false); err != nil || there != (number != 1) {
			t.Errorf("key %d is there: %v, %v", number, there, err)
		}
	}
	must(t, db.Shred(100))
	for number := range int64(64) {
		if _, _, err := db.Shreddable(number, true); err != nil {
			t.Fatalf("key %d: %v", number, err)
		}
	}
	if _, _, err := db.Shreddable(64, true); err == nil {
		t.Error("there is no bound")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
