package projection

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"

	"farthing.dev/farthing/domain/journal"
)

// Schema is where the tables are in PostgreSQL.
const Schema = "projection"

// Errors of a projection, to be compared with errors.Is.
var (
	// ErrOtherJournal says that the projection was made of another journal, or of a longer one: a
	// backup was put back, or the addresses were mixed up.
	ErrOtherJournal = errors.New("the projection was made of another journal")
	// ErrOtherFormat says that another version of this program made the tables.
	ErrOtherFormat = errors.New("another version of farthing made the projection")
	// ErrTaken says that something else stands where the projection is to be.
	ErrTaken = errors.New("this is no place for a projection")
)

// Target is where a projection is, or is to be.
type Target struct {
	db      *sql.DB
	dialect dialect
}

// server matches what names a PostgreSQL database: a URL, or pairs of key=value.
var server = regexp.MustCompile(`^(postgres(ql)?://|[a-z_]+ *=)`)

// Open opens a target: an address of PostgreSQL (postgres://…, or host=… dbname=…) or the name of a
// SQLite file, which is made if it is not there. Nothing is changed in it before Prepare.
func Open(ctx context.Context, into string) (*Target, error) {
	if server.MatchString(into) {
		return openPostgres(ctx, into)
	}
	return openFile(ctx, into)
}

func openPostgres(ctx context.Context, address string) (*Target, error) {
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, fmt.Errorf("read the address of the projection: %w", err)
	}
	config.RuntimeParams["search_path"] = Schema
	config.RuntimeParams["application_name"] = "farthing project"
	// A commit that is lost in a crash is lost with its place in the journal, and done again.
	config.RuntimeParams["synchronous_commit"] = "off"
	return ping(ctx, &Target{db: stdlib.OpenDB(*config), dialect: postgres})
}

func openFile(ctx context.Context, path string) (*Target, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := file.Close(); err != nil {
		return nil, err
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	query := url.Values{"_txlock": {"immediate"}, "modeof": {path}}
	name := "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + strings.ReplaceAll(query.Encode(), "+", "%20")
	db, err := driver.Open(name, func(c *sqlite3.Conn) error {
		return c.Exec(`PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL`)
	})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.SetMaxOpenConns(1)
	t, err := ping(ctx, &Target{db: db, dialect: sqlite})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return t, nil
}

func ping(ctx context.Context, t *Target) (*Target, error) {
	if err := t.db.PingContext(ctx); err != nil {
		return nil, errors.Join(err, t.db.Close())
	}
	return t, nil
}

// Close closes the target.
func (t *Target) Close() error { return t.db.Close() }

// SQL is the target's pool, on whose connections the tables are found by their plain names.
func (t *Target) SQL() *sql.DB { return t.db }

// Head returns up to where the projection stands; zero before its first entry.
func (t *Target) Head(ctx context.Context) (at journal.Head, err error) {
	var hash string
	var seq uint64
	if err := t.db.QueryRowContext(ctx, `SELECT entry, hash FROM projection`).Scan(&seq, &hash); err != nil {
		return at, fmt.Errorf("read how far the projection is: %w", err)
	}
	return journal.ParseHead(fmt.Sprintf("%d:%s", seq, hash))
}

// Prepare makes the tables and views if they are not there. With again it throws away what
// is in them, so that the projection is made again. Otherwise tables of another version are
// refused with ErrOtherFormat.
func (t *Target) Prepare(ctx context.Context, again bool) error {
	return t.write(ctx, func(tx *sql.Tx) error {
		if err := t.refuseTaken(ctx, tx); err != nil {
			return err
		}
		made, err := t.format(ctx, tx)
		switch {
		case err != nil:
			return err
		case made == format && !again:
			return nil
		case made == format:
			return t.clear(ctx, tx)
		case made != 0 && !again:
			return fmt.Errorf("%w: it is of format %d, and this version makes format %d; make it again with --rebuild", ErrOtherFormat, made, format)
		case made != 0:
			if err := t.drop(ctx, tx); err != nil {
				return err
			}
		}
		return t.create(ctx, tx)
	})
}

// refuseTaken refuses a file that is not the projection's: above all the provider's own.
func (t *Target) refuseTaken(ctx context.Context, tx *sql.Tx) error {
	if t.dialect != sqlite {
		for _, statement := range []string{`SELECT pg_advisory_xact_lock(7238012731)`, `CREATE SCHEMA IF NOT EXISTS ` + Schema} {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("make the schema %s: %w", Schema, err)
			}
		}
		return nil
	}
	var others int
	err := tx.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'projection')`).Scan(&others)
	if err == nil && others > 0 {
		err = fmt.Errorf("%w: the file holds other tables; name a file of its own", ErrTaken)
	}
	return err
}

// format returns the format of the tables; 0 where there are none.
func (t *Target) format(ctx context.Context, tx *sql.Tx) (made int, err error) {
	query := `SELECT count(*) FROM sqlite_schema WHERE name = 'projection'`
	if t.dialect == postgres {
		query = `SELECT count(*) FROM information_schema.tables WHERE table_schema = '` + Schema + `' AND table_name = 'projection'`
	}
	if err := tx.QueryRowContext(ctx, query).Scan(&made); err != nil || made == 0 {
		return 0, err
	}
	err = tx.QueryRowContext(ctx, `SELECT format FROM projection`).Scan(&made)
	return made, err
}

// write runs work in a transaction.
func (t *Target) write(ctx context.Context, work func(tx *sql.Tx) error) error {
	tx, err := t.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := work(tx); err != nil {
		return err
	}
	return tx.Commit()
}
