package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"farthing.dev/farthing/app/keys"
	"farthing.dev/farthing/backup"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

// backupReport is what backup and restore write with --json.
type backupReport struct {
	File    string    `json:"file"`
	MadeAt  time.Time `json:"made_at"`
	From    string    `json:"from"` // the kind of database that it was made of
	Schema  int64     `json:"schema"`
	Head    string    `json:"head"`
	Entries uint64    `json:"entries"`
	Tables  int       `json:"tables"`
	Rows    int64     `json:"rows"`
	Bytes   int64     `json:"bytes,omitempty"`
	Sound   *bool     `json:"verified,omitempty"` // of restore
}

func reportOf(file string, s backup.Summary) backupReport {
	return backupReport{File: file, MadeAt: s.MadeAt, From: s.Dialect, Schema: s.Schema, Head: s.Head, Entries: s.Entries, Tables: s.Tables, Rows: s.Rows}
}

// backupCommand writes everything into one encrypted file.
func backupCommand(ctx context.Context, args []string, out, diag io.Writer) int {
	first, rest := words(args, 1)
	asJSON, file := false, ""
	c, code, ok := readConfigAnd("backup FILE", rest, os.Getenv, out, diag, func(flags *flag.FlagSet) {
		flags.BoolVar(&asJSON, "json", false, "write the report as JSON")
		flags.StringVar(&file, "passphrase-file", "", "a file whose first line is the passphrase (default: FARTHING_PASSPHRASE, or asked for)")
	})
	if !ok {
		return code
	}
	if len(first) != 1 {
		fmt.Fprintln(diag, "farthing backup: say into which file: farthing backup FILE")
		return exitUsage
	}
	report, err := writeBackup(ctx, c, first[0], file, diag)
	return finish("backup", report, err, asJSON, out, diag, func() {
		fmt.Fprintf(out, "%s: %d rows of %d tables, %d entries, %d bytes.\nhead %s\n", report.File, report.Rows, report.Tables, report.Entries, report.Bytes, report.Head)
	})
}

// writeBackup makes the file under another name, and gives it its own when it is whole and
// on the disk.
func writeBackup(ctx context.Context, c config, path, passphraseFile string, diag io.Writer) (report backupReport, err error) {
	if err := free(path, false); err != nil {
		return report, err
	}
	if err := c.needDatabase(); err != nil {
		return report, err
	}
	secret, err := readSecret(c.secret, c.data)
	if err != nil {
		return report, err
	}
	passphrase, err := readPassphrase(passphraseFile, true, diag)
	if err != nil {
		return report, err
	}
	db, err := openBooks(ctx, c)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := keys.ProveSecret(ctx, store.NewCatalog(db), secret); err != nil {
		return report, explainSecret(err, c)
	}
	var summary backup.Summary
	size, err := wholeFile(path, false, func(w io.Writer) (err error) {
		summary, err = backup.Write(ctx, db, w, backup.Options{
			Passphrase: passphrase, Secret: secret, Program: version(), Now: token.SystemClock{}.Now(), Progress: diag,
		})
		return err
	})
	report = reportOf(path, summary)
	report.Bytes = size
	return report, err
}
