package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"path/filepath"
	"testing"

	"farthing.dev/farthing/tests/pgtest"
)

// What is derived and damaged is made again by index remake, which runs beside no server.
func TestIndexRemake(t *testing.T) {
	for _, database := range []string{"sqlite", "postgres"} {
		t.Run(database, func(t *testing.T) {
			c := settings(t)
			if database == "postgres" {
				c.database = pgtest.Start(t)
			}
			call := func(run []string, want int) string {
				t.Helper()
				var out, diag bytes.Buffer
				args := append(run[1:], "--data", c.data, "--database", c.database)
				code := commandNamed(run[0]).run(t.Context(), args, &out, &diag)
				if code != want {
					t.Fatalf("%v: exit code %d, want %d\n%s%s", run, code, want, out.String(), diag.String())
				}
				return out.String()
			}
			beside := exitInUse
			if database == "postgres" {
				beside = exitFailed
			}
			err := started(t, c, func(p *provider) {
				for range 3 {
					if err := sell(t, p); err != nil {
						t.Error(err)
					}
				}
				call([]string{"index", "remake"}, beside)
			})
			if err != nil {
				t.Fatal(err)
			}
			call([]string{"verify"}, exitDone)
			db, err := openDatabase(t.Context(), c)
			if err == nil {
				err = db.Write(t.Context(), func(tx *sql.Tx) error {
					_, err := tx.ExecContext(t.Context(), `UPDATE run_meta SET checksum = checksum + 1`)
					return err
				})
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			call([]string{"verify"}, exitUnsafe)
			var made remade
			if err := json.Unmarshal([]byte(call([]string{"index", "remake", "--json"}, exitDone)), &made); err != nil || made.Entries < 3 {
				t.Errorf("made again: %+v, %v", made, err)
			}
			call([]string{"verify"}, exitDone)
			if err := started(t, c, func(p *provider) {
				if err := sell(t, p); err != nil {
					t.Error(err)
				}
			}); err != nil {
				t.Error(err)
			}
		})
	}
	var out, diag bytes.Buffer
	if code := indexCommand(t.Context(), []string{"again"}, &out, &diag); code != exitUsage {
		t.Errorf("another word: exit code %d", code)
	}
	if code := indexCommand(t.Context(), []string{"remake", "--data", filepath.Join(t.TempDir(), "none"), "--database", ""}, &out, &diag); code != exitFailed {
		t.Errorf("without a database: exit code %d\n%s", code, diag.String())
	}
}

// commandNamed returns a command.
func commandNamed(name string) command {
	for _, c := range commands() {
		if c.name == name {
			return c
		}
	}
	return command{}
}
