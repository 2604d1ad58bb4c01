package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"farthing.dev/farthing/verify"
)

func TestProjectCommand(t *testing.T) {
	data, folder := t.TempDir(), t.TempDir()
	db, err := openDatabase(t.Context(), config{data: data})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() // as beside a server
	if err := verify.Play(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	books := filepath.Join(folder, "books.db")
	for _, c := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"the first time", []string{"--into", books}, exitDone, `"entries": 196`},
		{"again", []string{"--into", books, "--once"}, exitDone, `"entries": 0`},
		{"made again", []string{"--into", books, "--rebuild"}, exitDone, `"entries": 196`},
		{"nowhere", nil, exitUsage, "say where"},
		{"once and for ever", []string{"--into", books, "--once", "--follow"}, exitUsage, "either --once or --follow"},
		{"the provider's own file", []string{"--into", filepath.Join(data, "farthing.db")}, exitFailed, "name a file of its own"},
		{"a folder without a database", []string{"--into", books, "--data", folder}, exitFailed, "there is no database"},
	} {
		var out, diag bytes.Buffer
		args := append([]string{"--data", data, "--database", "", "--json"}, c.args...)
		if code := projectCommand(t.Context(), args, &out, &diag); code != c.code || !strings.Contains(out.String()+diag.String(), c.says) {
			t.Errorf("%s: exit code %d\n%s%s", c.name, code, out.String(), diag.String())
		}
		if c.code == exitDone && !json.Valid(out.Bytes()) {
			t.Errorf("%s: %s", c.name, out.String())
		}
	}
	if info, err := os.Stat(books); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}
