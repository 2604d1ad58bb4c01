//go:build linux

package soak

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"

	"farthing.dev/farthing/tests/launch"
	"farthing.dev/farthing/tests/load"
	"farthing.dev/farthing/tests/pgserver"
	"farthing.dev/farthing/tests/way"
)

// settings of a run: how long the faults last on each database, and their seed.
func settings(t *testing.T) (during time.Duration, seed uint64) {
	t.Helper()
	if testing.Short() {
		t.Skip("not for the quick round")
	}
	during, seed = 10*time.Second, 20261130
	if text := os.Getenv("FARTHING_SOAK"); text != "" {
		var err error
		during, err = time.ParseDuration(text)
		must(t, err)
		seed = uint64(time.Now().UnixNano()) % 1_000_000
	}
	if text := os.Getenv("FARTHING_SOAK_SEED"); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		must(t, err)
	}
	t.Logf("FARTHING_SOAK=%v FARTHING_SOAK_SEED=%d", during, seed)
	return during, seed
}

// secret is what replicas share.
const secret = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

func TestSQLite(t *testing.T) {
	during, seed := settings(t)
	d := newDisk(t, "4g")
	folder := filepath.Join(d.folder, "data")
	r := startReplica(t, "one", launch.FreeAddress(t), "--data", folder)
	books, remake := []string{"verify", "--data", folder}, []string{"index", "remake", "--data", folder}
	s := &soak{T: t, disk: d, replicas: []*replica{r}, books: books, remake: remake, random: rand.New(rand.NewPCG(seed, 1))}
	s.on = func(work func(*sql.DB) error) error {
		db, err := driver.Open("file:"+filepath.Join(folder, "farthing.db")+"?_txlock=immediate", func(c *sqlite3.Conn) error { return c.BusyTimeout(500 * time.Millisecond) })
		if err != nil {
			return err
		}
		defer db.Close()
		return work(db)
	}
	s.run(during, s.common())
}

func TestPostgreSQL(t *testing.T) {
	during, seed := settings(t)
	d := newDisk(t, "4g")
	server, err := pgserver.Start(d.folder)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = server.Stop() })
	dsn, err := server.CreateDatabase(t.Context())
	must(t, err)
	config, err := pgx.ParseConfig(dsn)
	must(t, err)
	s := &soak{T: t, disk: d, random: rand.New(rand.NewPCG(seed, 2)), books: []string{"verify", "--data", t.TempDir(), "--database", dsn, "--secret", secret}}
	s.remake = []string{"index", "remake", "--database", dsn}
	var faults []*fault
	for i := range 2 {
		path := way.New(t, "unix", fmt.Sprintf("%s/.s.PGSQL.%d", config.Host, config.Port))
		through := url.URL{Scheme: "postgres", User: url.User("postgres"), Host: path.Address, Path: config.Database, RawQuery: "sslmode=disable"}
		name := []string{"one", "two"}[i]
		s.replicas = append(s.replicas, startReplica(t, name, launch.FreeAddress(t), "--data", t.TempDir(), "--database", through.String(), "--secret", secret))
		faults = append(faults,
			&fault{name: name + "'s connections to the database broken", weight: 3, begin: func(*rand.Rand) error { path.Break(); return nil }},
			&fault{name: name + "'s database out of reach", weight: 2, most: 6 * time.Second, begin: func(*rand.Rand) error { path.Cut(true); return nil }, end: func() error { path.Cut(false); return nil }})
	}
	s.on = func(work func(*sql.DB) error) error {
		db := stdlib.OpenDB(*config)
		defer db.Close()
		return work(db)
	}
	faults = append(faults, &fault{name: "database crashed", weight: 1, most: 3 * time.Second,
		begin: func(*rand.Rand) error { server.Crash(); return nil },
		end:   func() error { return s.revive(server) }})
	s.heal = func() error { return s.revive(server) }
	s.run(during, append(faults, s.common()...))
}

// soak is one run.
type soak struct {
	*testing.T
	disk     *disk
	replicas []*replica
	books    []string // the arguments of verify
	remake   []string // those of index remake
	random   *rand.Rand
	on       func(work func(*sql.DB) error) error // works on the database, beside the replicas
	heal     func() error                         // brings the database back after a full disk
	flips    int
}

// revive starts the database server where it has ended, which it does when it meets a full
// disk as it recovers. While the disk is full it cannot start; that is done when there is room.
func (s *soak) revive(server *pgserver.Server) error {
	if !server.Ended() || s.disk.full {
		return nil
	}
	s.Logf("the database server is started again")
	return server.Restart()
}

