package sqlite_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/ncruces/go-sqlite3/vfs"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/sqlite"
	"farthing.dev/farthing/store/storetest"
	"farthing.dev/farthing/tests/powercut"
	"farthing.dev/farthing/token"
)

// A process is killed between writing a block and syncing it, wherever that is. The next one
// finds the block and answers the same command with it; then the power fails. What was answered
// is there.
func TestWhatAKilledProcessWroteIsSyncedBeforeItIsAnswered(t *testing.T) {
	folder, replayed := t.TempDir(), 0
	command := &core.Fund{Account: token.AccountID(storetest.ID('a', 1)),
		Fund: journal.Fund{Amount: 10_000, Currency: token.MustCurrency("USD"), Method: "card", Reference: "once"}}
	for left := range int64(24) {
		disk := powercut.New(uint64(left), fmt.Sprint("killed", left))
		run := func(step string, work func(e *store.Engine)) {
			t.Helper()
			onDisk(t, fmt.Sprint("killed", left, step), folder, disk, func(_ *sqlite.Database, e *store.Engine) { work(e) })
		}
		run("first", func(e *store.Engine) {
			disk.FailAfter(left)
			_, _ = e.Do(t.Context(), command)
		})
		disk = disk.Kill(uint64(left), fmt.Sprint("next", left))
		var told core.Outcome
		run("next", func(e *store.Engine) {
			var err error
			if told, err = e.Do(t.Context(), command); err != nil {
				t.Fatal(err)
			}
		})
		disk = disk.Restart(uint64(left), fmt.Sprint("last", left))
		run("last", func(e *store.Engine) {
			there, err := e.Do(t.Context(), command)
			if err != nil || !there.Replayed {
				t.Errorf("killed after %d operations: answered (replayed: %v), and lost when the power failed: %v", left, told.Replayed, err)
			}
		})
		if told.Replayed {
			replayed++
		}
	}
	if replayed == 0 {
		t.Error("no process found what the one before it wrote")
	}
}

// onDisk opens a database on a disk, lets work be done with it, and takes the disk away.
func onDisk(t *testing.T, name, folder string, disk *powercut.Disk, work func(db *sqlite.Database, e *store.Engine)) {
	t.Helper()
	vfs.Register(name, disk)
	defer vfs.Unregister(name)
	db, err := sqlite.Open(t.Context(), folder, sqlite.Options{VFS: name})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }() // its disk is away
	if err := store.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	e, err := store.OpenEngine(t.Context(), db, token.SystemClock{}, slog.New(slog.DiscardHandler), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close(context.Background()) }()
	work(db, e)
	disk.Off()
}

// The operating system's own files open as well when a process left a WAL behind.
func TestAWALThatWasLeftBehindOpens(t *testing.T) {
	folder, copied := t.TempDir(), t.TempDir()
	db, err := sqlite.Open(t.Context(), folder, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := store.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"farthing.db", "farthing.db-wal"} {
		body, err := os.ReadFile(filepath.Join(folder, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(copied, name), body, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	left, err := sqlite.Open(t.Context(), copied, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if known, err := store.UpToDate(t.Context(), left); err != nil || !known {
		t.Errorf("its tables: %v, %v", known, err)
	}
	if err := left.Close(); err != nil {
		t.Error(err)
	}
}
