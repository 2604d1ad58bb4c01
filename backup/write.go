package backup

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io"
	"time"

	"filippo.io/age"
	"github.com/fxamacker/cbor/v2"

	"farthing.dev/farthing/store"
)

// Options say how to write or read a backup. Passphrase is needed, the rest may be zero.
type Options struct {
	Passphrase string
	Secret     [32]byte  // the provider's; for writing
	Program    string    // this program's version; for writing
	Now        time.Time // for writing
	Progress   io.Writer // told how far it is; nil for nobody
	Work       int       // the logarithm of what trying a passphrase costs; 18, which is about a second
}

// progressEvery is how many rows of one table lie between two lines of progress.
const progressEvery = 100_000

// Summary is what a backup holds.
type Summary struct {
	Header
	Tables int
	Rows   int64
}

// Write writes a backup of db into w.
func Write(ctx context.Context, db store.Database, w io.Writer, o Options) (Summary, error) {
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	recipient, err := age.NewScryptRecipient(o.Passphrase)
	if err != nil {
		return Summary{}, fmt.Errorf("the passphrase: %w", err)
	}
	if o.Work > 0 {
		recipient.SetWorkFactor(o.Work)
	}
	encrypted, err := age.Encrypt(w, recipient)
	if err != nil {
		return Summary{}, fmt.Errorf("encrypt: %w", err)
	}
	buffered := bufio.NewWriterSize(encrypted, 64<<10)
	b := &writer{to: cbor.NewEncoder(buffered), progress: o.Progress}
	b.summary.Header = Header{Format: format, Program: o.Program, Dialect: db.Dialect(), MadeAt: o.Now.UTC(), Secret: o.Secret}
	if b.summary.Schema, err = store.SchemaVersion(ctx, db); err != nil {
		return Summary{}, err
	}
	if err := store.Snapshot(ctx, db, func(tx *sql.Tx) error { return b.database(ctx, db, tx) }); err != nil {
		return Summary{}, err
	}
	if err := buffered.Flush(); err != nil {
		return Summary{}, err
	}
	return b.summary, encrypted.Close()
}

// writer writes one backup.
type writer struct {
	to       *cbor.Encoder
	progress io.Writer
	summary  Summary
}

// database writes everything that the transaction sees.
func (b *writer) database(ctx context.Context, db store.Database, tx *sql.Tx) error {
	head, err := store.JournalHead(ctx, tx)
	if err != nil {
		return err
	}
	b.summary.Head, b.summary.Entries = head.String(), head.Seq
	if err := b.to.Encode(b.summary.Header); err != nil {
		return err
	}
	tables, err := store.TableNames(ctx, db.Dialect(), tx)
	if err != nil {
		return err
	}
	for _, table := range tables {
		if left(table) {
			continue
		}
		if err := b.table(ctx, tx, table); err != nil {
			return fmt.Errorf("read the table %s: %w", table, err)
		}
		b.summary.Tables++
	}
	return b.to.Encode(item{End: &trailer{Rows: b.summary.Rows}})
}

// table writes the rows of a table in batches.
func (b *writer) table(ctx context.Context, tx *sql.Tx, name string) error {
	rows, err := tx.QueryContext(ctx, `SELECT * FROM `+name)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	if err := b.to.Encode(item{Table: &tableHead{Name: name, Columns: columns}}); err != nil {
		return err
	}
	began := b.summary.Rows
	var batch [][]any
	size := 0
	for rows.Next() {
		row, bytes, err := scan(rows, len(columns))
		if err != nil {
			return err
		}
		batch, size = append(batch, row), size+bytes
		if b.summary.Rows++; (b.summary.Rows-began)%progressEvery == 0 {
			fmt.Fprintf(b.progress, "%s: %d rows so far\n", name, b.summary.Rows-began)
		}
		if len(batch) < batchRows && size < batchBytes {
			continue
		}
		if err := b.to.Encode(item{Rows: batch}); err != nil {
			return err
		}
		batch, size = batch[:0], 0
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if len(batch) > 0 {
		if err := b.to.Encode(item{Rows: batch}); err != nil {
			return err
		}
	}
	if n := b.summary.Rows - began; n > 0 {
		fmt.Fprintf(b.progress, "%s: %d rows\n", name, n)
	}
	return nil
}

// scan reads a row, and returns about how many bytes it has.
func scan(rows *sql.Rows, columns int) (row []any, bytes int, err error) {
	row = make([]any, columns)
	into := make([]any, columns)
	for i := range row {
		into[i] = &row[i]
	}
	if err := rows.Scan(into...); err != nil {
		return nil, 0, err
	}
	for _, value := range row {
		switch value := value.(type) {
		case nil, int64:
			bytes += 8
		case string:
			bytes += len(value)
		case []byte:
			bytes += len(value)
		default:
			return nil, 0, fmt.Errorf("a column holds a %T, which a backup cannot hold", value)
		}
	}
	return row, bytes, nil
}
