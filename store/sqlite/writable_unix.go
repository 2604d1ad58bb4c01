//go:build unix

package sqlite

import (
	"errors"
	"os"
	"syscall"
)

// writable reports whether this process may write to a file or into a folder.
func writable(path string) bool { return syscall.Access(path, 2) == nil } // W_OK

// held reports whether a process holds the lock at path.
func held(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	return errors.Is(syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}
