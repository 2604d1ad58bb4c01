package export

import (
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// Table names what is exported.
type Table string

// The tables.
const (
	Entries  Table = "entries"  // a row for each entry, in their order
	Postings Table = "postings" // a row for each leg of each entry, in their order
	Orders   Table = "orders"   // a row for each order, by id, which is by when they were made
)

// Form says what a column holds.
type Form uint8

// What columns hold.
const (
	Number Form = iota // a whole number
	Moment             // milliseconds since 1970
	Amount             // tokens, written in major units with six decimals
	Word               // one of a few words
	ID                 // an id as the API writes it
	Text               // what somebody wrote
	Truth              // 1 or 0
)

// Column is one of a table. It may be empty in a row unless it is always there.
type Column struct {
	Name   string
	Form   Form
	Always bool
}

// Columns returns the columns of a table, nil where there is no such table.
func Columns(t Table) []Column {
	switch t {
	case Entries:
		return entryColumns()
	case Postings:
		return postingColumns()
	case Orders:
		return orderColumns()
	default:
		return nil
	}
}

// Cell is a value of a row: N for numbers, moments, amounts (in the smallest unit) and truths, S for
// the others. Unless it is Set, it is empty.
type Cell struct {
	Set bool
	N   int64
	S   string
}

func whole(n uint64) Cell { return Cell{Set: true, N: int64(n)} }

func at(millis int64) Cell { return Cell{Set: millis != 0, N: millis} }

func tokens(a token.Amount) Cell { return Cell{Set: true, N: int64(a)} }

func written(s string) Cell { return Cell{Set: s != "", S: s} }

func yes(b bool) Cell {
	if b {
		return Cell{Set: true, N: 1}
	}
	return Cell{Set: true}
}

// shaper makes the rows of a table. add is told of each entry and end when there are no more;
// both hand rows to the encoder, which keeps none of their cells.
type shaper interface {
	columns() []Column
	add(to encoder, e *journal.Entry) error
	end(to encoder) error
	close() error
}

// encoder writes rows in a format.
type encoder interface {
	row(cells []Cell) error
	close() error
}
