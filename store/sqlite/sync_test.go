package sqlite_test

import (
	"database/sql"
	"errors"
	"testing"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/sqlite"
	"farthing.dev/farthing/store/storetest"
	"farthing.dev/farthing/tests/powercut"
	"farthing.dev/farthing/token"
)

// A block that was written and could not be synced is invisible to the process that wrote
// it, and found by the next one. So nobody is told that it was not done, and no reader is shown
// that it is not there, while that is so.
func TestABlockThatWasNotSyncedIsNotCalledUndone(t *testing.T) {
	disk := powercut.New(1, "sync")
	command := &core.Fund{Account: token.AccountID(storetest.ID('a', 1)),
		Fund: journal.Fund{Amount: 10_000, Currency: token.MustCurrency("USD"), Method: "card", Reference: "once"}}
	before := *command
	before.Account, before.Fund.Reference = token.AccountID(storetest.ID('a', 2)), "before"
	run := func(life string, work func(db *sqlite.Database, e *store.Engine)) {
		t.Helper()
		onDisk(t, life, t.TempDir(), disk, work)
	}
	run("unsynced", func(db *sqlite.Database, e *store.Engine) {
		if _, err := e.Do(t.Context(), &before); err != nil {
			t.Fatal(err)
		}
		disk.FailSyncs(true)
		if _, err := e.Do(t.Context(), command); token.CodeOf(err) != token.CodeCommitUnknown {
			t.Errorf("a block that could not be synced: %v", err)
		}
		if a, err := e.Account(t.Context(), command.Account); err == nil {
			t.Errorf("a reader is told that it was not done: %+v", a)
		}
		if found, err := e.Find(t.Context(), journal.TermAccount(command.Account), nil, 0, 1); err == nil {
			t.Errorf("a reader of the history is told that it was not done: %v", found)
		}
		if err := db.Write(t.Context(), nothing); !errors.Is(err, store.ErrCommitUnknown) {
			t.Errorf("another write that could not be synced: %v", err)
		}
		disk.FailSyncs(false)
		if a, err := e.Account(t.Context(), command.Account); err != nil || len(a.Wallets) != 0 {
			t.Errorf("when the disk syncs again: %+v, %v", a, err)
		}
	})
	disk = disk.Restart(1, "restart")
	run("next", func(_ *sqlite.Database, e *store.Engine) {
		if a, err := e.Account(t.Context(), command.Account); err != nil || len(a.Wallets) != 0 {
			t.Errorf("the next process has what was said to be not done: %+v, %v", a, err)
		}
		if out, err := e.Do(t.Context(), command); err != nil || out.Replayed {
			t.Errorf("with the same key: %+v, %v", out, err)
		}
	})
}

func nothing(tx *sql.Tx) error {
	_, err := tx.Exec(`UPDATE journal_lock SET id = id WHERE id = 4`)
	return err
}
