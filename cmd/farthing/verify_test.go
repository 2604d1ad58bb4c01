package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"farthing.dev/farthing/verify"
)

func TestVerifyCommand(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		code int
	}{
		{"the self-test names every fault", []string{"--selftest", "--database", ""}, exitDone},
		{"a folder without a database", []string{"--data", t.TempDir(), "--database", ""}, exitFailed},
		{"a flag that there is not", []string{"--books"}, exitUsage},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out, diag bytes.Buffer
			if code := verifyCommand(t.Context(), c.args, &out, &diag); code != c.code {
				t.Errorf("exit code %d, want %d\n%s%s", code, c.code, out.String(), diag.String())
			}
		})
	}
}

func TestTablesOfAnEarlierVersionAreNotVerified(t *testing.T) {
	c := config{data: t.TempDir()}
	db, err := openDatabase(t.Context(), c)
	if err == nil {
		err = db.Write(t.Context(), func(tx *sql.Tx) error {
			_, err := tx.ExecContext(t.Context(), `DELETE FROM goose_db_version WHERE version_id = (SELECT MAX(version_id) FROM goose_db_version)`)
			return err
		})
	}
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	var out, diag bytes.Buffer
	code := verifyCommand(t.Context(), []string{"--data", c.data, "--database", ""}, &out, &diag)
	if code != exitFailed || !strings.Contains(diag.String(), "earlier version") {
		t.Errorf("exit code %d\n%s%s", code, out.String(), diag.String())
	}
}

func TestTheSelfTestIsWrittenAsJSON(t *testing.T) {
	var out, diag bytes.Buffer
	if code := verifyCommand(t.Context(), []string{"--selftest", "--json", "--database", ""}, &out, &diag); code != exitDone {
		t.Fatalf("exit code %d\n%s", code, diag.String())
	}
	var planted []verify.Planted
	if err := json.Unmarshal(out.Bytes(), &planted); err != nil || len(planted) < 15 {
		t.Fatalf("%d faults, %v", len(planted), err)
	}
}
