package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// The modes of the folder and of the files in it: they hold what everybody bought, and
// keys.
const (
	folderMode fs.FileMode = 0o700
	fileMode   fs.FileMode = 0o600
)

// makePrivate keeps everybody but the owner out of the folder, and of each file in it
// whose name is one of ours: those that exist already, too. A folder that others share by
// design (a sticky one, such as /tmp) keeps its mode. What belongs to another user cannot
// be changed and is left as its owner wants it, as with a volume that is mounted for a group.
func makePrivate(folder string) error {
	info, err := os.Stat(folder)
	if err != nil {
		return fmt.Errorf("look at the data folder: %w", err)
	}
	if info.Mode()&fs.ModeSticky == 0 {
		if err := narrow(folder, info, folderMode); err != nil {
			return err
		}
	}
	for _, pattern := range []string{"farthing.*", "farthing-*", "secret*", "head*"} {
		paths, err := filepath.Glob(filepath.Join(escaped(folder), pattern))
		if err != nil {
			return fmt.Errorf("look for files in the data folder: %w", err)
		}
		for _, path := range paths {
			info, err := os.Lstat(path)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return fmt.Errorf("look at a file in the data folder: %w", err)
			}
			if !info.Mode().IsRegular() {
				continue
			}
			if err := narrow(path, info, fileMode); err != nil {
				return err
			}
		}
	}
	return nil
}

// narrow takes from a file what others may do with it.
func narrow(path string, info fs.FileInfo, most fs.FileMode) error {
	if info.Mode().Perm()&^most == 0 {
		return nil
	}
	err := os.Chmod(path, info.Mode().Perm()&most)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("keep others out of %s: %w", path, err)
	}
	return nil
}

// escaped keeps filepath.Glob from reading a folder's name as a pattern.
func escaped(folder string) string {
	out := make([]rune, 0, len(folder))
	for _, c := range folder {
		if filepath.Separator == '/' && (c == '*' || c == '?' || c == '[' || c == '\\') {
			out = append(out, '\\')
		}
		out = append(out, c)
	}
	return string(out)
}

// touch makes files that SQLite would make readable for others.
func touch(paths ...string) error {
	for _, path := range paths {
		file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, fileMode)
		if err == nil {
			err = file.Close()
		}
		if err != nil {
			return fmt.Errorf("make the database's files: %w", err)
		}
	}
	return nil
}
