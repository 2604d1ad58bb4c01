//go:build linux

package operations

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"farthing.dev/farthing/tests/launch"
	"farthing.dev/farthing/tests/load"
	"farthing.dev/farthing/tests/pgserver"
)

// startPostgres starts a server of the test's own, which it may harm.
func startPostgres(t *testing.T) *pgserver.Server {
	t.Helper()
	if testing.Short() {
		t.Skip("a database server is not for the quick round")
	}
	server, err := pgserver.Start("/tmp")
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = server.Stop() })
	return server
}

// PgBouncer in session mode sells, also over a restart of itself.
func TestPgBouncerInSessionMode(t *testing.T) {
	pgbouncer := tool(t, "pgbouncer", "pgbouncer")
	server := startPostgres(t)
	dsn, err := server.CreateDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	folder, err := os.MkdirTemp("/tmp", "bouncer")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	address := free(t)
	_, port, _ := net.SplitHostPort(address)
	list := filepath.Join(folder, "userlist.txt")
	if err := os.WriteFile(list, []byte("\"postgres\" \"\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	path := settings(t, folder, "pgbouncer.ini",
		"host=127.0.0.1 port=5432 dbname=farthing", fmt.Sprintf("host=%s port=%d dbname=%s user=postgres", config.Host, config.Port, config.Database),
		"listen_port = 6432", "listen_port = "+port+"\nunix_socket_dir =", "/etc/pgbouncer/userlist.txt", list)
	as, err := pgserver.Account(folder) // it refuses to run as root, too
	if err != nil {
		t.Fatal(err)
	}
	begin(t, as, address, pgbouncer, path)
	p := launch.Serve(t, launch.FreeAddress(t), "--data", t.TempDir(), "--database", "postgres://postgres@"+address+"/farthing?sslmode=disable")
	sell(t, p, 200)
	if code := p.Stop(t); code != 0 {
		t.Errorf("it ended with %d", code)
	}
}

// sell buys so often, and looks for all of it.
func sell(t *testing.T, p *launch.Process, count int) {
	t.Helper()
	buyers := load.New(t, p.URL, p.URL)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); buyers.Run(ctx, 4, 20*time.Millisecond) }()
	for deadline := time.Now().Add(30 * time.Second); buyers.Figures().Acknowledged < count; <-time.After(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Errorf("little is sold: %+v", buyers.Figures())
			break
		}
	}
	stop()
	<-done
	buyers.Check(t, 0, 50)
}

// HAProxy before PostgreSQL asks each node's Patroni (here: something that answers as it
// does) which one is primary, ends the connections to the one that is not any more, and
// the server sells on.
func TestHAProxyBeforePostgreSQL(t *testing.T) {
	haproxy := tool(t, "haproxy", "haproxy")
	server := startPostgres(t)
	dsn, err := server.CreateDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	socket := fmt.Sprintf("%s/.s.PGSQL.%d", config.Host, config.Port)
	nodes := [3]*node{newNode(t, socket), newNode(t, socket), newNode(t, socket)}
	nodes[0].primary.Store(true)
	address := free(t)
	path := settings(t, t.TempDir(), "haproxy-postgresql.cfg", "127.0.0.1:5000", address,
		"127.0.0.1:5432 check port 8008", nodes[0].Address+" check port "+nodes[0].agent,
		"127.0.0.1:5433 check port 8009", nodes[1].Address+" check port "+nodes[1].agent,
		"127.0.0.1:5434 check port 8010", nodes[2].Address+" check port "+nodes[2].agent)
	begin(t, nil, address, haproxy, "-db", "-f", path)
	for nodes[1].asked.Load() < 4 || nodes[2].asked.Load() < 4 { // until then it takes all for primaries
		<-time.After(10 * time.Millisecond)
	}
	p := launch.Serve(t, launch.FreeAddress(t), "--data", t.TempDir(), "--database", "postgres://postgres@"+address+"/"+config.Database+"?sslmode=disable")
	buyers := load.New(t, p.URL, p.URL)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); buyers.Run(ctx, 4, 50*time.Millisecond) }()
	sold := func(what string) {
		t.Helper()
		before := buyers.Figures().Acknowledged
		for deadline := time.Now().Add(30 * time.Second); buyers.Figures().Acknowledged < before+100; <-time.After(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s: nothing is sold: %+v", what, buyers.Figures())
			}
		}
	}
	sold("at first")
	nodes[0].primary.Store(false)
	becomes(t, p.URL, http.StatusServiceUnavailable, "database")
	nodes[1].primary.Store(true)
	sold("at the other node")
	becomes(t, p.URL, http.StatusOK, "ready")
	stop()
	<-done
	t.Logf("%+v", buyers.Figures())
	buyers.Check(t, 0, 50)
}

// outage is how long the database is away: 18 seconds where FARTHING_LONG is set.
func outage() time.Duration {
	if os.Getenv("FARTHING_LONG") == "" {
		return 4 * time.Second
	}
	return 18 * time.Second
}

// An outage of the database, which four callers meet all the time, is a few lines in the
// log; /readyz says so meanwhile, and the server goes on by itself.
func TestAnOutageIsShortInTheLog(t *testing.T) {
	server := startPostgres(t)
	dsn, err := server.CreateDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	path := newNode(t, fmt.Sprintf("%s/.s.PGSQL.%d", config.Host, config.Port))
	through := url.URL{Scheme: "postgres", User: url.User("postgres"), Host: path.Address, Path: config.Database, RawQuery: "sslmode=disable"}
	p := launch.Serve(t, launch.FreeAddress(t), "--data", t.TempDir(), "--database", through.String())
	buyers := load.New(t, p.URL, p.URL)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); buyers.Run(ctx, 4, time.Millisecond) }()
	for buyers.Figures().Acknowledged < 100 {
		<-time.After(time.Millisecond)
	}
	before := len(p.Logs())
	path.Cut(true)
	becomes(t, p.URL, http.StatusServiceUnavailable, "database")
	<-time.After(outage())
	path.Cut(false)
	becomes(t, p.URL, http.StatusOK, "ready")
	sold := buyers.Figures().Acknowledged
	for deadline := time.Now().Add(30 * time.Second); buyers.Figures().Acknowledged < sold+100; <-time.After(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("nothing is sold after the outage: %+v", buyers.Figures())
		}
	}
	stop()
	<-done
	written := p.Logs()[before:]
	t.Logf("%+v; %d bytes and %d lines of log", buyers.Figures(), len(written), strings.Count(written, "\n"))
	if len(written) > 64<<10 {
		t.Errorf("the outage wrote %d bytes of log, such as\n%s", len(written), written[:2000])
	}
	buyers.Check(t, 0, 50)
}
