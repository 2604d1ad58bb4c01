//go:build linux

package soak

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// disk is a folder whose file system can be filled; where none may be mounted, one that
// cannot.
type disk struct {
	folder string
	small  bool
	full   bool
}

func newDisk(t *testing.T, size string) *disk {
	t.Helper()
	folder, err := os.MkdirTemp("/tmp", "soak")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	must(t, os.Chmod(folder, 0o755)) // another user runs a server in it
	d := &disk{folder: folder}
	if said, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", "mode=755,size="+size, "tmpfs", folder).CombinedOutput(); err != nil {
		t.Logf("SKIPPING full disks: a small file system cannot be mounted here: %v %s", err, said)
		return d
	}
	d.small = true
	t.Cleanup(func() { _ = syscall.Unmount(folder, syscall.MNT_DETACH) })
	return d
}

func (d *disk) filler() string { return filepath.Join(d.folder, "filler") }

// fill takes all room that there is.
func (d *disk) fill() error {
	d.full = true
	file, err := os.OpenFile(d.filler(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	for block := make([]byte, 1<<20); len(block) > 512; {
		_, err := file.Write(block)
		if errors.Is(err, syscall.ENOSPC) {
			block = block[:len(block)/2]
		} else if err != nil {
			return err
		}
	}
	return nil
}

// free gives the room back.
func (d *disk) free() error {
	d.full = false
	return os.Remove(d.filler())
}
