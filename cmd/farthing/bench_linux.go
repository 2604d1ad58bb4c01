package main

import (
	"context"
	"errors"
	"os"

	"farthing.dev/farthing/tests/pgserver"
)

// startPostgres starts a private PostgreSQL server and returns an empty database in it.
func startPostgres(ctx context.Context) (database string, stop func() error, err error) {
	server, err := pgserver.Start(os.TempDir())
	if err != nil {
		return "", nil, err
	}
	if database, err = server.CreateDatabase(ctx); err != nil {
		return "", nil, errors.Join(err, server.Stop())
	}
	return database, server.Stop, nil
}
