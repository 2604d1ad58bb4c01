//go:build !unix

package sqlite

import (
	"fmt"
	"os"
)

// lock stands for the folder where the system has no advisory locks: a file that is
// open cannot be removed there, so a left-over one can be told from one in use.
type lock struct {
	file *os.File
	path string
}

func acquire(path string) (*lock, error) {
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return nil, fmt.Errorf("%w (%s): %w", ErrInUse, path, err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock file: %w", err)
	}
	return &lock{file, path}, nil
}

func (l *lock) release() error {
	if err := l.file.Close(); err != nil {
		return err
	}
	return os.Remove(l.path)
}
