package storetest

import (
	"database/sql"
	"errors"
	"strings"
	"testing"

	"farthing.dev/farthing/store"
)

// testNewer has the database say that a later version has migrated it. This one then
// neither changes it nor reads it.
func testNewer(_ *testing.T, w *world) {
	w.must(w.db.Write(w.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(w.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (90001, $1)`, true)
		return err
	}))
	err := store.Migrate(w.Context(), w.db)
	if err == nil || !errors.Is(err, store.ErrNewer) || !strings.Contains(err.Error(), "90001") {
		w.Errorf("migrating data of a newer version: %v", err)
	}
	if known, err := store.UpToDate(w.Context(), w.db); known || !errors.Is(err, store.ErrNewer) {
		w.Errorf("data of a newer version is up to date: %v, %v", known, err)
	}
}
