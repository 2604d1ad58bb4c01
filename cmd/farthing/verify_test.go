package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/token"
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

// What an operator kept of a report shows later whether the journal goes on from there.
func TestHistoryGoesOnFromAHead(t *testing.T) {
	data := t.TempDir()
	db, err := openDatabase(t.Context(), config{data: data})
	if err != nil {
		t.Fatal(err)
	}
	block, err := journal.Seal(journal.Head{}, 1, []*journal.Entry{
		{Kind: journal.ApprovalSet, Approval: &limit.Approval{User: token.UserID{1}, Currency: token.MustCurrency("USD"), Max: 5}},
	})
	if err == nil {
		err = db.Append(t.Context(), journal.Head{}, nil, func() (*journal.Block, error) { return block, nil })
	}
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	head := block.Head()
	other := head
	other.Hash[0]++
	for _, c := range []struct {
		since, says string
		code        int
	}{
		{head.String(), "head " + head.String() + "\n", exitDone},
		{other.String(), "17: the journal does not go on from " + other.String(), exitUnsafe},
		{journal.Head{Seq: 2, Hash: head.Hash}.String(), "17: the journal does not go on from 2:", exitUnsafe},
		{"1:2d89", "64 hexadecimal digits", exitUsage},
	} {
		var out, diag bytes.Buffer
		code := verifyCommand(t.Context(), []string{"--data", data, "--database", "", "--since", c.since}, &out, &diag)
		if code != c.code || !strings.Contains(out.String()+diag.String(), c.says) {
			t.Errorf("%s: exit code %d\n%s%s", c.since, code, out.String(), diag.String())
		}
	}
}
