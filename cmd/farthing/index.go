package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"

	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/postgres"
	"farthing.dev/farthing/store/sqlite"
	"farthing.dev/farthing/token"
)

// remade is what index remake tells.
type remade struct {
	Entries uint64 `json:"entries"` // of the journal, from which all was made
	Head    string `json:"head"`
}

// indexCommand is `farthing index remake`.
func indexCommand(ctx context.Context, args []string, out, diag io.Writer) int {
	var c config
	var asJSON bool
	flags := flag.NewFlagSet("index", flag.ContinueOnError)
	flags.StringVar(&c.data, "data", cmp.Or(os.Getenv("FARTHING_DATA"), "farthing-data"), "the data folder")
	flags.StringVar(&c.database, "database", os.Getenv("FARTHING_DATABASE"), "postgres://… (default SQLite in the data folder)")
	flags.BoolVar(&asJSON, "json", false, "write the result as JSON")
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), `Usage: farthing index remake [flags]

Makes all that is derived from the journal again: the index, and the snapshots of accounts with
what is owed to vendors, payees and the provider. For when farthing verify finds them damaged (invariants 2, 20, 29
and 30) and the journal whole. No server may run meanwhile.

`)
		flags.PrintDefaults()
	}
	if code, ok := parseWord(flags, "remake", args, out, diag); !ok {
		return code
	}
	made, err := remake(ctx, c, diag)
	switch {
	case err != nil:
		fmt.Fprintf(diag, "farthing index: %v\n", err)
	case asJSON:
		err = json.NewEncoder(out).Encode(made)
	default:
		fmt.Fprintf(out, "All that is derived from the journal was made again, up to entry %d.\n", made.Entries)
	}
	return exitCode(err)
}

func remake(ctx context.Context, c config, diag io.Writer) (made remade, err error) {
	if err := c.needDatabase(); err != nil {
		return made, err
	}
	db, err := c.open(ctx, sqlite.Options{}, postgres.Options{AsyncStandbys: true, Name: "farthing index"})
	if err != nil {
		return made, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if known, err := store.UpToDate(ctx, db); err != nil || !known {
		return made, errors.Join(err, errors.New("the tables are those of another version; start farthing serve on them once"))
	}
	if server, ok := db.(*postgres.Database); ok {
		if others, err := server.Servers(ctx); err != nil || others > 0 {
			return made, errors.Join(err, fmt.Errorf("servers are still connected to the database (%d connections): stop all replicas first", others))
		}
	}
	if err := store.ForgetDerived(ctx, db); err != nil {
		return made, err
	}
	engine, err := store.OpenEngine(ctx, db, token.SystemClock{}, slog.New(slog.NewTextHandler(diag, nil)), store.Options{})
	if err != nil {
		return made, err
	}
	err = engine.Flush(ctx)
	head := engine.Head()
	return remade{Entries: head.Seq, Head: head.String()}, errors.Join(err, engine.Close(ctx))
}
