package verify

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

// Planted says what became of one planted fault.
type Planted struct {
	Invariant int    `json:"invariant"`
	Fault     string `json:"fault"`
	Named     bool   `json:"named"`
	Also      []int  `json:"also,omitempty"` // other invariants that the fault breaks with it
}

// SelfTest fills an empty database, in which the report must be clean, corrupts it in
// one way after another, and says whether each was named. It puts back what it
// corrupted; the database is of no use for anything else.
func SelfTest(ctx context.Context, db store.Database, progress io.Writer) ([]Planted, error) {
	head, err := db.Settled(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the journal's end: %w", err)
	}
	if head.Seq != 0 {
		return nil, errors.New("the self-test corrupts what it works on; give it an empty database")
	}
	if err := Play(ctx, db); err != nil {
		return nil, err
	}
	report, err := Run(ctx, db, Options{Pseudonym: apart})
	if err != nil {
		return nil, err
	}
	if !report.Clean() {
		_, err := report.WriteTo(progress)
		return nil, errors.Join(errors.New("the database is not clean before anything was planted"), err)
	}
	var planted []Planted
	for _, f := range faults() {
		p, err := plant(ctx, db, f)
		if err != nil {
			return nil, fmt.Errorf("plant %q: %w", f.what, err)
		}
		planted = append(planted, p)
	}
	return planted, nil
}

// apart is a pseudonym that keeps vendors apart.
func apart(vendor token.VendorID, user token.UserID) (token.ReaderID, error) {
	key := journal.NewKey(vendor, "selftest", user.String(), nil)
	return token.ReaderID(key.Hash), nil
}

// WriteTable writes what was found as a table for people.
func WriteTable(w io.Writer, planted []Planted) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, p := range planted {
		named := "NOT NAMED"
		if p.Named {
			named = "named"
		}
		if len(p.Also) > 0 {
			named += fmt.Sprintf(", with %v", p.Also)
		}
		fmt.Fprintf(table, "%d\t%s\t%s\n", p.Invariant, p.Fault, named)
	}
	return table.Flush()
}

// plant corrupts the database, verifies it, and puts it back.
func plant(ctx context.Context, db store.Database, f fault) (Planted, error) {
	options := Options{Pseudonym: apart}
	if f.outside != nil {
		f.outside(&options)
	}
	restore, err := corrupt(ctx, db, f)
	if err != nil {
		return Planted{}, err
	}
	report, err := Run(ctx, db, options)
	if err = errors.Join(err, restore()); err != nil {
		return Planted{}, err
	}
	p := Planted{Invariant: f.invariant, Fault: f.what}
	for _, number := range report.Broken() {
		if number == f.invariant {
			p.Named = true
		} else {
			p.Also = append(p.Also, number)
		}
	}
	return p, nil
}

// corrupt plants the fault and returns what takes it out again.
func corrupt(ctx context.Context, db store.Database, f fault) (restore func() error, err error) {
	switch {
	case f.entry != nil, f.block != nil:
		before, err := db.BlocksAfter(ctx, 0, maxBlocks)
		if err != nil {
			return nil, err
		}
		after, err := resealed(before, f)
		if err != nil {
			return nil, err
		}
		return func() error { return replaceBlocks(ctx, db, before) }, replaceBlocks(ctx, db, after)
	case f.derived != nil:
		return f.derived(ctx, db)
	}
	return func() error { return nil }, nil
}

// maxBlocks bounds the journal of a self-test.
const maxBlocks = 10_000

// resealed returns the journal with the fault in it, and every hash as if it had
// always been there.
func resealed(blocks []*journal.Block, f fault) ([]*journal.Block, error) {
	var out []*journal.Block
	var seen []*journal.Entry
	head, done := journal.Head{}, false
	for i, b := range blocks {
		entries, err := b.Entries()
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if f.entry != nil && !done {
				done = f.entry(e, seen)
			}
			seen = append(seen, e)
		}
		sealed, err := journal.Seal(head, b.At, entries)
		if err != nil {
			return nil, err
		}
		head = sealed.Head() // as it was before it is corrupted
		if f.block != nil && (i == len(blocks)-1 || f.middle && i == len(blocks)/2) && !done {
			done = true
			f.block(sealed)
		}
		out = append(out, sealed)
	}
	if !done {
		return nil, errors.New("there is no entry to corrupt")
	}
	return out, nil
}

func replaceBlocks(ctx context.Context, db store.Database, blocks []*journal.Block) error {
	return db.Write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM block`); err != nil {
			return err
		}
		for _, b := range blocks {
			if _, err := tx.ExecContext(ctx, `INSERT INTO block (first, count, at, prev, hash, body) VALUES ($1, $2, $3, $4, $5, $6)`,
				int64(b.First), b.Count, b.At, b.Prev[:], b.Hash[:], b.Body); err != nil {
				return err
			}
		}
		return nil
	})
}
