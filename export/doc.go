// Package export writes what is in the journal into a file for other programs: its entries,
// their postings, or the orders that they are about, as CSV or Parquet.
//
// The journal is read block by block, each proved by its hash and chained to the one before,
// up to where it ended when the export began; so it may run beside a server, and needs the same
// memory however long the journal is. Orders are folded from entries that lie apart: what does
// not fit into memory goes to a temporary file in sorted runs, which are merged.
//
// Nothing of the catalogue is read, so no e-mail address and no name of a reader can get in;
// of vendors' texts only an item's SKU and title do. docs/operations.md lists the columns.
package export
