package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"farthing.dev/farthing/bench"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

// benchCommand measures purchases on this machine.
func benchCommand(ctx context.Context, args []string, out, diag io.Writer) int {
	b := benchmark{options: bench.Options{Progress: diag}}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	b.flags(flags)
	if code, ok := parseFlags(flags, args, out, diag); !ok {
		return code
	}
	if b.client {
		if err := bench.Client(os.Stdin, out); err != nil {
			fmt.Fprintf(diag, "farthing bench: %v\n", err)
			return exitFailed
		}
		return exitDone
	}
	report, err := b.run(ctx)
	if err != nil {
		fmt.Fprintf(diag, "farthing bench: %v\n", err)
		return exitFailed
	}
	write := report.WriteText
	if b.json {
		write = report.WriteJSON
	}
	if err := write(out); err != nil {
		return exitFailed
	}
	return exitDone
}

// benchmark is what the flags say.
type benchmark struct {
	options  bench.Options
	store    string
	database string
	data     string
	keep     bool
	quick    bool
	json     bool
	client   bool
	crash    bool
}

func (b *benchmark) flags(flags *flag.FlagSet) {
	o := &b.options
	flags.Uint64Var(&o.Seed, "seed", 1, "the workload's seed")
	flags.IntVar(&o.Accounts, "accounts", 1_000_000, "how many accounts there are")
	flags.IntVar(&o.Preload, "preload", 5_000_000, "how many purchases are there before anything is measured")
	flags.IntVar(&o.Vendors, "vendors", 100, "how many vendors there are")
	flags.IntVar(&o.Offers, "offers", 300, "how many offers each vendor has")
	flags.IntVar(&o.Callers, "callers", 256, "how many callers buy at the same time in process")
	flags.IntVar(&o.Connections, "connections", 64, "how many connections buy at the same time over HTTP")
	flags.IntVar(&o.Turns, "turns", 3, "how often each measurement is made; medians are quoted")
	flags.DurationVar(&o.Burst, "burst", 10*time.Second, "how long one turn takes")
	flags.DurationVar(&o.Sustained, "sustained", time.Minute, "how long the long run in process takes; 0 for none")
	flags.StringVar(&o.Only, "only", "", "one measurement: decide, inprocess, http, batch or restart (default all)")
	flags.StringVar(&o.Profiles, "profiles", "", "a folder for profiles of the processor's time and of memory")
	flags.StringVar(&b.store, "store", "sqlite", "sqlite or postgres")
	flags.StringVar(&b.database, "database", "", "with --store postgres: an empty database (default: a private server is started, where PostgreSQL is installed)")
	flags.StringVar(&b.data, "data", "", "the folder to load (default: a new one under the system's temporary folder)")
	flags.BoolVar(&b.keep, "keep", false, "keep the folder, so that the next run with --data need not load it again")
	flags.BoolVar(&b.quick, "quick", false, "a look within a minute: 20,000 accounts, 50,000 purchases, one short turn of each")
	flags.BoolVar(&b.json, "json", false, "write the figures as JSON")
	flags.BoolVar(&b.client, "client", false, "be the load generator of another farthing bench, which says on standard input what to do")
	flags.BoolVar(&b.crash, "crash", false, "sell in --data for a moment, then be killed: another farthing bench starts this")
}

