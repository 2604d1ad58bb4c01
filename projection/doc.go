// Package projection keeps tables of plain SQL of what is in the journal, for those who read with
// SQL: orders, entries, postings and balances, and views in the words of the chart of accounts.
// They stand in a schema of their own in PostgreSQL, the provider's database or another, or in a
// SQLite file. docs/accountants.md says what they hold.
//
// How far the projection has come is a row beside them, moved in the transaction that writes the
// rows of the entries; so each entry is in it exactly once, whatever crashes, and of two that
// follow at once one finds the row moved and begins where it is. Nothing needs a lease, and
// nothing is written to the journal's database, which is opened for reading: that is why
// store.Follower, whose cursor lies beside the journal, is not what follows here.
//
// All of it is derived: it may be thrown away and made again. The tables and their columns are
// those of package export, and so is what they say; nothing of the catalogue is read.
package projection
