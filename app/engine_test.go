package app_test

import (
	"context"
	"database/sql"
	"sync/atomic"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/sqlite"
)

var _ app.Engine = (*store.Engine)(nil)

// reads counts how often a database is read.
type reads struct {
	store.Tables
	count atomic.Int64
}

// SQL counts a read.
func (r *reads) SQL() *sql.DB {
	r.count.Add(1)
	return r.Tables.SQL()
}

// FixedText counts a read.
func (r *reads) FixedText(ctx context.Context, query, key string) (string, error) {
	r.count.Add(1)
	return r.Tables.FixedText(ctx, query, key)
}

// Scrub has what was deleted leave the database's files.
func (r *reads) Scrub(ctx context.Context) error {
	return r.Tables.(*sqlite.Database).Scrub(ctx)
}
