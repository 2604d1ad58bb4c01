package journal

import (
	"encoding/binary"
	"math"
	"unicode/utf8"

	"farthing.dev/farthing/domain/entitlement"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// reader takes what appendEntry writes apart. Anything else, were it valid CBOR or
// not, makes it fail, and the library decides what it is.
type reader struct {
	rest   []byte
	failed bool
}

// readEntry decodes the first entry of b into e and returns what follows it; false
// means that the library has to do it.
func readEntry(b []byte, e *Entry) ([]byte, bool) {
	r := reader{rest: b}
	last := uint64(0)
	for range r.size(cborMap) {
		switch r.field(&last) {
		case 1:
			e.Kind = Kind(r.uint(math.MaxUint8))
		case 2:
			r.id((*[16]byte)(&e.Order))
		case 3:
			r.id((*[16]byte)(&e.Account))
		case 4:
			r.id((*[16]byte)(&e.User))
		case 5:
			r.id((*[16]byte)(&e.Vendor))
		case 6:
			e.Legs = r.legs()
		case 7:
			r.exactly(cborArray, 3)
			r.id(&e.Key.Scope)
			r.id(&e.Key.Hash)
			r.bytes(e.Key.Digest[:])
		case 9:
			e.Sale = r.sale()
		case 11:
			e.View = uint32(r.uint(math.MaxUint32))
		case 12:
			r.id((*[16]byte)(&e.By))
		default:
			r.failed = true
		}
		if r.failed {
			return b, false
		}
	}
	return r.rest, !r.failed
}

func (r *reader) legs() []ledger.Leg {
	legs := make([]ledger.Leg, r.size(cborArray))
	for i := range legs {
		r.exactly(cborArray, 2)
		r.exactly(cborArray, 4)
		legs[i].Account.Code = ledger.Code(r.uint(math.MaxUint8))
		r.id(&legs[i].Account.Owner)
		r.bytes(legs[i].Account.Currency[:])
		r.class(&legs[i].Account.Class)
		legs[i].Amount = token.Amount(r.int())
	}
	return legs
}

func (r *reader) class(c *token.Class) {
	last := uint64(0)
	for range r.size(cborMap) {
		switch r.field(&last) {
		case 1:
			c.Kind = token.ClassKind(r.uint(math.MaxUint8))
		case 2:
			r.id((*[16]byte)(&c.Campaign))
		default:
			r.failed = true
		}
	}
}

func (r *reader) sale() *Sale {
	s := &Sale{}
	last := uint64(0)
	for range r.size(cborMap) {
		switch r.field(&last) {
		case 1:
			s.Price = token.Amount(r.int())
		case 2:
			r.bytes(s.Currency[:])
		case 3:
			r.consent(&s.Consent)
		case 4:
			s.Sources = r.sources()
		case 5:
			r.rule(&s.Rule)
		case 6:
			s.Net = token.Amount(r.int())
		case 7:
			s.Fee = token.Amount(r.int())
		case 8:
			s.Lines = r.lines()
		case 9:
			r.id((*[16]byte)(&s.Item))
		case 10:
			r.terms(&s.Terms)
		case 11:
			r.id((*[16]byte)(&s.Offer))
		case 12:
			s.OfferVer = uint32(r.uint(math.MaxUint32))
		case 13:
			s.Until = r.int()
		case 14:
			s.Tracking = r.text()
		case 15:
			s.Test = r.truth()
		default:
			r.failed = true
		}
		if r.failed {
			break
		}
	}
	return s
}

func (r *reader) consent(c *Consent) {
	last := uint64(0)
	for range r.size(cborMap) {
		switch r.field(&last) {
		case 1:
			c.Method = ConsentMethod(r.uint(math.MaxUint8))
		case 2:
			c.Login = r.int()
		case 3:
			c.Until = r.int()
		case 4:
			r.id((*[16]byte)(&c.Allowance))
		default:
			r.failed = true
		}
	}
}

func (r *reader) sources() []Source {
	sources := make([]Source, r.size(cborArray))
	for i := range sources {
		r.exactly(cborArray, 3)
		r.class(&sources[i].Class)
		sources[i].Amount = token.Amount(r.int())
		r.id((*[16]byte)(&sources[i].Issuer))
	}
	return sources
}

func (r *reader) rule(rule *Rule) {
	last := uint64(0)
	for range r.size(cborMap) {
		switch r.field(&last) {
		case 1:
			r.id((*[16]byte)(&rule.Split))
		case 2:
			rule.Version = uint32(r.uint(math.MaxUint32))
		case 3:
			r.exactly(cborMap, 2)
			r.name("PPM")
			rule.Fee.PPM = r.int()
			r.name("Fixed")
			rule.Fee.Fixed = token.Amount(r.int())
		default:
			r.failed = true
		}
	}
}

func (r *reader) lines() []royalty.Line {
	lines := make([]royalty.Line, r.size(cborArray))
	for i := range lines {
		r.exactly(cborArray, 2)
		r.id((*[16]byte)(&lines[i].Payee))
		lines[i].Amount = token.Amount(r.int())
	}
	return lines
}

func (r *reader) terms(t *entitlement.Terms) {
	last := uint64(0)
	for range r.size(cborMap) {
		switch r.field(&last) {
		case 1:
			t.Times = uint32(r.uint(math.MaxUint32))
		case 2:
			t.Hours = uint32(r.uint(math.MaxUint32))
		case 3:
			t.Days = uint32(r.uint(math.MaxUint32))
		case 4:
			t.Expiry = r.int()
		default:
			r.failed = true
		}
	}
}

// field reads the number of a map's next field. Fields stand in ascending order, so
// none can be there twice.
func (r *reader) field(last *uint64) uint64 {
	number := r.uint(math.MaxUint8)
	if number <= *last {
		r.failed = true
	}
	*last = number
	return number
}

// head reads the head of an item and its value, which must have the shortest form.
func (r *reader) head() (major byte, value uint64) {
	if r.failed || len(r.rest) == 0 {
		r.failed = true
		return 0, 0
	}
	first := r.rest[0]
	short := first & 31
	if short < 24 {
		r.rest = r.rest[1:]
		return first &^ 31, uint64(short)
	}
	width := 1 << (short - 24)
	if short > 27 || len(r.rest) < 1+width {
		r.failed = true
		return 0, 0
	}
	digits := r.rest[1:]
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
	r.failed = value < least
	r.rest = digits[width:]
	return first &^ 31, value
}

// size reads how many elements an array or map has. There cannot be more than bytes
// are left, so a false size makes no large slice.
func (r *reader) size(major byte) int {
	got, n := r.head()
	if got != major || n > uint64(len(r.rest)) {
		r.failed = true
	}
	if r.failed {
		return 0
	}
	return int(n)
}

func (r *reader) exactly(major byte, n int) {
	if r.size(major) != n {
		r.failed = true
	}
}

func (r *reader) uint(most uint64) uint64 {
	major, value := r.head()
	if major != cborUint || value > most {
		r.failed = true
	}
	return value
}

func (r *reader) int() int64 {
	major, value := r.head()
	if (major != cborUint && major != cborInt) || value > math.MaxInt64 {
		r.failed = true
	}
	if major == cborInt {
		return -int64(value) - 1
	}
	return int64(value)
}

func (r *reader) id(id *[16]byte) { r.bytes(id[:]) }

func (r *reader) bytes(into []byte) {
	if r.exactly(cborBytes, len(into)); !r.failed {
		r.rest = r.rest[copy(into, r.rest):]
	}
}

func (r *reader) text() string {
	n := r.size(cborText)
	value := r.rest[:n]
	r.rest = r.rest[n:]
	if !utf8.Valid(value) {
		r.failed = true
	}
	return string(value)
}

func (r *reader) name(want string) {
	if r.text() != want {
		r.failed = true
	}
}

func (r *reader) truth() bool {
	if len(r.rest) == 0 || (r.rest[0] != cborTrue && r.rest[0] != cborFalse) {
		r.failed = true
		return false
	}
	is := r.rest[0] == cborTrue
	r.rest = r.rest[1:]
	return is
}

// skip passes over one item, whatever it is; false means that the library has to.
func (r *reader) skip(depth int) bool {
	major, value := r.head()
	items := uint64(0)
	switch major {
	case cborUint, cborInt:
	case cborBytes, cborText:
		if value > uint64(len(r.rest)) {
			r.failed = true
			return false
		}
		r.rest = r.rest[value:]
	case cborArray:
		items = value
	case cborMap:
		items = 2 * value
	default:
		// Of the rest, the journal has only true and false.
		r.failed = r.failed || (byte(value)|major != cborTrue && byte(value)|major != cborFalse)
	}
	if depth == 0 || items > uint64(len(r.rest)) {
		r.failed = r.failed || items > 0
	}
	for i := uint64(0); i < items && !r.failed; i++ {
		r.skip(depth - 1)
	}
	return !r.failed
}
