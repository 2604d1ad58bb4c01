package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"farthing.dev/farthing/projection"
)

// projecting is what to project, and whereto.
type projecting struct {
	config  config
	options projection.Options
	into    string
	rebuild bool
}

// projectReport is what project writes with --json.
type projectReport struct {
	Entries  uint64  `json:"entries"`
	Postings uint64  `json:"postings"`
	Head     string  `json:"head"`
	Took     float64 `json:"seconds"`
}

// projectCommand keeps tables of plain SQL of what is in the journal.
func projectCommand(ctx context.Context, args []string, out, diag io.Writer) int {
	var p projecting
	asJSON, once := false, false
	flags := flag.NewFlagSet("project", flag.ContinueOnError)
	flags.StringVar(&p.into, "into", "", "postgres://… or the `file` of SQLite where the tables are, or are to be")
	flags.BoolVar(&once, "once", false, "write what is new, and end (the default)")
	flags.BoolVar(&p.options.Follow, "follow", false, "go on until it is told to stop")
	flags.BoolVar(&p.rebuild, "rebuild", false, "throw the tables away first, and make them again")
	flags.StringVar(&p.config.data, "data", cmp.Or(os.Getenv("FARTHING_DATA"), "farthing-data"), "the data folder; a server may run on it")
	flags.StringVar(&p.config.database, "database", os.Getenv("FARTHING_DATABASE"), "postgres://… (default SQLite in the data folder)")
	flags.BoolVar(&asJSON, "json", false, "write the report as JSON")
	if code, ok := parseFlags(flags, args, out, diag); !ok {
		return code
	}
	p.options.Progress = diag
	switch {
	case p.into == "":
		fmt.Fprintln(diag, "farthing project: say where the tables are to be: --into FILE, or --into postgres://…")
		return exitUsage
	case once && p.options.Follow:
		fmt.Fprintln(diag, "farthing project: either --once or --follow")
		return exitUsage
	}
	report, err := p.run(ctx)
	return finish("project", report, err, asJSON, out, diag, func() {
		fmt.Fprintf(out, "%d entries, %d postings in %.1f s.\nhead %s\n", report.Entries, report.Postings, report.Took, report.Head)
	})
}

func (p *projecting) run(ctx context.Context) (report projectReport, err error) {
	began := time.Now()
	if err := p.config.needDatabase(); err != nil {
		return report, err
	}
	db, err := openBooks(ctx, p.config)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	target, err := projection.Open(ctx, p.into)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	if err := target.Prepare(ctx, p.rebuild); err != nil {
		return report, err
	}
	summary, err := projection.Run(ctx, db, target, p.options)
	return projectReport{
		Entries: summary.Entries, Postings: summary.Postings, Head: summary.Head.String(), Took: time.Since(began).Round(time.Millisecond).Seconds(),
	}, err
}
