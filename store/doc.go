// Package store keeps the journal durable and everything derived from it fast.
//
// The Engine is the same for every database. Concurrent commands are collected
// into a batch; the core decides the batch in memory; its entries are appended
// to the journal as one block in one durable commit; then all callers are
// answered. Nothing on that path writes to a random page.
//
// What is derived from the journal is written behind, as sorted runs (the runs of
// a log-structured merge tree, kept in three ordinary tables):
//
//   - the index: from each journal.Term to the numbers of the entries that mention it,
//   - the snapshots: each account as it stood after its last entry, those of the vendors,
//     payees and campaigns that the ledger owes, and of the provider, among them.
//
// Entries since the last flush are the tail: their terms are in memory, and so
// are the accounts that they mention. A start therefore reads the blocks after the
// last flush, and no more. Derived data may be lost or damaged at any time: what is read
// is proved by checksums (seal.go), and the journal makes it again (runs.go, open.go). The
// blocks of the journal are proved by their hashes (entries.go).
//
// A Database offers little: append a block behind everything that was appended
// before, read blocks, find a chunk of a run, and plain SQL.
//
// Who wants to be handed the journal follows it (follow.go), one process at a time (lease.go).
//
// Reading order: database.go (what a back-end offers), engine.go (the calls),
// batch.go (the loop), facts.go (what decisions see), tail.go and index.go (where
// entries are found), flush.go, guide.go, publish.go and merge.go (what is written behind), open.go
// (how it starts and starts again).
package store
