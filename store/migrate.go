package store

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// ErrNewer marks the error of opening data that a newer version of this program wrote. An
// older one cannot know what the newer one's tables and records mean, so it must not sell
// on them, nor call them sound.
var ErrNewer = errors.New("a newer version of farthing has used this database")

// Migrate brings the tables up to date. There is one set of migrations for all
// databases: types and statements that all of them take. Data of a newer version is left
// as it is: the error is ErrNewer.
func Migrate(ctx context.Context, db Database) error {
	provider, err := migrator(db)
	if err != nil {
		return err
	}
	if err := refuseNewer(ctx, provider); err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	// A newer replica may have migrated while this one waited for the lock.
	if err := refuseNewer(ctx, provider); err != nil {
		return err
	}
	return db.Arrange(ctx)
}

// refuseNewer returns ErrNewer for tables that this program does not know. goose itself
// ignores migrations that it does not have.
func refuseNewer(ctx context.Context, provider *goose.Provider) error {
	current, known, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read which tables there are: %w", err)
	}
	if current > known {
		return fmt.Errorf("%w: its tables are at format %d, and this version knows formats up to %d; run the newer version, or restore a backup that this one made", ErrNewer, current, known)
	}
	return nil
}

// UpToDate reports whether the tables are as this program makes them: false where they
// are those of an earlier version, ErrNewer where they are those of a later one.
func UpToDate(ctx context.Context, db Database) (bool, error) {
	provider, err := migrator(db)
	if err != nil {
		return false, err
	}
	if err := refuseNewer(ctx, provider); err != nil {
		return false, err
	}
	pending, err := provider.HasPending(ctx)
	if err != nil {
		return false, fmt.Errorf("read which tables there are: %w", err)
	}
	return !pending, nil
}

func migrator(db Database) (*goose.Provider, error) {
	folder, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("find migrations: %w", err)
	}
	dialect := database.DialectSQLite3
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true), goose.WithGoMigrations(chainMigration())}
	if db.Dialect() == "postgres" {
		dialect = database.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // seconds between tries, and tries
		if err != nil {
			return nil, fmt.Errorf("lock migrations: %w", err)
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	provider, err := goose.NewProvider(dialect, db.SQL(), spelt{folder, db.Dialect()}, options...)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return provider, nil
}

// spelt is a folder of migrations, spelt for one database. There are two differences: a
// number that is the primary key is the row's own number in SQLite, and needs no
// second tree, if and only if its type is spelt INTEGER; and SQLite has no tables that
// are left out of its log.
type spelt struct {
	fs.FS
	dialect string
}

// Open opens a migration.
func (s spelt) Open(name string) (fs.File, error) {
	file, err := s.FS.Open(name)
	if err != nil || s.dialect != "sqlite" || !strings.HasSuffix(name, ".sql") {
		return file, err
	}
	text, err := io.ReadAll(file)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	text = bytes.ReplaceAll(text, []byte("BIGINT NOT NULL PRIMARY KEY"), []byte("INTEGER NOT NULL PRIMARY KEY"))
	text = bytes.ReplaceAll(text, []byte("CREATE UNLOGGED TABLE"), []byte("CREATE TABLE"))
	return &speltFile{file, bytes.NewReader(text)}, nil
}

// Glob lists migrations.
func (s spelt) Glob(pattern string) ([]string, error) { return fs.Glob(s.FS, pattern) }

// ReadDir lists migrations.
func (s spelt) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(s.FS, name) }

// speltFile is a file with another text.
type speltFile struct {
	fs.File
	text *bytes.Reader
}

// Read reads the text.
func (f *speltFile) Read(p []byte) (int, error) { return f.text.Read(p) }
