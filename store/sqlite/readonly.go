package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrUnreadable says that a database cannot be read where it lies.
var ErrUnreadable = errors.New("the database cannot be read where it lies")

// still reports whether a database that is to be read lies where nothing can be written, as
// on a copy that is mounted read-only. SQLite reads it then without its locks and without
// looking for changes, which is right only where nobody writes: not where a server holds the
// folder, nor where a WAL with something in it lies beside the file, which would be left out.
func still(folder, path string) (bool, error) {
	if writable(folder) && writable(path) {
		return false, nil
	}
	wal, err := os.Stat(path + "-wal")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("look for the WAL: %w", err)
	}
	_, err = os.Stat(path + "-shm")
	switch {
	case wal == nil || wal.Size() == 0:
	case err == nil && writable(path+"-shm"):
		return false, nil // what is needed is there
	default:
		return false, fmt.Errorf("%w: part of it stands in %s, and reading that needs a folder that can be written to; copy both files into one", ErrUnreadable, filepath.Base(path)+"-wal")
	}
	if held(filepath.Join(folder, lockName)) {
		return false, fmt.Errorf("%w: a server runs on it, and this user may not write there; read it as the server's user", ErrUnreadable)
	}
	return true, nil
}
