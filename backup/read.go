package backup

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"filippo.io/age"
	"github.com/fxamacker/cbor/v2"

	"farthing.dev/farthing/store"
)

// ErrPassphrase says that a backup was made under another passphrase.
var ErrPassphrase = errors.New("the backup cannot be opened: the passphrase is another one, or the file is no backup")

// maxWork bounds the work that a file can ask for before its passphrase is tried.
const maxWork = 22

// Reader reads one backup.
type Reader struct {
	Header
	from     *cbor.Decoder
	progress io.Writer
}

// Open opens a backup and reads its header.
func Open(r io.Reader, o Options) (*Reader, error) {
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	identity, err := age.NewScryptIdentity(o.Passphrase)
	if err != nil {
		return nil, fmt.Errorf("the passphrase: %w", err)
	}
	identity.SetMaxWorkFactor(maxWork)
	plain, err := age.Decrypt(r, identity)
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrPassphrase, err)
	}
	mode, err := reading()
	if err != nil {
		return nil, err
	}
	b := &Reader{from: mode.NewDecoder(bufio.NewReaderSize(plain, 64<<10)), progress: o.Progress}
	if err := b.from.Decode(&b.Header); err != nil {
		return nil, fmt.Errorf("the backup is damaged: %w", err)
	}
	if b.Format != format {
		return nil, fmt.Errorf("the backup has format %d, and this program reads %d; restore it with the program that made it, %s", b.Format, format, b.Program)
	}
	return b, nil
}

// Load fills a new database that has no tables: it makes them as they were when the backup
// was made, puts the rows in, and brings the tables up to date. Where it fails, the database
// is to be thrown away.
func (b *Reader) Load(ctx context.Context, db store.Database) (Summary, error) {
	summary := Summary{Header: b.Header}
	if err := store.MigrateTo(ctx, db, b.Schema); err != nil {
		return summary, err
	}
	if err := b.empty(ctx, db); err != nil {
		return summary, err
	}
	var table *tableHead
	began := int64(0)
	for {
		var next item
		if err := b.from.Decode(&next); err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				err = errors.New("it ends too early")
			}
			return summary, fmt.Errorf("the backup is damaged: %w", err)
		}
		switch {
		case next.End != nil:
			if next.End.Rows != summary.Rows {
				return summary, fmt.Errorf("the backup is damaged: it has %d rows, and should have %d", summary.Rows, next.End.Rows)
			}
			return summary, store.Migrate(ctx, db)
		case next.Table != nil:
			table, began = next.Table, summary.Rows
			summary.Tables++
		case table == nil:
			return summary, errors.New("the backup is damaged: rows of no table")
		default:
			if err := store.LoadRows(ctx, db, table.Name, table.Columns, next.Rows); err != nil {
				return summary, fmt.Errorf("fill the table %s: %w", table.Name, err)
			}
			before := (summary.Rows - began) / progressEvery
			summary.Rows += int64(len(next.Rows))
			if (summary.Rows-began)/progressEvery > before {
				fmt.Fprintf(b.progress, "%s: %d rows loaded\n", table.Name, summary.Rows-began)
			}
		}
	}
}

// empty takes out what the migrations put in: it is in the backup as well.
func (b *Reader) empty(ctx context.Context, db store.Database) error {
	tables, err := store.TableNames(ctx, db.Dialect(), db.SQL())
	if err != nil {
		return err
	}
	tables = slices.DeleteFunc(tables, left)
	return store.EmptyTables(ctx, db, tables)
}
