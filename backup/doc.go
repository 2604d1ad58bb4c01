// Package backup writes everything that a provider keeps into one encrypted stream, and
// makes a database of it again.
//
// A backup is made in one read transaction beside whatever is going on, and is the database
// as it stood when that began: each table row by row, in the same form from either database,
// so a backup of SQLite can be restored into PostgreSQL and the other way round. It holds the
// provider's secret too, without which nobody's pseudonym could be told again; so it is
// encrypted under a passphrase, in the format of age (https://age-encryption.org/v1). Keys
// that tickets are sealed under are left out: they live minutes, and what destroys them must
// not be undone by a backup (docs/decisions/0008).
//
// Within the encryption stands a sequence of CBOR items: a Header, then of each table a
// tableHead and batches of rows, and at the end a trailer with the number of rows, without
// which the stream is not whole. Neither side holds more than a batch in memory.
package backup
