package vendorapi

import (
	"bytes"
	"math"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"farthing.dev/farthing/token"
)

// The JSON of purchases is read and written by hand: machines send it by the thousand, and
// reflection takes several times as long. Whatever is unusual about it (an escape, a field twice,
// a null, a wrong type) is left to the library, which reads it or says what is wrong, and so is
// all other JSON. Tests hold the two against each other.

// written is a body that writes itself as the library would.
type written interface{ write(w *writer) }

// encode writes a body.
func encode(buffer *bytes.Buffer, body any) error {
	if by, ok := body.(written); ok {
		w := writer{b: buffer.AvailableBuffer()}
		if by.write(&w); !w.odd {
			buffer.Write(w.b)
			return nil
		}
	}
	return json.MarshalWrite(buffer, body)
}

// writer appends JSON.
type writer struct {
	b   []byte
	odd bool // only the library can write it, or refuse it
}

// begin begins an object, as the value of a field or where name is empty by itself.
func (w *writer) begin(name string) {
	if name != "" {
		w.name(name)
	}
	w.b = append(w.b, '{')
}

func (w *writer) end() { w.b = append(w.b, '}') }

func (w *writer) name(name string) {
	w.comma('{')
	w.b = append(append(append(w.b, '"'), name...), '"', ':')
}

// comma parts what comes from what came before, if that is not the beginning.
func (w *writer) comma(beginning byte) {
	if w.b[len(w.b)-1] != beginning {
		w.b = append(w.b, ',')
	}
}

// text writes a field, unless it is empty.
func (w *writer) text(name, value string) {
	if value != "" {
		w.anyText(name, value)
	}
}

// anyText writes a field.
func (w *writer) anyText(name, value string) {
	w.name(name)
	for i := range len(value) {
		if !isPlain(value[i]) {
			var err error
			w.b, err = jsontext.AppendQuote(w.b, value)
			w.odd = w.odd || err != nil
			return
		}
	}
	w.b = append(append(append(w.b, '"'), value...), '"')
}

// number writes a field, unless it is zero.
func (w *writer) number(name string, n int64) {
	if n != 0 {
		w.anyNumber(name, n)
	}
}

// anyNumber writes a field.
func (w *writer) anyNumber(name string, n int64) {
	w.name(name)
	w.b = strconv.AppendInt(w.b, n, 10)
}

// yes writes a field, unless it is false.
func (w *writer) yes(name string, is bool) {
	if is {
		w.anyBool(name, is)
	}
}

// anyBool writes a field.
func (w *writer) anyBool(name string, is bool) {
	w.name(name)
	w.b = strconv.AppendBool(w.b, is)
}

// time writes a field, unless it is zero.
func (w *writer) time(name string, at time.Time) {
	if !at.IsZero() {
		w.anyTime(name, at)
	}
}

// anyTime writes a field.
func (w *writer) anyTime(name string, at time.Time) {
	w.name(name)
	if year := at.Year(); at.Location() != time.UTC || year < 0 || year > 9999 {
		w.odd = true
		return
	}
	w.b = append(at.AppendFormat(append(w.b, '"'), time.RFC3339Nano), '"')
}

// writeID writes a field, unless it is zero.
func writeID[K token.Kind](w *writer, name string, id token.ID[K]) {
	if !id.IsZero() {
		writeAnyID(w, name, id)
	}
}

// writeAnyID writes a field.
func writeAnyID[K token.Kind](w *writer, name string, id token.ID[K]) {
	w.name(name)
	w.b, _ = id.AppendText(append(w.b, '"')) // never fails
	w.b = append(w.b, '"')
}

// quick is a body that reads itself where it is as programs write it.
type quick interface {
	// read reads the body, or reports that it is left to the library.
	read(body []byte) bool
}

// decode reads a body, strictly.
func decode(body []byte, in any) error {
	if by, ok := in.(quick); ok && by.read(body) {
		return nil
	}
	return json.Unmarshal(body, in, strict)
}

// reader takes JSON apart.
type reader struct {
	rest []byte
	odd  bool // only the library can read it, or refuse it
}

// isPlain reports whether a character stands for itself in a JSON text, and is one byte.
func isPlain(c byte) bool { return c >= ' ' && c < 0x80 && c != '"' && c != '\\' }

// try takes a character, if it is the next one.
func (r *reader) try(c byte) bool {
	for len(r.rest) > 0 {
		switch next := r.rest[0]; next {
		case ' ', '\t', '\n', '\r':
			r.rest = r.rest[1:]
		case c:
			r.rest = r.rest[1:]
			return true
		default:
			return false
		}
	}
	return false
}

// take takes a character, which must be the next one.
func (r *reader) take(c byte) { r.odd = !r.try(c) || r.odd }

// text takes a text. It is good until the body is used again.
func (r *reader) text() []byte {
	r.take('"')
	for i, c := range r.rest {
		if c == '"' {
			text := r.rest[:i]
			r.rest = r.rest[i+1:]
			return text
		}
		if !isPlain(c) {
			break
		}
	}
	r.odd = true
	return nil
}

// number takes a whole number.
func (r *reader) number() uint32 {
	for len(r.rest) > 0 && r.rest[0] == ' ' {
		r.rest = r.rest[1:]
	}
	n, digits := uint64(0), 0
	for ; digits < len(r.rest) && digits <= 10 && r.rest[digits] >= '0' && r.rest[digits] <= '9'; digits++ {
		n = n*10 + uint64(r.rest[digits]-'0')
	}
	if digits == 0 || digits > 10 || n > math.MaxUint32 || r.rest[0] == '0' && digits > 1 {
		r.odd = true
		return 0
	}
	r.rest = r.rest[digits:]
	return uint32(n)
}

// object takes an object: field takes the value of the field with each name. What follows the
// value shows whether it took all of it.
func (r *reader) object(field func(name []byte)) {
	r.take('{')
	if r.odd || r.try('}') {
		return
	}
	for {
		name := r.text()
		if r.take(':'); r.odd {
			return
		}
		field(name)
		if r.odd {
			return
		}
		if !r.try(',') {
			r.take('}')
			return
		}
	}
}

// once is called for each field of an object that has been found, with a bit of its own.
func (r *reader) once(seen *uint, field uint) {
	r.odd = r.odd || *seen&field != 0
	*seen |= field
}

// done reports whether all was read and nothing was odd.
func (r *reader) done() bool {
	for _, c := range r.rest {
		if c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return false
		}
	}
	return !r.odd
}
