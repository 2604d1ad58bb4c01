package sqlite_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/sqlite"
)

// Nobody but the owner can read what is in the folder: not at the first start, not while
// it runs, and not what an earlier version made readable for everybody.
func TestFilesAreTheOwnersOnly(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "made [here]")
	open := func() *sqlite.Database {
		t.Helper()
		db, err := sqlite.Open(t.Context(), folder, sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := store.Migrate(t.Context(), db); err != nil {
			t.Fatal(err)
		}
		return db
	}
	db := open()
	if seen := alone(t, folder); seen < 4 { // the file, WAL, its index, the lock
		t.Errorf("only %d files were looked at", seen)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	alone(t, folder)

	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"secret", "head", "farthing.db", "farthing.lock"} {
		path := filepath.Join(folder, name)
		if file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600); err != nil {
			t.Fatal(err)
		} else if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	db = open()
	alone(t, folder)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// alone fails where anybody but the owner may do something with the folder or a file in it.
func alone(t *testing.T, folder string) (seen int) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		seen++
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is %v", path, info.Mode())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return seen - 1
}
