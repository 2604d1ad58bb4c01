//go:build linux

// Package pgtest gives each test a PostgreSQL database of its own. One server serves
// all tests of a package: Main starts it when the first test asks, and stops it.
package pgtest

import (
	"context"
	"errors"
	"sync"
	"testing"

	"farthing.dev/farthing/tests/pgserver"
)

// server is the test process's server. It is a package variable because a test
// process has one, however many tests ask.
var server struct {
	sync.Mutex
	running *pgserver.Server
	failure error
}

// Main runs a package's tests and stops the server: func TestMain(m *testing.M) {
// os.Exit(pgtest.Main(m)) }.
func Main(m *testing.M) int {
	code := m.Run()
	server.Lock()
	defer server.Unlock()
	if server.running != nil {
		if err := server.running.Stop(); err != nil && code == 0 {
			return 1
		}
	}
	return code
}

// Start returns the address of a fresh database. It skips the test in the quick
// round (-short) and where PostgreSQL is not installed. The package's TestMain must call Main.
func Start(tb testing.TB) string {
	tb.Helper()
	if testing.Short() {
		tb.Skip("the quick round starts PostgreSQL for few tests only")
	}
	return StartAlways(tb)
}

// StartAlways is Start, in the quick round too: for the few tests that are worth the two
// seconds.
func StartAlways(tb testing.TB) string {
	tb.Helper()
	server.Lock()
	defer server.Unlock()
	if server.running == nil && server.failure == nil {
		server.running, server.failure = pgserver.Start("/tmp")
	}
	if errors.Is(server.failure, pgserver.ErrMissing) {
		tb.Skip(server.failure)
	}
	if server.failure != nil {
		tb.Fatal(server.failure)
	}
	dsn, err := server.running.CreateDatabase(context.Background())
	if err != nil {
		tb.Fatal(err)
	}
	return dsn
}
