package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"farthing.dev/farthing/verify"
)

// A file gets its name whole or not at all, and overwrites nothing unless it is told to.
func TestWholeFile(t *testing.T) {
	fill := func(text string, err error) func(io.Writer) error {
		return func(w io.Writer) error {
			_, e := io.WriteString(w, text)
			return errors.Join(e, err)
		}
	}
	folder := t.TempDir()
	path := filepath.Join(folder, "a.csv")
	for _, c := range []struct {
		name      string
		overwrite bool
		fill      func(io.Writer) error
		says      string // of the error
		holds     string // afterwards
	}{
		{"a full disk", false, fill("half", syscall.ENOSPC), "no space left on device", ""},
		{"a new file", false, fill("first", nil), "", "first"},
		{"the same name again", false, fill("second", nil), "is there already", "first"},
		{"overwritten, and the disk is full", true, fill("half", syscall.ENOSPC), "no space left on device", "first"},
		{"overwritten", true, fill("second", nil), "", "second"},
	} {
		size, err := wholeFile(path, c.overwrite, c.fill)
		if c.says == "" && (err != nil || size != int64(len(c.holds))) || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %d bytes, %v", c.name, size, err)
		}
		if held, _ := os.ReadFile(path); string(held) != c.holds {
			t.Errorf("%s: the file holds %q", c.name, held)
		}
		if all, err := os.ReadDir(folder); err != nil || len(all) > 1 || len(all) == 1 && c.holds == "" {
			t.Errorf("%s: the folder holds %v, %v", c.name, all, err)
		}
	}
	// Nothing is filled for a name that is taken, or one that is no file.
	never := func(io.Writer) error { t.Error("it was filled"); return nil }
	if _, err := wholeFile(path, false, never); err == nil {
		t.Error("a file was overwritten")
	}
	if _, err := wholeFile(folder, true, never); err == nil {
		t.Error("a folder was overwritten")
	}
	// A name that is taken meanwhile stays whose it is.
	late := filepath.Join(folder, "b.csv")
	_, err := wholeFile(late, false, func(w io.Writer) error { return os.WriteFile(late, []byte("other"), 0o600) })
	if held, _ := os.ReadFile(late); err == nil || string(held) != "other" {
		t.Errorf("the file holds %q, %v", held, err)
	}
}

func TestExportCommand(t *testing.T) {
	data, folder := t.TempDir(), t.TempDir()
	db, err := openDatabase(t.Context(), config{data: data})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() // as beside a server
	if err := verify.Play(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	file := func(name string) string { return filepath.Join(folder, name) }
	for _, c := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"entries", []string{"entries", "--out", file("e.csv")}, exitDone, `"format": "csv"`},
		{"again", []string{"entries", "--out", file("e.csv")}, exitFailed, "is there already"},
		{"overwritten", []string{"entries", "--out", file("e.csv"), "--overwrite"}, exitDone, `"head": "`},
		{"Parquet by the name", []string{"postings", "--out", file("p.parquet")}, exitDone, `"format": "parquet"`},
		{"CSV under another name", []string{"orders", "--out", file("o.txt"), "--format", "csv", "--since", "2026-03-02", "--until", "2026-03-02T11:00:00Z"}, exitDone, `"table": "orders"`},
		{"another format", []string{"orders", "--out", file("o.xlsx")}, exitUsage, "csv or parquet"},
		{"no table", []string{"--out", file("x.csv")}, exitUsage, "say what"},
		{"another table", []string{"readers", "--out", file("x.csv")}, exitUsage, `"readers" is none of`},
		{"no file", []string{"entries"}, exitUsage, "into which file"},
		{"a day that there is not", []string{"entries", "--out", file("x.csv"), "--since", "2026-02-30"}, exitUsage, "2026-01-31"},
		{"a time that ends before it begins", []string{"entries", "--out", file("x.csv"), "--since", "2026-02-02", "--until", "2026-02-01"}, exitUsage, "--until is after --since"},
		{"a folder that there is not", []string{"entries", "--out", file("no/x.csv")}, exitFailed, "no such file"},
		{"a folder without a database", []string{"entries", "--out", file("x.csv"), "--data", folder}, exitFailed, "there is no database"},
	} {
		var out, diag bytes.Buffer
		args := append(append(c.args[:1:1], "--data", data, "--database", "", "--json"), c.args[1:]...)
		if c.name == "no table" {
			args = c.args
		}
		if code := exportCommand(t.Context(), args, &out, &diag); code != c.code || !strings.Contains(out.String()+diag.String(), c.says) {
			t.Errorf("%s: exit code %d\n%s%s", c.name, code, out.String(), diag.String())
		}
		if c.code == exitDone {
			var report exportReport
			if err := json.Unmarshal(out.Bytes(), &report); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			if info, err := os.Stat(report.File); err != nil || info.Size() != report.Bytes || report.Rows == 0 {
				t.Errorf("%s: %+v, %v", c.name, report, err)
			}
		}
	}
	if all, err := os.ReadDir(folder); err != nil || len(all) != 3 {
		t.Errorf("the folder holds %v, %v", all, err)
	}
}
