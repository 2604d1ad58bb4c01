//go:build linux || darwin

package main

import "syscall"

// freeBytes returns how much room there is in the file system of a folder, for users who
// are not root, and false where that cannot be told.
func freeBytes(folder string) (free uint64, known bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil {
		return 0, false
	}
	return s.Bavail * uint64(s.Bsize), true
}
