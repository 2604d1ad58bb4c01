package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"time"

	"farthing.dev/farthing/token"
)

// Options say what is measured.
type Options struct {
	Seed     uint64
	Accounts int
	Preload  int // purchases that are there before anything is measured
	Vendors  int
	Offers   int // of each vendor

	Callers     int           // in process
	Connections int           // over HTTP
	Turns       int           // of each measurement; medians are quoted
	Burst       time.Duration // of one turn
	Sustained   time.Duration // of the long run; zero for none

	Only     string   // the one measurement to make: decide, inprocess, http, batch or restart; empty for all
	Folder   string   // where the state of the load is kept
	Load     Load     // the load generator
	Crash    []string // the command that runs Crash on the same place, in a process of its own; nil to leave that out
	Baseline string   // a PostgreSQL database for the baseline; empty to leave that out
	Profiles string   // a folder for profiles of the processor's time and of memory; empty for none
	Progress io.Writer
}

// loaded is what is known of a folder that was loaded before. Its file is written when the
// load is done.
type loaded struct {
	Seed      uint64
	Accounts  int
	Vendors   int
	Offers    int
	Purchases int

	AccountBytes  int64  // on disk before the first purchase
	PurchaseBytes int64  // on disk per purchase, of all that were loaded
	Few           Sample // in process, with only fewPurchases loaded
}

// fewPurchases are there when growth is first measured.
const fewPurchases = 10_000

const loadedFile = "bench.json"

// Run measures a system.
func Run(ctx context.Context, o Options, place Place) (*Report, error) {
	r := &runner{o: o, place: place, w: NewWorkload(o.Seed, o.Accounts, o.Vendors, o.Offers), watch: newProgress(o.Progress)}
	r.ids = token.NewMaker(token.SystemClock{}, nil)
	r.report = &Report{Store: place.Name(), Machine: machine(), Accounts: o.Accounts, Preloaded: o.Preload}
	defer r.watch.end()
	for _, stage := range []struct {
		name string
		run  func(context.Context) error
	}{{"decide", r.decide}, {"load", r.load}, {"inprocess", r.inProcess}, {"http", r.overHTTP}, {"batch", r.inBatches}, {"restart", r.restart}} {
		if o.Only != "" && o.Only != stage.name && stage.name != "load" {
			continue
		}
		if err := errors.Join(stage.run(ctx), ctx.Err()); err != nil {
			return nil, err
		}
	}
	return r.report, nil
}

type runner struct {
	o      Options
	place  Place
	w      *Workload
	ids    *token.Maker
	watch  *progress
	report *Report
}

// with opens the system for as long as use takes.
func (r *runner) with(ctx context.Context, use func(*System) error) error {
	begun := time.Now()
	s, err := r.place.Open(ctx)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	r.report.Ready = time.Since(begun)
	return errors.Join(use(s), s.Close())
}

func (r *runner) decide(context.Context) error {
	var alone, applied Samples
	for range r.o.Turns {
		one, err := Decide(r.w, r.o.Burst/8, false)
		if err != nil {
			return err
		}
		two, err := Decide(r.w, r.o.Burst/8, true)
		if err != nil {
			return err
		}
		alone, applied = append(alone, one), append(applied, two)
	}
	r.report.Decide, r.report.Applied = alone.Median(), applied.Median()
	r.watch.say("%-20s %9.0f/s per core, applied %9.0f/s", "decide", 1/r.report.Decide.CPUEach().Seconds(), 1/r.report.Applied.CPUEach().Seconds())
	debug.FreeOSMemory()
	return nil
}

