package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

// sell appends an entry.
func sell(t *testing.T, p *provider) error {
	name := fmt.Sprint(p.engine.Head().Seq)
	_, err := p.engine.Do(t.Context(), &core.Fund{Account: token.AccountID{1}, User: token.UserID{1},
		Fund: journal.Fund{Amount: 5, Currency: token.MustCurrency("USD"), Method: "test", Reference: name}})
	return err
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// What comes back without its newest entries sells nothing, and is not called sound, until
// somebody says that they are lost.
func TestALostTailIsNoticed(t *testing.T) {
	for _, test := range []struct {
		name string
		copy func(t *testing.T, p *provider, to string) // of the database as it was
		left bool                                       // a database that can be read
	}{
		{"an old copy put back", func(t *testing.T, p *provider, to string) {
			if _, err := p.db.SQL().ExecContext(t.Context(), `VACUUM INTO '`+to+`'`); err != nil {
				t.Fatal(err)
			}
		}, true},
		{"the write-ahead log removed", func(t *testing.T, p *provider, to string) { copyFile(t, p.watchedFile(), to) }, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := settings(t)
			copied := filepath.Join(t.TempDir(), "copy.db")
			var end journal.Head
			err := started(t, c, func(p *provider) {
				for range 2 {
					if err := sell(t, p); err != nil {
						t.Fatal(err)
					}
				}
				test.copy(t, p, copied)
				if err := errors.Join(sell(t, p), sell(t, p)); err != nil {
					t.Fatal(err)
				}
				end = p.engine.Head()
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := started(t, c, nil); err != nil { // all is there
				t.Fatal(err)
			}
			for _, name := range []string{"-wal", "-shm", ""} {
				if err := os.Remove(c.path("farthing.db" + name)); err != nil && !errors.Is(err, os.ErrNotExist) {
					t.Fatal(err)
				}
			}
			copyFile(t, copied, c.path("farthing.db"))
			says := fmt.Sprintf("--accept-lost-tail %d", end.Seq)
			for _, accept := range []uint64{0, end.Seq - 1} {
				c.lostTail = accept
				if err := started(t, c, nil); !errors.Is(err, store.ErrTailLost) || !strings.Contains(err.Error(), says) {
					t.Fatalf("with %d accepted: %v", accept, err)
				}
			}
			if test.left {
				var out, diag bytes.Buffer
				if code := verifyCommand(t.Context(), []string{"--data", c.data, "--database", ""}, &out, &diag); code != exitUnsafe || !strings.Contains(out.String(), "17: the journal does not go on from "+end.String()) {
					t.Errorf("verify ended with %d\n%s%s", code, out.String(), diag.String())
				}
			}
			c.lostTail = end.Seq
			if err := started(t, c, func(p *provider) {
				if head := p.engine.Head(); head.Seq >= end.Seq {
					t.Errorf("the journal ends with entry %d; it ended with entry %d when its end was lost", head.Seq, end.Seq)
				}
				if err := sell(t, p); err != nil {
					t.Error(err)
				}
			}); err != nil {
				t.Fatal(err)
			}
			c.lostTail = 0
			if err := started(t, c, nil); err != nil {
				t.Errorf("after it was accepted: %v", err)
			}
		})
	}
}

// watchedFile is SQLite's main file.
func (p *provider) watchedFile() string {
	var n, name, path string
	_ = p.db.SQL().QueryRowContext(context.Background(), `PRAGMA database_list`).Scan(&n, &name, &path)
	return path
}

// A journal that is replaced under a running server is noticed within a second.
func TestAJournalReplacedMeanwhileIsNoticed(t *testing.T) {
	c := settings(t)
	var kept journal.Head
	err := started(t, c, func(p *provider) {
		err := errors.Join(sell(t, p), sell(t, p), p.keepHead(t.Context()))
		kept = p.heads.file.Kept()
		if err == nil {
			err = p.db.Write(t.Context(), func(tx *sql.Tx) error {
				_, err := tx.ExecContext(t.Context(), `DELETE FROM block WHERE first > 1`)
				return err
			})
		}
		p.engine.Flush(t.Context())
		err = errors.Join(err, sell(t, p), p.keepHead(t.Context())) // behind what is there
		told := func(problem store.Problem) bool { return problem.Code == store.ProblemReplaced }
		if problems := p.engine.Problems(); !slices.ContainsFunc(problems, told) {
			t.Errorf("problems: %+v", problems)
		}
		if err := errors.Join(err, p.heads.file.Prove(t.Context(), p.db, 0)); !errors.Is(err, store.ErrTailLost) {
			t.Errorf("the answer is %v", err)
		}
	})
	if err != nil && !errors.Is(err, store.ErrTailLost) {
		t.Error(err)
	}
	if file, err := store.OpenHeadFile(store.HeadFileIn(c.data)); err != nil || file.Kept() != kept {
		t.Errorf("the file has %v, %v", file.Kept(), err)
	}
}
