package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"farthing.dev/farthing/domain/journal"
)

// FixedColumn is a column of texts that never change once they are there, whose rows are
// found by another one.
type FixedColumn struct{ Table, Key, Column string }

// Database is what a back-end offers to the Engine and to the catalogue.
type Database interface {
	// SQL is the pool for reads.
	SQL() *sql.DB

	// Connections counts the connections to the database made so far, where it is a server,
	// which loses all of them in a crash. It is always 0 where it is not.
	Connections() uint64

	// Read runs work in one transaction that only reads, and of which all statements see the
	// database as of one moment.
	Read(ctx context.Context, work func(tx *sql.Tx) error) error

	// FixedText reads the text of the row with a key, "" where there is none.
	FixedText(ctx context.Context, of FixedColumn, key string) (string, error)

	// Write runs work in one durable transaction: one at a time where the database
	// has one writer, and tried again (a bounded number of times) where concurrent
	// ones can clash. work may therefore run more than once.
	Write(ctx context.Context, work func(tx *sql.Tx) error) error

	// WriteBehind is Write for derived data. Its commit becomes durable no later than
	// the next Append, and never before what was committed ahead of it.
	WriteBehind(ctx context.Context, work func(tx *sql.Tx) error) error

	// Append appends at most one block. No other append, by whichever process, happens
	// between the moment when it has read the end of the journal and its commit. It
	// first hands over the blocks that others appended after head, in order; then
	// decide makes the block, or nil for none. ErrNotAppended in the error's chain
	// says that the block is certainly not there.
	Append(ctx context.Context, head journal.Head, missed func([]*journal.Block) error, decide func() (*journal.Block, error)) error

	// Settled waits until no append is under way and returns the journal's end.
	Settled(ctx context.Context) (journal.Head, error)

	// Shared reports whether other processes may append to the same journal.
	Shared() bool

	// BlocksAfter returns the blocks that hold the entries after seq, ascending, at
	// most limit of them.
	BlocksAfter(ctx context.Context, seq uint64, limit int) ([]*journal.Block, error)

	// BlocksOf returns for each of seqs the block that holds it, and a NoBlockError where
	// none does.
	BlocksOf(ctx context.Context, seqs []uint64) ([]*journal.Block, error)

	// Chunks calls visit with each of the chunks of runs with these ids, in their order:
	// its place among ids and its body, nil where it is not there. A body is good until
	// visit returns; visit reads no other chunks.
	Chunks(ctx context.Context, ids []int64, visit func(place int, body []byte) error) error

	// Maintain runs work while no other process is in Maintain, or returns false
	// without running it.
	Maintain(ctx context.Context, work func(ctx context.Context) error) (bool, error)

	// Arrange has the database store the tables as suits them, where it can be told. It is
	// called when they are up to date.
	Arrange(ctx context.Context) error

	// Upkeep returns why what the database does for itself in the background fails; nil
	// where it does not.
	Upkeep() error

	// Dialect is "sqlite" or "postgres".
	Dialect() string

	Close() error
}

// Key16 is the key of a record in a run; runs are sorted by it.
type Key16 [16]byte

// ErrNotAppended marks an error of Append after which the block is certainly not
// in the journal.
var ErrNotAppended = errors.New("nothing was appended")

// NoBlockError says that no block holds an entry.
type NoBlockError struct{ Seq uint64 }

// Error names the entry.
func (e *NoBlockError) Error() string { return fmt.Sprintf("entry %d is not in the journal", e.Seq) }
