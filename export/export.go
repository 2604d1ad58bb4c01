package export

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/store"
)

// Format names how rows are written.
type Format string

// The formats.
const (
	CSV     Format = "csv"
	Parquet Format = "parquet"
)

// Options say what to export. Table and Format are needed, the rest may be zero.
type Options struct {
	Table    Table
	Format   Format
	Since    time.Time // entries from this time on; zero: from the first
	Until    time.Time // and before this one; zero: to the journal's end
	Folder   string    // for a temporary file, which orders may need; "" for the system's
	Progress io.Writer // told how far it is; nil for nobody

	inMemory int // orders, for tests
}

// Summary says what was exported.
type Summary struct {
	Rows    uint64
	Entries uint64       // in the time that was asked for
	First   uint64       // the first of them; zero for none
	Last    uint64       // and the last
	Head    journal.Head // the journal's end, when the export began
}

// ErrWrong is in the chain where Options ask for what there is not.
var ErrWrong = errors.New("there is no such export")

// progressEvery is how many entries lie between two lines of progress.
const progressEvery = 500_000

// Write writes a table into w, in small pieces. The database's tables are up to date. What it
// wrote before an error is of no use.
func Write(ctx context.Context, db store.Database, w io.Writer, o Options) (summary Summary, err error) {
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	if err := o.Check(); err != nil {
		return summary, err
	}
	shape := o.shaper()
	defer func() { err = errors.Join(err, shape.close()) }()
	encode, err := o.encoder(w, shape.columns())
	if err != nil {
		return summary, err
	}
	x := &exporter{o: o, shape: shape, to: &counted{to: encode}}
	if x.summary.Head, err = store.JournalHead(ctx, db.SQL()); err != nil {
		return summary, err
	}
	if err := x.journal(ctx, db); err != nil {
		return summary, err
	}
	if err := errors.Join(shape.end(x.to), encode.close()); err != nil {
		return summary, err
	}
	x.summary.Rows = x.to.rows
	return x.summary, nil
}

// Check returns an ErrWrong unless Table and Format are among those that there are.
func (o *Options) Check() error {
	switch o.Table {
	case Entries, Postings, Orders:
	default:
		return fmt.Errorf("%w: %q is none of entries, postings, orders", ErrWrong, o.Table)
	}
	switch o.Format {
	case CSV, Parquet:
	default:
		return fmt.Errorf("%w: the format is csv or parquet, not %q", ErrWrong, o.Format)
	}
	return nil
}

// shaper is that of the table.
func (o *Options) shaper() shaper {
	switch o.Table {
	case Entries:
		return &entries{}
	case Postings:
		return &postings{}
	default:
		return newOrders(o.Folder, cmp.Or(o.inMemory, ordersInMemory))
	}
}

// encoder is that of the format.
func (o *Options) encoder(w io.Writer, of []Column) (encoder, error) {
	if o.Format == Parquet {
		return newParquet(w, o.Table, of), nil
	}
	return newCSV(w, of)
}

// counted counts rows.
type counted struct {
	to   encoder
	rows uint64
}

func (c *counted) row(cells []Cell) error {
	c.rows++
	return c.to.row(cells)
}

func (c *counted) close() error { return c.to.close() }

// exporter is one that is under way.
type exporter struct {
	o       Options
	shape   shaper
	to      *counted
	summary Summary
}

// journal hands the entries of the time to the shaper.
func (x *exporter) journal(ctx context.Context, db store.Database) error {
	begin, end, err := x.stretch(ctx, db)
	if err != nil {
		return err
	}
	p := prover{head: x.summary.Head, last: begin - 1}
	told := begin
	for b, err := range blocks(ctx, db, begin, end) {
		if err != nil {
			return err
		}
		if err := p.prove(b); err != nil {
			return err
		}
		if err := x.block(b); err != nil {
			return err
		}
		if b.Last() >= told+progressEvery {
			told = b.Last()
			fmt.Fprintf(x.o.Progress, "entry %d of %d\n", told, end)
		}
	}
	return p.end(end)
}

func (x *exporter) block(b *journal.Block) error {
	entries, err := b.Entries()
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.Complete() {
			return fmt.Errorf("entry %d lacks what a %s tells; farthing verify names what is wrong", e.Seq, e.Kind)
		}
		if err := x.shape.add(x.to, e); err != nil {
			return fmt.Errorf("entry %d: %w", e.Seq, err)
		}
	}
	if x.summary.First == 0 {
		x.summary.First = b.First
	}
	x.summary.Entries += uint64(len(entries))
	x.summary.Last = b.Last()
	return nil
}