func (b *benchmark) run(ctx context.Context) (report *bench.Report, err error) {
	if b.quick {
		b.options.Accounts, b.options.Preload, b.options.Offers = 20_000, 50_000, 200
		b.options.Turns, b.options.Burst, b.options.Sustained = 1, 3*time.Second, 0
	}
	if !slices.Contains([]string{"", "decide", "inprocess", "http", "batch", "restart"}, b.options.Only) {
		return nil, fmt.Errorf("there is no measurement %q", b.options.Only)
	}
	if b.store != "sqlite" && b.store != "postgres" {
		return nil, fmt.Errorf("there is no store %q; take sqlite or postgres", b.store)
	}
	if b.data == "" {
		if b.data, err = os.MkdirTemp("", "farthing-bench-"); err != nil {
			return nil, err
		}
	}
	if !b.keep && !b.crash {
		defer func() { err = errors.Join(err, b.clean()) }()
	}
	if err := os.MkdirAll(b.data, 0o700); err != nil {
		return nil, err
	}
	place := &benchPlace{data: filepath.Join(b.data, "data")}
	if b.store == "postgres" {
		stop, err := b.postgres(ctx, place)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, stop()) }()
	}
	if b.crash {
		return nil, bench.Crash(ctx, b.options, place)
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	b.options.Folder, b.options.Baseline = b.data, place.database
	b.options.Load = bench.Apart(self, "bench", "--client")
	b.options.Crash = []string{self, "bench", "--crash", "--data", b.data, "--store", b.store, "--database", place.database,
		"--seed", strconv.FormatUint(b.options.Seed, 10), "--accounts", strconv.Itoa(b.options.Accounts),
		"--vendors", strconv.Itoa(b.options.Vendors), "--offers", strconv.Itoa(b.options.Offers),
		"--callers", strconv.Itoa(b.options.Callers), "--burst", b.options.Burst.String()}
	return bench.Run(ctx, b.options, place)
}

// postgres says which database is measured, and starts one where none is named.
func (b *benchmark) postgres(ctx context.Context, place *benchPlace) (stop func() error, err error) {
	if b.database != "" {
		place.database = b.database
		return func() error { return nil }, nil
	}
	place.database, stop, err = startPostgres(ctx)
	return stop, err
}

// clean takes away what a run left in the folder, and the folder where that was all.
func (b *benchmark) clean() error {
	err := errors.Join(os.RemoveAll(filepath.Join(b.data, "data")), os.RemoveAll(filepath.Join(b.data, "postgres")),
		os.RemoveAll(filepath.Join(b.data, "bench.json")))
	_ = os.Remove(b.data) // stays where something else is in it
	return err
}

// benchPlace opens providers for the benchmark, wired as farthing serve wires them.
type benchPlace struct {
	data     string
	database string // a PostgreSQL address; empty for SQLite
}

var _ bench.Place = (*benchPlace)(nil)

// Name returns the store's name.
func (p *benchPlace) Name() string {
	if p.database == "" {
		return "sqlite"
	}
	return "postgres"
}

// Open opens a provider.
func (p *benchPlace) Open(ctx context.Context) (*bench.System, error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	var c config
	c.flags(flags) // every setting at its default
	c.data = p.data
	if err := c.complete(); err != nil {
		return nil, err
	}
	c.database = p.database
	lines, err := os.CreateTemp("", "farthing-bench-*.log") // serve writes a line about each request, too
	if err != nil {
		return nil, err
	}
	if err := os.Remove(lines.Name()); err != nil {
		return nil, errors.Join(err, lines.Close())
	}
	log, flush, err := newLog(c, lines)
	if err != nil {
		return nil, errors.Join(err, lines.Close())
	}
	o, err := openProvider(ctx, c, token.SystemClock{}, log, false)
	if err != nil {
		return nil, errors.Join(err, lines.Close())
	}
	return &bench.System{
		Engine: o.engine, Catalog: store.NewCatalog(o.db), Handler: o.handler, Reader: o.app.ReaderAt,
		Head: func(ctx context.Context) (uint64, error) {
			head, err := o.db.Settled(ctx)
			return head.Seq, err
		},
		Close: func() error {
			err := o.close(context.WithoutCancel(ctx))
			flush()
			return errors.Join(err, lines.Close())
		},
	}, nil
}

// Disk returns how much the folder takes, or the database.
func (p *benchPlace) Disk(ctx context.Context) (int64, error) {
	if p.database == "" {
		return bench.DiskUsage(p.data)
	}
	db, err := sql.Open("pgx", p.database)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	var size int64
	err = db.QueryRowContext(ctx, "SELECT pg_database_size(current_database())").Scan(&size)
	return size, err
}
