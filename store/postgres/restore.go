package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"farthing.dev/farthing/store"
)

// aside is the schema in which a database is restored, and looked at before it counts.
const aside = "farthing_restoring"

// ErrNotEmpty says that there are tables where a backup was to be restored.
var ErrNotEmpty = errors.New("the database is not empty: restore into a new one")

// OpenAside opens an empty database for restoring into it: its tables are made in a schema
// of their own, which no server reads, until Adopt. What an earlier restore left there is
// dropped. A database with tables is ErrNotEmpty.
func OpenAside(ctx context.Context, dsn string, options Options) (*Database, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("read the database's address: %w", err)
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var tables int
	if err := conn.QueryRow(ctx, `SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()`).Scan(&tables); err != nil {
		return nil, fmt.Errorf("look whether the database is empty: %w", err)
	}
	if tables > 0 {
		return nil, ErrNotEmpty
	}
	for _, statement := range []string{`DROP SCHEMA IF EXISTS ` + aside + ` CASCADE`, `CREATE SCHEMA ` + aside} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return nil, fmt.Errorf("make a place for the tables: %w", err)
		}
	}
	options.schema = aside
	return Open(ctx, dsn, options)
}

// Adopt puts what was restored in its place, in one transaction.
func (d *Database) Adopt(ctx context.Context, dsn string) error {
	tables, err := store.TableNames(ctx, d.Dialect(), d.SQL())
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		var place string
		if err := tx.QueryRow(ctx, `SELECT current_schema()`).Scan(&place); err != nil {
			return err
		}
		for _, table := range tables {
			if _, err := tx.Exec(ctx, `ALTER TABLE `+aside+`.`+table+` SET SCHEMA `+pgx.Identifier{place}.Sanitize()); err != nil {
				return fmt.Errorf("put the table %s in its place: %w", table, err)
			}
		}
		_, err := tx.Exec(ctx, `DROP SCHEMA `+aside+` CASCADE`)
		return err
	})
}

// Discard drops what was restored aside.
func (d *Database) Discard(ctx context.Context) error {
	_, err := d.pool.ExecContext(ctx, `DROP SCHEMA IF EXISTS `+aside+` CASCADE`)
	return err
}
