package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// wholeFile has write fill a new file, which gets its name when it is whole and on the disk: no
// part of it is ever found under that name, and where write fails nothing is left. It
// overwrites a file only where it is told to. size is in bytes.
func wholeFile(path string, overwrite bool, write func(io.Writer) error) (size int64, err error) {
	if err := free(path, overwrite); err != nil {
		return 0, err
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.part")
	if err != nil {
		return 0, fmt.Errorf("make the file: %w", err)
	}
	part := file.Name()
	buffered := bufio.NewWriterSize(file, 256<<10)
	err = write(buffered)
	if err == nil {
		err = buffered.Flush()
	}
	if err == nil {
		err = file.Sync()
	}
	if info, e := file.Stat(); e == nil {
		size = info.Size()
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = name(part, path, overwrite)
	}
	if e := os.Remove(part); !errors.Is(e, fs.ErrNotExist) {
		err = errors.Join(err, e)
	}
	if err == nil {
		err = syncFolder(filepath.Dir(path))
	}
	return size, err
}

// free refuses a name that is taken, and one that can never be overwritten.
func free(path string, overwrite bool) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("make the file: %w", err)
	case !overwrite:
		return fmt.Errorf("%s is there already, and is not overwritten", path)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is no file that could be overwritten", path)
	}
	return nil
}

// name gives a file its name.
func name(part, path string, overwrite bool) error {
	if overwrite {
		return os.Rename(part, path)
	}
	err := os.Link(part, path) // unlike renaming, it overwrites nothing
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := free(path, false); err != nil { // there are file systems without links
		return err
	}
	return os.Rename(part, path)
}