// common are the faults that every database meets.
func (s *soak) common() []*fault {
	var faults []*fault
	for _, r := range s.replicas {
		signal := func(which syscall.Signal) func(*rand.Rand) error {
			return func(*rand.Rand) error { r.signal(which); return nil }
		}
		faults = append(faults,
			&fault{name: r.name + " killed", weight: 3, begin: signal(syscall.SIGKILL)},
			&fault{name: r.name + " restarted", weight: 2, begin: signal(syscall.SIGTERM)},
			&fault{name: r.name + " paused", weight: 3, most: 8 * time.Second, begin: signal(syscall.SIGSTOP), end: func() error { r.signal(syscall.SIGCONT); return nil }})
	}
	if s.disk.small {
		faults = append(faults, &fault{name: "disk full", weight: 2, most: 4 * time.Second,
			begin: func(*rand.Rand) error { return s.disk.fill() },
			end: func() error {
				err := s.disk.free()
				if err == nil && s.heal != nil {
					err = s.heal()
				}
				return err
			}})
	}
	return append(faults, &fault{name: "bit flipped", weight: 3, begin: func(random *rand.Rand) error {
		_ = s.on(func(db *sql.DB) error { // the database may be away
			flipped, err := flip(s.Context(), db, random)
			if flipped {
				s.flips++
			}
			return err
		})
		return nil
	}})
}

// run sells under faults, and looks what is left.
func (s *soak) run(during time.Duration, faults []*fault) {
	s.Helper()
	s.settle()
	var addresses []string
	for _, r := range s.replicas {
		path := way.New(s, "tcp", strings.Replace(r.address, "localhost", "127.0.0.1", 1))
		addresses = append(addresses, "http://"+path.Address)
		faults = append(faults, &fault{name: r.name + "'s buyers cut off", weight: 2, begin: func(*rand.Rand) error { path.Break(); return nil }})
	}
	buyers := load.New(s, "http://"+s.replicas[0].address, addresses...)
	ctx, stop := context.WithCancel(s.Context())
	done := make(chan struct{})
	go func() { defer close(done); buyers.Run(ctx, 6, 100*time.Millisecond) }()
	w := &weather{random: s.random, faults: faults}
	began := time.Now()
	err := w.rage(began.Add(during))
	if err == nil {
		s.settle()
		before := buyers.Figures().Acknowledged
		for deadline := time.Now().Add(time.Minute); buyers.Figures().Acknowledged < before+50; <-time.After(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				s.Errorf("after all faults are over nothing is sold")
				break
			}
		}
	}
	stop()
	<-done
	figures := buyers.Figures()
	s.Logf("faults in %v: %s; %d bits flipped", time.Since(began).Round(time.Second), w.counts(), s.flips)
	s.Logf("acknowledged %d, never answered %d, longest without a sale %v, other answers %v", figures.Acknowledged, figures.Unsure, figures.Longest.Round(time.Millisecond), figures.Failures)
	must(s.T, err)
	buyers.Check(s, 0, 500)
	for i := range s.replicas[1:] {
		buyers.Sample(s, i+1, 500)
	}
	s.audit()
}

// settle waits until every replica is ready.
func (s *soak) settle() {
	s.Helper()
	for _, r := range s.replicas {
		said := ""
		for deadline, ok := time.Now().Add(2*time.Minute), false; !ok; <-time.After(50 * time.Millisecond) {
			if ok, said = r.ready(); time.Now().After(deadline) {
				log := r.logged(s)
				s.Fatalf("%s is not ready: %s\n%s", r.name, said, log[max(0, len(log)-8000):])
			}
		}
	}
}

// audit stops everything, and proves the books.
func (s *soak) audit() {
	s.Helper()
	for _, r := range s.replicas {
		r.stop(syscall.SIGTERM)
		log := r.logged(s)
		s.Logf("%s was started %d times, ended with %v, wrote %d KiB of log: %s", r.name, r.starts, r.codes, len(log)>>10, messages(log))
		for _, line := range launch.Worst(log) {
			s.Errorf("%s said: %s", r.name, line)
		}
	}
	code, out, diag := launch.Run(s, s.books...)
	if code != 0 && s.flips > 0 && onlyIndex(out) {
		s.Logf("a bit that flipped was read by nobody, until verify read it: what is derived is made again, as docs/operations.md says")
		if code, _, diag := launch.Run(s, s.remake...); code != 0 {
			s.Errorf("index remake ended with %d\n%s", code, diag)
		}
		code, out, diag = launch.Run(s, s.books...)
	}
	if code != 0 {
		s.Errorf("verify ended with %d\n%s%s", code, out, diag)
		return
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	s.Logf("verify is content: %s", lines[len(lines)-1])
}

// onlyIndex reports whether a report finds fault with the index alone: invariant 20.
func onlyIndex(report string) bool {
	for line := range strings.Lines(report) {
		if strings.Contains(line, "BROKEN") && !strings.HasPrefix(line, "20 ") {
			return false
		}
	}
	return strings.Contains(report, "BROKEN")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
