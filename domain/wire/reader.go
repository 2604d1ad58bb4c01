package wire

import (
	"encoding/binary"
	"math"
	"unicode/utf8"
)

// Reader takes what the Append functions write apart, in the same shortest form. On
// anything else, were it valid CBOR or not, it fails, and stays failed: a general decoder
// has to say what it is.
type Reader struct {
	Rest   []byte // what was not read yet
	Failed bool
}

// Field reads the number of a map's next field. Fields stand in ascending order, so
// none can be there twice.
func (r *Reader) Field(last *uint64) uint64 {
	number := r.Uint(math.MaxUint8)
	if number <= *last {
		r.Failed = true
	}
	*last = number
	return number
}

// Head reads the head of an item and its value, which must have the shortest form.
func (r *Reader) Head() (major byte, value uint64) {
	if r.Failed || len(r.Rest) == 0 {
		r.Failed = true
		return 0, 0
	}
	first := r.Rest[0]
	short := first & 31
	if short < 24 {
		r.Rest = r.Rest[1:]
		return first &^ 31, uint64(short)
	}
	width := 1 << (short - 24)
	if short > 27 || len(r.Rest) < 1+width {
		r.Failed = true
		return 0, 0
	}
	digits := r.Rest[1:]
	least := uint64(24)
	switch width {
	case 1:
		value = uint64(digits[0])
	case 2:
		value, least = uint64(binary.BigEndian.Uint16(digits)), 1<<8
	case 4:
		value, least = uint64(binary.BigEndian.Uint32(digits)), 1<<16
	case 8:
		value, least = binary.BigEndian.Uint64(digits), 1<<32
	}
	r.Failed = value < least
	r.Rest = digits[width:]
	return first &^ 31, value
}

// Size reads how many elements an array or map has. There cannot be more than bytes
// are left, so a false size makes no large slice.
func (r *Reader) Size(major byte) int {
	got, n := r.Head()
	if got != major || n > uint64(len(r.Rest)) {
		r.Failed = true
	}
	if r.Failed {
		return 0
	}
	return int(n)
}

// Exactly reads the head of an array or map, which must have n elements.
func (r *Reader) Exactly(major byte, n int) {
	if r.Size(major) != n {
		r.Failed = true
	}
}

// Uint reads a whole number from zero to most.
func (r *Reader) Uint(most uint64) uint64 {
	major, value := r.Head()
	if major != Uint || value > most {
		r.Failed = true
	}
	return value
}

// Int reads a whole number.
func (r *Reader) Int() int64 {
	major, value := r.Head()
	if (major != Uint && major != Int) || value > math.MaxInt64 {
		r.Failed = true
	}
	if major == Int {
		return -int64(value) - 1
	}
	return int64(value)
}

// ID reads 16 bytes.
func (r *Reader) ID(id *[16]byte) { r.Bytes(id[:]) }

// Bytes reads a string of as many bytes as into has.
func (r *Reader) Bytes(into []byte) {
	if r.Exactly(Bytes, len(into)); !r.Failed {
		r.Rest = r.Rest[copy(into, r.Rest):]
	}
}

// Text reads a text in UTF-8.
func (r *Reader) Text() string {
	n := r.Size(Text)
	value := r.Rest[:n]
	r.Rest = r.Rest[n:]
	if !utf8.Valid(value) {
		r.Failed = true
	}
	return string(value)
}

// Name reads a text that must be want.
func (r *Reader) Name(want string) {
	if r.Text() != want {
		r.Failed = true
	}
}

// Truth reads true or false.
func (r *Reader) Truth() bool {
	if len(r.Rest) == 0 || (r.Rest[0] != True && r.Rest[0] != False) {
		r.Failed = true
		return false
	}
	is := r.Rest[0] == True
	r.Rest = r.Rest[1:]
	return is
}

// Skip passes over one item of at most so many levels; false means that the library has
// to.
func (r *Reader) Skip(depth int) bool {
	major, value := r.Head()
	items := uint64(0)
	switch major {
	case Uint, Int:
	case Bytes, Text:
		if value > uint64(len(r.Rest)) {
			r.Failed = true
			return false
		}
		r.Rest = r.Rest[value:]
	case Array:
		items = value
	case Map:
		items = 2 * value
	default:
		// Of the rest, records have only true and false.
		r.Failed = r.Failed || (byte(value)|major != True && byte(value)|major != False)
	}
	if depth == 0 || items > uint64(len(r.Rest)) {
		r.Failed = r.Failed || items > 0
	}
	for i := uint64(0); i < items && !r.Failed; i++ {
		r.Skip(depth - 1)
	}
	return !r.Failed
}
