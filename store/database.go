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
	// ones can clash. work may therefore run more than once. ErrCommitUnknown in the
	// error's chain says that the commit was still waiting, or broke: it may have happened.
	Write(ctx context.Context, work func(tx *sql.Tx) error) error

	// WriteBehind is Write for derived data. Its commit becomes durable no later than
	// the next Append, and never before what was committed ahead of it.
	WriteBehind(ctx context.Context, work func(tx *sql.Tx) error) error

	// Append appends at most one block. No other append, by whichever process, happens
	// between the moment when it has read the end of the journal and its commit. It
	// first hands over the blocks that others appended after head, in order; then
	// decide makes the block, or nil for none. It refuses with ErrOtherJournal where the
	// journal does not hold head, and with ErrLocked where another session kept its lock for
	// too long. ctx bounds everything but the commit, which ends by itself: one that is cut
	// short would be visible before it is durable. ErrNotAppended in the error's chain says
	// that the block is certainly not there. When it returns without an error after a block,
	// everything that could be read before is as durable as the block.
	Append(ctx context.Context, head journal.Head, missed func([]*journal.Block) error, decide func() (*journal.Block, error)) error

	// Settled waits until no append is under way and returns the journal's end, when that
	// is as durable as what Append appends. ctx bounds the waiting for appends only.
	Settled(ctx context.Context) (journal.Head, error)

	// Confirm waits until everything that could be read when it was called is as durable as
	// what Append appends. (A standby may lack what a server shows after a crash, or after
	// somebody cut a commit short.) ctx does not bound it.
	Confirm(ctx context.Context) error

	// Shared reports whether other processes may append to the same journal.
	Shared() bool

	// Follow returns the blocks after head, ascending, at most limit of them. It refuses
	// with ErrOtherJournal where head is not the end of a block of the journal.
	Follow(ctx context.Context, head journal.Head, limit int) ([]*journal.Block, error)

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

// What errors of a Database may have in their chains.
var (
	// ErrNotAppended marks an error of Append after which the block is certainly not
	// in the journal.
	ErrNotAppended = errors.New("nothing was appended")
	// ErrLocked says that another session kept the lock that was waited for.
	ErrLocked = errors.New("another session keeps the journal's lock")
	// ErrOtherJournal says that the database holds a shorter or another journal than the
	// one that was read before: a standby took over that lacked something, or a backup was
	// put back.
	ErrOtherJournal = errors.New("the database holds another journal")
	// ErrCommitUnknown says that nobody knows yet whether a transaction was committed.
	ErrCommitUnknown = errors.New("it is not known whether this was committed")
	// ErrCommitWaiting says that a commit is still under way; ErrCommitUnknown is in the
	// chain, too.
	ErrCommitWaiting = fmt.Errorf("%w: the commit is still waiting for the database", ErrCommitUnknown)
)

// NoBlockError says that no block holds an entry.
type NoBlockError struct{ Seq uint64 }

// Error names the entry.
func (e *NoBlockError) Error() string { return fmt.Sprintf("entry %d is not in the journal", e.Seq) }