// load loads what is not there yet.
func (r *runner) load(ctx context.Context) error {
	file := filepath.Join(r.o.Folder, loadedFile)
	want := loaded{Seed: r.o.Seed, Accounts: r.o.Accounts, Vendors: r.o.Vendors, Offers: r.o.Offers, Purchases: r.o.Preload}
	var have loaded
	if text, err := os.ReadFile(file); err == nil {
		if err := json.Unmarshal(text, &have); err != nil {
			return fmt.Errorf("read %s: %w", file, err)
		}
		if have.Seed != want.Seed || have.Accounts != want.Accounts || have.Vendors != want.Vendors || have.Offers != want.Offers || have.Purchases != want.Purchases {
			return fmt.Errorf("%s was loaded otherwise; take another folder, or the same settings", r.o.Folder)
		}
		r.watch.say("%s is loaded already", r.o.Folder)
		r.keep(have)
		return nil
	}
	stop, err := r.profile("load")
	if err != nil {
		return err
	}
	defer stop()
	err = r.with(ctx, func(s *System) error {
		if err := loadCatalog(ctx, r.w, s.Catalog, r.watch); err != nil {
			return err
		}
		return loadAccounts(ctx, r.w, s.Engine, r.watch)
	})
	if err != nil {
		return err
	}
	if want.AccountBytes, err = r.place.Disk(ctx); err != nil {
		return err
	}
	made := uint64(0)
	err = r.with(ctx, func(s *System) error {
		few, err := loadPurchases(ctx, r.w, s, r.ids, min(fewPurchases, r.o.Preload), r.watch)
		if err != nil {
			return err
		}
		if want.Few, err = buyInProcess(ctx, r.w, s, r.ids, r.o.Callers, r.o.Burst/2, r.watch); err != nil {
			return err
		}
		made = few.Count + want.Few.Count
		rest := max(0, r.o.Preload-int(made))
		all, err := loadPurchases(ctx, r.w, s, r.ids, rest, r.watch)
		made += all.Count
		return err
	})
	if err != nil {
		return err
	}
	after, err := r.place.Disk(ctx)
	if err != nil {
		return err
	}
	want.PurchaseBytes = (after - want.AccountBytes) / int64(max(1, made))
	text, err := json.MarshalIndent(want, "", "  ")
	if err != nil {
		return err
	}
	r.keep(want)
	debug.FreeOSMemory()
	return os.WriteFile(file, text, 0o600)
}

func (r *runner) keep(l loaded) {
	r.report.Few, r.report.BytesPerPurchase, r.report.AccountBytes = l.Few, l.PurchaseBytes, l.AccountBytes
}

func (r *runner) inProcess(ctx context.Context) error {
	return r.with(ctx, func(s *System) error {
		forgetHighest()
		stop, err := r.profile("inprocess")
		if err != nil {
			return err
		}
		defer stop()
		var bursts Samples
		for range r.o.Turns {
			one, err := buyInProcess(ctx, r.w, s, r.ids, r.o.Callers, r.o.Burst, r.watch)
			if err != nil {
				return err
			}
			bursts = append(bursts, one)
		}
		r.report.Burst = bursts.Median()
		if r.o.Sustained > 0 {
			if r.report.Sustained, err = buyInProcess(ctx, r.w, s, r.ids, r.o.Callers, r.o.Sustained, r.watch); err != nil {
				return err
			}
		}
		_, r.report.Memory = memory()
		return nil
	})
}

// overHTTP measures the vendor API in turns with what it is compared with.
func (r *runner) overHTTP(ctx context.Context) error {
	return r.with(ctx, func(s *System) error {
		turns := []turn{
			{"empty handler", func() http.Handler { return Empty(r.w, r.ids) }, &r.report.Empty},
			{"vendor API", func() http.Handler { return s.Handler }, &r.report.HTTP},
		}
		if r.o.Baseline != "" {
			r.watch.begin("baseline's tables", 0)
			baseline, err := NewBaseline(ctx, r.w, r.ids, r.o.Baseline)
			if err != nil {
				return err
			}
			defer baseline.Close()
			r.watch.end()
			readers, err := r.w.readers(s)
			if err != nil {
				return err
			}
			handler := baseline.Handler(readers)
			turns = append(turns, turn{"one transaction each", func() http.Handler { return handler }, &r.report.Transaction})
		}
		// A server that has run for a while knows what sells and who buys.
		head, err := s.Head(ctx)
		if err != nil {
			return err
		}
		warm, err := r.w.job(s, head<<8|0xFF, r.o.Connections, 5*r.o.Burst, r.o.Burst)
		if err != nil {
			return err
		}
		if _, err := buyOverHTTP(ctx, s.Handler, r.o.Load, warm, r.watch, "warming up"); err != nil {
			return fmt.Errorf("warm up: %w", err)
		}
		stop, err := r.profile("http")
		if err != nil {
			return err
		}
		defer stop()
		samples := make([]Samples, len(turns))
		for round := range r.o.Turns {
			for i, t := range turns {
				// The head of the journal makes keys new in each run, the round in each turn.
				head, err := s.Head(ctx)
				if err != nil {
					return err
				}
				job, err := r.w.job(s, head<<8|uint64(round*len(turns)+i), r.o.Connections, r.o.Burst/2, r.o.Burst)
				if err != nil {
					return err
				}
				one, err := buyOverHTTP(ctx, t.handler(), r.o.Load, job, r.watch, t.name)
				if err != nil {
					return fmt.Errorf("%s: %w", t.name, err)
				}
				samples[i] = append(samples[i], one)
			}
		}
		for i, t := range turns {
			*t.result = samples[i].Median()
		}
		return nil
	})
}

