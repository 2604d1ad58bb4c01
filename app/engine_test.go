package app_test

import (
	"context"
	"database/sql"
	"log/slog"
	"sync/atomic"
	"testing"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/sqlite"
)

var _ app.Engine = (*store.Engine)(nil)

// openEngine returns the engine that the tests run on: the real one.
func openEngine(t testing.TB, db store.Database, clock *clock) app.Engine {
	t.Helper()
	engine, err := store.OpenEngine(t.Context(), db, clock, slog.New(slog.DiscardHandler), store.Options{})
	must(t, err)
	t.Cleanup(func() { _ = engine.Close(context.Background()) })
	return engine
}

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
