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

// form says what a column holds.
type form uint8

const (
	number form = iota // a whole number
	moment             // milliseconds since 1970
	amount             // tokens, written in major units with six decimals
	word               // one of a few words
	id                 // an id as the API writes it
	text               // what somebody wrote
	truth              // 1 or 0
)

// column is one of a table. It may be empty in a row unless it is always there.
type column struct {
	name   string
	form   form
	always bool
}

// cell is a value of a row: n for numbers, moments, amounts and truths, s for the others.
type cell struct {
	set bool
	n   int64
	s   string
}

func whole(n uint64) cell { return cell{set: true, n: int64(n)} }

func at(millis int64) cell { return cell{set: millis != 0, n: millis} }

func tokens(a token.Amount) cell { return cell{set: true, n: int64(a)} }

func written(s string) cell { return cell{set: s != "", s: s} }

func yes(b bool) cell {
	if b {
		return cell{set: true, n: 1}
	}
	return cell{set: true}
}

// shaper makes the rows of a table. add is told of each entry and end when there are no more;
// both hand rows to the encoder, which keeps none of their cells.
type shaper interface {
	columns() []column
	add(to encoder, e *journal.Entry) error
	end(to encoder) error
	close() error
}

// encoder writes rows in a format.
type encoder interface {
	row(cells []cell) error
	close() error
}
