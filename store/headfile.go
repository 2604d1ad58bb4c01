package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"farthing.dev/farthing/domain/journal"
)

// ErrTailLost says that a journal does not go on from a head that is known from outside
// the database: it is shorter, or another one.
var ErrTailLost = errors.New("the journal has lost its end, or is another one")

// HeadFile keeps the journal's newest head in a file outside the database, so that it is
// noticed where the database comes back without its newest entries: after a log that was
// damaged or removed, an old backup that was put back, a failover to a server that lagged. What
// was appended after the head was kept last can be lost unnoticed. It is safe for
// concurrent use.
type HeadFile struct {
	path string

	mu   sync.Mutex
	kept journal.Head
}

// OpenHeadFile reads the file at path, where there is one.
func OpenHeadFile(path string) (*HeadFile, error) {
	f := &HeadFile{path: path}
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err == nil {
		f.kept, err = journal.ParseHead(strings.TrimSpace(string(content)))
	}
	if err != nil {
		return nil, fmt.Errorf("read the journal's head as it was kept in %s: %w", path, err)
	}
	return f, nil
}

// Kept returns the head that was kept last, zero for none.
func (f *HeadFile) Kept() journal.Head {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.kept
}

// Prove returns ErrTailLost where the journal does not go on from the head that was kept.
// accept is the number of such a head after all: what came after the journal's end is
// given up, and the next Keep begins anew.
func (f *HeadFile) Prove(ctx context.Context, db Database, accept uint64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := f.prove(ctx, db)
	if errors.Is(err, ErrTailLost) && accept != 0 && accept == f.kept.Seq {
		f.kept = journal.Head{}
		return nil
	}
	return err
}

func (f *HeadFile) prove(ctx context.Context, db Database) error {
	if f.kept.Seq == 0 {
		return nil
	}
	blocks, err := db.BlocksAfter(ctx, f.kept.Seq-1, 1)
	if err != nil {
		return fmt.Errorf("read the block of entry %d: %w", f.kept.Seq, err)
	}
	if len(blocks) == 0 {
		return fmt.Errorf("%w: entry %d was there, and is not", ErrTailLost, f.kept.Seq)
	}
	if !same(blocks[0].Head(), f.kept) {
		return fmt.Errorf("%w: entry %d is not the one that was there", ErrTailLost, f.kept.Seq)
	}
	return nil
}

// Keep writes the newest head down, on the disk, where it is newer than the one that was
// kept. The journal has to go on from that one, or the answer is ErrTailLost and the file
// stays.
func (f *HeadFile) Keep(ctx context.Context, db Database, head journal.Head) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if same(head, f.kept) || head.Seq == 0 {
		return nil
	}
	if err := f.prove(ctx, db); err != nil {
		return err
	}
	if head.Seq <= f.kept.Seq {
		return nil // the state is being made anew, and is not there yet
	}
	if err := f.write(head); err != nil {
		return fmt.Errorf("keep the journal's head in %s: %w", f.path, err)
	}
	f.kept = journal.Head{Seq: head.Seq, Hash: head.Hash}
	return nil
}

// write replaces the file as a whole. The name need not be durable: until it is, an older
// head is there, which is one of the same journal.
func (f *HeadFile) write(head journal.Head) error {
	file, err := os.OpenFile(f.path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(head.String() + "\n")
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), f.path)
}

// HeadFileIn is where the head is kept in a data folder.
func HeadFileIn(folder string) string { return filepath.Join(folder, "journal.head") }
