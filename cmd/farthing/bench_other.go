//go:build !linux

package main

import (
	"context"
	"errors"
)

// startPostgres is there on Linux only.
func startPostgres(context.Context) (database string, stop func() error, err error) {
	return "", nil, errors.New("on this system a PostgreSQL database has to be named with --database")
}