// inBatches measures batches over HTTP in turns with callers in process, which they are compared with.
func (r *runner) inBatches(ctx context.Context) error {
	return r.with(ctx, func(s *System) error {
		buy := func(round int, warm, lasting time.Duration, what string) (Sample, error) {
			head, err := s.Head(ctx)
			if err != nil {
				return Sample{}, err
			}
			job, err := r.w.batches(s, head<<8|uint64(round), batchSize, warm, lasting)
			if err != nil {
				return Sample{}, err
			}
			return buyOverHTTP(ctx, s.Handler, r.o.Load, job, r.watch, what)
		}
		if _, err := buy(0xFF, 2*r.o.Burst, r.o.Burst, "warming up"); err != nil {
			return fmt.Errorf("warm up: %w", err)
		}
		stop, err := r.profile("batch")
		if err != nil {
			return err
		}
		defer stop()
		var batches, beside Samples
		for round := range r.o.Turns {
			one, err := buyInProcess(ctx, r.w, s, r.ids, r.o.Callers, r.o.Burst, r.watch)
			if err != nil {
				return err
			}
			two, err := buy(round, r.o.Burst/2, r.o.Burst, "batches")
			if err != nil {
				return fmt.Errorf("batches: %w", err)
			}
			beside, batches = append(beside, one), append(batches, two)
		}
		r.report.Beside, r.report.Batch = beside.Median(), batches.Median()
		return nil
	})
}

// turn is one of the things that are measured in turns.
type turn struct {
	name    string
	handler func() http.Handler
	result  *Sample
}

// readers returns who is behind each pseudonym that the workload uses.
func (w *Workload) readers(s *System) (map[token.ReaderID]int, error) {
	all := map[token.ReaderID]int{}
	for reader := range w.buyers() {
		for _, vendor := range w.Favourites(reader) {
			pseudonym, err := s.Reader(w.Vendor(vendor), w.User(reader))
			if err != nil {
				return nil, err
			}
			all[pseudonym] = reader
		}
	}
	return all, nil
}

// restart measures how long it takes to be ready again: after a clean stop, and
// after a process that was killed while it sold.
func (r *runner) restart(ctx context.Context) error {
	if err := r.with(ctx, func(s *System) (err error) {
		r.report.Entries, err = s.Head(ctx)
		return err
	}); err != nil {
		return err
	}
	clean := r.report.Ready
	if r.o.Crash != nil {
		r.watch.say("a process sells and is killed")
		command := exec.CommandContext(ctx, r.o.Crash[0], r.o.Crash[1:]...)
		command.Stderr = r.o.Progress
		err := command.Run()
		if ended, ok := errors.AsType[*exec.ExitError](err); !ok || ended.Exited() {
			return fmt.Errorf("the process that should have been killed was not: %w", err)
		}
		if err := r.with(ctx, func(*System) error { return nil }); err != nil {
			return err
		}
		r.report.ReadyAfterCrash = r.report.Ready
	}
	r.report.Ready = clean
	r.watch.say("%-20s %s after a clean stop, %s after a crash", "ready", clean, r.report.ReadyAfterCrash)
	return nil
}

// Crash sells for a while and then kills its own process, as a failing machine
// would: nothing is closed.
func Crash(ctx context.Context, o Options, place Place) error {
	s, err := place.Open(ctx)
	if err != nil {
		return err
	}
	w := NewWorkload(o.Seed, o.Accounts, o.Vendors, o.Offers)
	time.AfterFunc(o.Burst/2, kill)
	watch := newProgress(io.Discard)
	_, err = buyInProcess(ctx, w, s, token.NewMaker(token.SystemClock{}, nil), o.Callers, 2*o.Burst, watch)
	return errors.Join(err, errors.New("the process lived on"))
}

// profile begins a profile of the processor's time; stop ends it, and adds one of memory.
func (r *runner) profile(name string) (stop func(), err error) {
	if r.o.Profiles == "" {
		return func() {}, nil
	}
	if err := os.MkdirAll(r.o.Profiles, 0o700); err != nil {
		return nil, err
	}
	cpu, err := os.Create(filepath.Join(r.o.Profiles, name+".cpu.pprof"))
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(cpu); err != nil {
		return nil, errors.Join(err, cpu.Close())
	}
	return func() {
		pprof.StopCPUProfile()
		err := cpu.Close()
		for _, kind := range []string{"allocs", "mutex", "block"} {
			file, failed := os.Create(filepath.Join(r.o.Profiles, name+"."+kind+".pprof"))
			if failed != nil {
				err = errors.Join(err, failed)
				continue
			}
			err = errors.Join(err, pprof.Lookup(kind).WriteTo(file, 0), file.Close())
		}
		if err != nil {
			r.watch.say("profile: %v", err)
		}
	}, nil
}

func machine() string {
	return fmt.Sprintf("%d cores, %s/%s, %s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
}
