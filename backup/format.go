package backup

import (
	"time"

	"github.com/fxamacker/cbor/v2"
)

// format is the number of the form of the stream. A program reads those it knows.
const format = 1

// Header says what a backup is of.
type Header struct {
	Format  int       `cbor:"1,keyasint"`
	Program string    `cbor:"2,keyasint"` // the version that made it
	Dialect string    `cbor:"3,keyasint"` // of the database that it was made of
	Schema  int64     `cbor:"4,keyasint"` // the last migration that had been run
	MadeAt  time.Time `cbor:"5,keyasint"`
	Head    string    `cbor:"6,keyasint"` // the journal's end, as verify writes it
	Entries uint64    `cbor:"7,keyasint"` // in the journal
	Secret  [32]byte  `cbor:"8,keyasint"` // the provider's
}

// item is one item after the header: exactly one of its parts is set.
type item struct {
	Table *tableHead `cbor:"1,keyasint,omitempty"`
	Rows  [][]any    `cbor:"2,keyasint,omitempty"`
	End   *trailer   `cbor:"3,keyasint,omitempty"`
}

// tableHead says whose rows follow.
type tableHead struct {
	Name    string   `cbor:"1,keyasint"`
	Columns []string `cbor:"2,keyasint"`
}

// trailer ends a stream that is whole.
type trailer struct {
	Rows int64 `cbor:"1,keyasint"`
}

// The bounds of a batch of rows: whichever is reached first ends it.
const (
	batchRows  = 500
	batchBytes = 1 << 20
)

// reading are the options of the decoder: numbers come back as int64, and no item can ask
// for more memory than a batch has.
func reading() (cbor.DecMode, error) {
	return cbor.DecOptions{IntDec: cbor.IntDecConvertSigned, MaxArrayElements: 1 << 16}.DecMode()
}

// left is what no backup holds: keys that are to be gone in minutes, and the list of
// migrations, which the program keeps itself.
func left(table string) bool { return table == "ticket_keys" || table == "goose_db_version" }
