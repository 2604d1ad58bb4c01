package postgres_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"farthing.dev/farthing/store/postgres"
	"farthing.dev/farthing/tests/pgserver"
)

// A server whose standbys lag behind what is acknowledged is refused, unless that is
// permitted.
func TestAsynchronousStandbysAreRefused(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a server of its own")
	}
	server, err := pgserver.Start("/tmp")
	if errors.Is(err, pgserver.ErrMissing) {
		t.Skip("there is no PostgreSQL")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	dsn, err := server.CreateDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	opens := func(options postgres.Options) error {
		options.Patience = time.Millisecond
		db, err := postgres.Open(t.Context(), dsn, options)
		if err == nil {
			err = db.Close()
		}
		return err
	}
	if err := opens(postgres.Options{}); err != nil {
		t.Errorf("a server without standbys: %v", err)
	}
	stop, err := server.Standby(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := opens(postgres.Options{}); err == nil || !strings.Contains(err.Error(), "--async-standbys") {
		t.Errorf("a server with an asynchronous standby: %v", err)
	}
	if err := opens(postgres.Options{AsyncStandbys: true}); err != nil {
		t.Errorf("a server with an asynchronous standby, permitted: %v", err)
	}
	if err := server.AwaitStandbys(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := opens(postgres.Options{}); err != nil {
		t.Errorf("a server with a synchronous standby: %v", err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}
