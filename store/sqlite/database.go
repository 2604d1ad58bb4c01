package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"
	"github.com/ncruces/go-sqlite3/vfs"

	"farthing.dev/farthing/store"
)

// Options are for tests and special cases; the zero value is right for production.
type Options struct {
	// Synchronous is FULL where it is empty. Anything less loses acknowledged work
	// when the power fails; a test shows it.
	Synchronous string
	// VFS names a registered SQLite VFS; empty is the operating system.
	VFS string
	// CheckpointPages is the size of the WAL, in pages, at which a checkpoint starts;
	// 16384 where it is zero: 64 MB, which a start after a crash reads in a blink.
	CheckpointPages int
	// ReadOnly opens the file for reading, also beside the process that writes it.
	// Every write fails.
	ReadOnly bool
}

// Database is a folder with one SQLite file.
type Database struct {
	path    string
	options Options
	lock    *lock
	still   bool // nobody writes to the file, and nothing can be written beside it

	writing   gate      // held by whoever writes to the file
	unsettled bool      // a commit failed, and the next process may find it done; guarded by the gate
	hot       *appender // appends blocks
	write     *sql.DB   // one connection: durable transactions
	behind    *sql.DB   // one connection: derived data
	read      *sql.DB   // many connections
	readers   chan *reader
	fixed     *fixedReaders
	shreds    *shreds // nil where it is opened for reading

	checkpoint *checkpointer
}

var _ store.Database = (*Database)(nil)

// busyTimeout is how long a connection waits for another's lock.
const busyTimeout = 10 * time.Second

// The file in the folder, and how many connections read it.
const (
	fileName    = "farthing.db"
	lockName    = "farthing.lock"
	readerCount = 3
)

// Open opens the database in folder, which is made if it is not there.
func Open(ctx context.Context, folder string, options Options) (*Database, error) {
	if err := os.MkdirAll(folder, folderMode); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	if options.Synchronous == "" {
		options.Synchronous = "FULL"
	}
	if options.CheckpointPages == 0 {
		options.CheckpointPages = 16384
	}
	d := &Database{path: filepath.Join(folder, fileName), options: options, readers: make(chan *reader, readerCount), writing: newGate()}
	if options.ReadOnly {
		if _, err := os.Stat(d.path); err != nil {
			return nil, fmt.Errorf("open for reading: %w", err)
		}
		var err error
		if d.still, err = still(folder, d.path); err != nil {
			return nil, err
		}
	} else {
		var err error
		if d.lock, err = acquire(filepath.Join(folder, lockName)); err != nil {
			return nil, err
		}
		if err := d.private(folder); err != nil {
			return nil, errors.Join(err, d.Close())
		}
	}
	if err := d.connect(ctx); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// private keeps others out of the folder and its files, before anything is in them.
func (d *Database) private(folder string) error {
	if d.options.VFS == "" {
		if err := touch(d.path, d.path+"-shm"); err != nil {
			return err
		}
	}
	return makePrivate(folder)
}

// syncWAL makes durable what an earlier process wrote and, since it was killed, did not sync.
// SQLite shows that as committed, and a caller who asks again would be told that it was done.
func (d *Database) syncWAL() error {
	if d.options.ReadOnly {
		return nil
	}
	name := d.path + "-wal"
	err := d.syncFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("sync %s: %w", name, err)
	}
	return nil
}

// syncFile syncs a file of the database; fs.ErrNotExist where it is not there.
func (d *Database) syncFile(name string) error {
	files := vfs.Find(d.options.VFS)
	if d.options.VFS == "" || files == nil { // the driver's own opens files only for SQLite
		file, err := os.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		return errors.Join(file.Sync(), file.Close())
	}
	if there, err := files.Access(name, vfs.ACCESS_EXISTS); err != nil || !there {
		return err
	}
	file, _, err := files.Open(name, vfs.OPEN_READWRITE|vfs.OPEN_WAL)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(vfs.SYNC_FULL), file.Close())
}

func (d *Database) connect(ctx context.Context) error {
	if err := d.syncWAL(); err != nil {
		return err
	}
	var err error
	if d.write, err = d.pool("immediate", d.options.Synchronous, 1, secureDelete); err != nil {
		return err
	}
	if err := d.write.PingContext(ctx); err != nil {
		return fmt.Errorf("open %s: %w", d.path, err)
	}
	// NORMAL is enough behind: see the package comment.
	behind := "NORMAL"
	if d.options.Synchronous == "OFF" {
		behind = "OFF"
	}
	if d.behind, err = d.pool("immediate", behind, 1, ""); err != nil {
		return err
	}
	if d.read, err = d.pool("deferred", d.options.Synchronous, readerCount, ""); err != nil {
		return err
	}
	for range readerCount {
		r, err := newReader(d)
		if err != nil {
			return err
		}
		d.readers <- r
	}
	if d.options.ReadOnly {
		return nil
	}
	if d.shreds, err = openShreds(filepath.Join(filepath.Dir(d.path), shredFile)); err != nil {
		return err
	}
	if d.hot, err = newAppender(d); err != nil {
		return err
	}
	if d.fixed, err = newFixedReaders(d); err != nil {
		return err
	}
	d.checkpoint, err = startCheckpointer(d)
	return err
}

