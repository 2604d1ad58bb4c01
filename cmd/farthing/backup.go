package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"farthing.dev/farthing/app"
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
	if _, err := os.Lstat(path); err == nil {
		return report, fmt.Errorf("%s is there already; a backup overwrites nothing", path)
	}
	if _, err := os.Stat(filepath.Join(c.data, "farthing.db")); c.database == "" && err != nil {
		return report, fmt.Errorf("there is no database in %s", c.data)
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
	if _, err := app.ProveSecret(ctx, store.NewCatalog(db), secret); err != nil {
		return report, explainSecret(err, c)
	}
	summary, size, err := backupInto(ctx, db, path, backup.Options{
		Passphrase: passphrase, Secret: secret, Program: version(), Now: token.SystemClock{}.Now(), Progress: diag,
	})
	report = reportOf(path, summary)
	report.Bytes = size
	return report, err
}

func backupInto(ctx context.Context, db store.Database, path string, o backup.Options) (summary backup.Summary, size int64, err error) {
	file, err := os.OpenFile(path+".part", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return summary, 0, fmt.Errorf("make the file: %w", err)
	}
	buffered := bufio.NewWriterSize(file, 256<<10)
	summary, err = backup.Write(ctx, db, buffered, o)
	if err == nil {
		err = buffered.Flush()
	}
	if err == nil {
		err = file.Sync()
	}
	if info, e := file.Stat(); e == nil {
		size = info.Size()
	}
	err = errors.Join(err, file.Close())
	if err == nil {
		err = os.Link(path+".part", path) // unlike renaming, it overwrites nothing
	}
	err = errors.Join(err, os.Remove(path+".part"))
	if err == nil {
		err = syncFolder(filepath.Dir(path))
	}
	return summary, size, err
}
