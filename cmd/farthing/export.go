package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"farthing.dev/farthing/export"
)

// exporting is what to export, from where and whereto.
type exporting struct {
	config    config
	options   export.Options
	out       string
	overwrite bool
}

// exportReport is what export writes with --json.
type exportReport struct {
	File    string        `json:"file"`
	Table   export.Table  `json:"table"`
	Format  export.Format `json:"format"`
	Rows    uint64        `json:"rows"`
	Entries uint64        `json:"entries"`
	First   uint64        `json:"first_entry,omitempty"`
	Last    uint64        `json:"last_entry,omitempty"`
	Head    string        `json:"head"`
	Bytes   int64         `json:"bytes"`
	Took    float64       `json:"seconds"`
}

// exportCommand writes a table of what is in the journal into a file.
func exportCommand(ctx context.Context, args []string, out, diag io.Writer) int {
	var x exporting
	asJSON, format := false, ""
	first, rest := words(args, 1)
	flags := flag.NewFlagSet("export", flag.ContinueOnError)
	flags.StringVar(&x.out, "out", "", "the `file` to write")
	flags.StringVar(&format, "format", "", "csv or parquet (default: as the file's name ends)")
	flags.Func("since", "the first `day` (2026-01-31) or time (2026-01-31T15:04:05Z), UTC (default: all)", day(&x.options.Since))
	flags.Func("until", "the first `day` or time that is left out again (default: none)", day(&x.options.Until))
	flags.BoolVar(&x.overwrite, "overwrite", false, "overwrite the file where it is there")
	flags.StringVar(&x.config.data, "data", cmp.Or(os.Getenv("FARTHING_DATA"), "farthing-data"), "the data folder; a server may run on it")
	flags.StringVar(&x.config.database, "database", os.Getenv("FARTHING_DATABASE"), "postgres://… (default SQLite in the data folder)")
	flags.BoolVar(&asJSON, "json", false, "write the report as JSON")
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), "Usage: farthing export entries|postings|orders --out FILE [flags]\n\n")
		flags.PrintDefaults()
	}
	if code, ok := parseFlags(flags, rest, out, diag); !ok {
		return code
	}
	x.options.Format = export.Format(cmp.Or(format, strings.TrimPrefix(filepath.Ext(x.out), ".")))
	x.options.Folder, x.options.Progress = filepath.Dir(x.out), diag
	if len(first) == 1 {
		x.options.Table = export.Table(first[0])
	}
	if err := x.check(); err != nil {
		fmt.Fprintf(diag, "farthing export: %v\n", err)
		return exitUsage
	}
	report, err := x.write(ctx)
	return finish("export", report, err, asJSON, out, diag, func() {
		fmt.Fprintf(out, "%s: %d rows of %d entries, %d bytes.\nhead %s\n", report.File, report.Rows, report.Entries, report.Bytes, report.Head)
	})
}

// day reads a day or a time.
func day(into *time.Time) func(string) error {
	return func(text string) (err error) {
		if *into, err = time.Parse(time.DateOnly, text); err != nil {
			*into, err = time.Parse(time.RFC3339, text)
		}
		if err != nil {
			return errors.New("a day is written 2026-01-31, and a time 2026-01-31T15:04:05Z")
		}
		return nil
	}
}

// check refuses what asks for no export that there is.
func (x *exporting) check() error {
	if x.options.Table == "" || x.out == "" {
		return errors.New("say what, and into which file: farthing export entries|postings|orders --out FILE")
	}
	if !x.options.Until.IsZero() && !x.options.Since.Before(x.options.Until) {
		return errors.New("--until is after --since")
	}
	return x.options.Check()
}

func (x *exporting) write(ctx context.Context) (report exportReport, err error) {
	began := time.Now()
	if err := x.config.needDatabase(); err != nil {
		return report, err
	}
	db, err := openBooks(ctx, x.config)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var summary export.Summary
	size, err := wholeFile(x.out, x.overwrite, func(w io.Writer) (err error) {
		summary, err = export.Write(ctx, db, w, x.options)
		return err
	})
	return exportReport{
		File: x.out, Table: x.options.Table, Format: x.options.Format, Rows: summary.Rows, Entries: summary.Entries,
		First: summary.First, Last: summary.Last, Head: summary.Head.String(), Bytes: size, Took: time.Since(began).Round(time.Millisecond).Seconds(),
	}, err
}