// name returns the file's URI.
func (d *Database) name(lock string) string {
	query := url.Values{}
	if lock != "" {
		query.Set("_txlock", lock)
	}
	if d.options.VFS != "" {
		query.Set("vfs", d.options.VFS)
	} else {
		query.Set("modeof", d.path) // of the WAL: nobody else reads it either
	}
	// SQLite reads %20 as a space, and not +.
	if d.still {
		query.Set("immutable", "1")
		query.Set("mode", "ro")
	}
	return "file:" + (&url.URL{Path: d.path}).EscapedPath() + "?" + strings.ReplaceAll(query.Encode(), "+", "%20")
}

// secureDelete has what a connection deletes overwritten in its page. Derived data, of
// which whole pages are freed, goes without: it would be written twice.
const secureDelete = `PRAGMA secure_delete=on`

// pool opens connections through database/sql; each begins with the statements of more.
func (d *Database) pool(lock, synchronous string, size int, more string) (*sql.DB, error) {
	pool, err := driver.Open(d.name(lock), func(c *sqlite3.Conn) error {
		if err := d.prepare(c, synchronous); err != nil {
			return err
		}
		return c.Exec(more)
	})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", d.path, err)
	}
	pool.SetMaxOpenConns(size)
	pool.SetMaxIdleConns(size)
	return pool, nil
}

// connection opens a connection below database/sql, for the paths that count.
func (d *Database) connection() (*sqlite3.Conn, error) {
	c, err := sqlite3.Open(d.name(""))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", d.path, err)
	}
	if err := d.prepare(c, d.options.Synchronous); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func (d *Database) prepare(c *sqlite3.Conn, synchronous string) error {
	if err := c.BusyTimeout(busyTimeout); err != nil {
		return err
	}
	if d.options.ReadOnly {
		return c.Exec(`PRAGMA query_only=on; PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-2048; PRAGMA temp_store=memory`)
	}
	return c.Exec(`PRAGMA page_size=4096; PRAGMA journal_mode=wal; PRAGMA synchronous=` + synchronous +
		`; PRAGMA wal_autocheckpoint=0; PRAGMA foreign_keys=on; PRAGMA cache_size=-4096; PRAGMA temp_store=memory`)
}

// SQL returns the pool for reads.
func (d *Database) SQL() *sql.DB { return d.read }

// Connections returns 0: there is no server that could crash for itself.
func (d *Database) Connections() uint64 { return 0 }

// Dialect returns "sqlite".
func (d *Database) Dialect() string { return "sqlite" }

// Arrange has nothing to do.
func (d *Database) Arrange(context.Context) error { return nil }

// Shared returns false: the lock file keeps other processes out.
func (d *Database) Shared() bool { return false }

// Read runs work in one transaction that sees one moment.
func (d *Database) Read(ctx context.Context, work func(tx *sql.Tx) error) error {
	tx, err := d.read.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin to read: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // there is nothing to commit
	return work(tx)
}

// Write runs work in one durable transaction.
func (d *Database) Write(ctx context.Context, work func(tx *sql.Tx) error) error {
	return d.transact(ctx, d.write, d.committed, work)
}

// WriteBehind runs work in one transaction that the next append makes durable.
func (d *Database) WriteBehind(ctx context.Context, work func(tx *sql.Tx) error) error {
	return d.transact(ctx, d.behind, func(error) {}, work)
}

func (d *Database) transact(ctx context.Context, pool *sql.DB, committed func(error), work func(tx *sql.Tx) error) error {
	if err := d.writing.LockContext(ctx); err != nil {
		return fmt.Errorf("wait for another write: %w", err)
	}
	defer d.writing.Unlock()
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after the commit
	if err := work(tx); err != nil {
		return err
	}
	err = tx.Commit()
	committed(err)
	if err != nil && !undone(err) {
		return fmt.Errorf("%w: commit: %w", store.ErrCommitUnknown, err)
	}
	if err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// Maintain runs work: there is no other process.
func (d *Database) Maintain(ctx context.Context, work func(context.Context) error) (bool, error) {
	return true, work(ctx)
}

// Close closes every connection and gives the folder free.
func (d *Database) Close() error {
	var errs []error
	if d.checkpoint != nil {
		errs = append(errs, d.checkpoint.stop())
	}
	if d.fixed != nil {
		errs = append(errs, d.fixed.close())
	}
	if d.hot != nil {
		errs = append(errs, d.hot.close())
	}
	for {
		select {
		case r := <-d.readers:
			errs = append(errs, r.close())
			continue
		default:
		}
		break
	}
	for _, pool := range []*sql.DB{d.read, d.behind, d.write} {
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	if d.shreds != nil {
		errs = append(errs, d.shreds.close())
	}
	if d.lock != nil {
		errs = append(errs, d.lock.release())
	}
	return errors.Join(errs...)
}
