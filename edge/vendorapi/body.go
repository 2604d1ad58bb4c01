package vendorapi

import (
	"bytes"
	"encoding"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/token"
)

// pool lends buffers, and keeps none that grew larger than most bytes.
type pool struct {
	most int
	free sync.Pool
}

func (p *pool) get() *bytes.Buffer {
	if b, ok := p.free.Get().(*bytes.Buffer); ok {
		b.Reset()
		return b
	}
	return new(bytes.Buffer)
}

func (p *pool) put(b *bytes.Buffer) {
	if b.Cap() <= p.most {
		p.free.Put(b)
	}
}

// buffersFor returns the pool for requests and answers of an operation: batches have one of their
// own, so that others do not keep their large buffers.
func (a *api) buffersFor(o *operation) *pool {
	if o.most > 0 {
		return &a.large
	}
	return &a.small
}

var strict = json.JoinOptions(json.RejectUnknownMembers(true), jsontext.AllowDuplicateNames(false))

// readBody reads the body into in, strictly.
func (a *api) readBody(w http.ResponseWriter, r *http.Request, o *operation, in any) error {
	most := max(a.maxBody, o.most)
	if r.ContentLength > most {
		return errTooLarge
	}
	buffers := a.buffersFor(o)
	buffer := buffers.get()
	defer buffers.put(buffer)
	from := r.Body
	if r.ContentLength < 0 { // else the body is no longer than it says
		from = http.MaxBytesReader(w, from, most)
	}
	if _, err := buffer.ReadFrom(from); err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return errTooLarge
		}
		return malformed("malformed.body_cut")
	}
	body := buffer.Bytes()
	if first := bytes.TrimLeft(body, " \t\r\n"); len(first) == 0 || first[0] != '{' {
		return malformed("malformed.body_no_object")
	}
	if err := decode(body, in); err != nil {
		return explainJSON(body, err)
	}
	return nil
}

// explainJSON says what is wrong with a body, without a word about our types.
func explainJSON(body []byte, err error) error {
	semantic, isSemantic := errors.AsType[*json.SemanticError](err)
	if refusal, ok := errors.AsType[*token.Error](err); ok {
		if isSemantic {
			return refusal.In(bounded(semantic.JSONPointer))
		}
		return refusal
	}
	if isSemantic {
		if errors.Is(err, json.ErrUnknownName) {
			return malformed("malformed.unknown_field", token.Given("got", dotted(semantic.JSONPointer))).In(bounded(semantic.JSONPointer.Parent()))
		}
		return wrongType(body, semantic).In(bounded(semantic.JSONPointer))
	}
	if syntactic, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		if errors.Is(err, jsontext.ErrDuplicateName) {
			return malformed("malformed.field_twice", token.Given("got", dotted(syntactic.JSONPointer))).In(bounded(syntactic.JSONPointer.Parent()))
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return malformed("malformed.json_cut")
		}
	}
	return malformed("malformed.json")
}

// bounded returns where in the body something is, or the member that it lies in where a caller
// sent something long.
func bounded(pointer jsontext.Pointer) string {
	for len(pointer) > 100 {
		pointer = pointer.Parent()
	}
	return string(pointer)
}

// dotted is a pointer as people write it.
func dotted(pointer jsontext.Pointer) string {
	return strings.ReplaceAll(strings.TrimPrefix(string(pointer), "/"), "/", ".")
}

// amounts are the members that hold an amount of money.
var amounts = map[string]bool{"price": true, "amount": true, "fixed": true, "minimum": true}

// wrongType says what belongs in the place of a value of another type.
func wrongType(body []byte, e *json.SemanticError) *token.Error {
	wanted, got := wantedKind(e.GoType), kindName(e.JSONKind)
	switch {
	case e.JSONKind == '0' && wanted == "a_string":
		text := numberAt(body, e.ByteOffset)
		if amounts[e.JSONPointer.LastToken()] {
			return malformed("malformed.amount_number", token.Given("right", amountText(text)), token.Word("got", text))
		}
		return malformed("malformed.string_number", token.Given("right", text), token.Word("got", text))
	case e.GoType == reflect.TypeFor[time.Time]() && e.JSONKind == '"':
		return malformed("malformed.time")
	case e.JSONKind == '0' && wanted == "a_number":
		return malformed("malformed.whole_number", token.Word("got", numberAt(body, e.ByteOffset)))
	case wanted == "" || wanted == got:
		return malformed("malformed.form", token.Word("got", got))
	}
	return malformed("malformed.type", token.Word("wanted", wanted), token.Word("got", got))
}

// wantedKind is the name of what JSON a type is written as, "" where it is none of the plain ones.
func wantedKind(t reflect.Type) string {
	if t == nil {
		return ""
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return "a_string"
	}
	switch t.Kind() {
	case reflect.String:
		return "a_string"
	case reflect.Bool:
		return "a_boolean"
	case reflect.Int, reflect.Int64, reflect.Int32, reflect.Uint32, reflect.Uint64:
		return "a_number"
	case reflect.Slice:
		return "a_list"
	case reflect.Struct:
		return "an_object"
	}
	return ""
}

// kindName is the name of a kind of JSON in the catalogue.
func kindName(kind jsontext.Kind) string {
	switch kind {
	case 't', 'f':
		return "a_boolean"
	case '"':
		return "a_string"
	case '0':
		return "a_number"
	case '{':
		return "an_object"
	case '[':
		return "a_list"
	}
	return "null"
}

// numberAt returns the number that begins near an offset of the body, at most as long as an
// error repeats.
func numberAt(body []byte, offset int64) string {
	if offset < 0 || offset > int64(len(body)) {
		return ""
	}
	const digits = "+-.0123456789eE"
	rest := body[offset:]
	rest = rest[max(0, bytes.IndexAny(rest, digits)):]
	end := 0
	for end < len(rest) && end < token.MaxGiven && strings.IndexByte(digits, rest[end]) >= 0 {
		end++
	}
	return string(rest[:end])
}

// amountText writes a number as the amount that was meant: with two decimals where it has any.
func amountText(number string) string {
	amount, err := token.ParseAmount(number)
	if err != nil || !strings.Contains(number, ".") {
		return number
	}
	return amount.Decimal(2)
}

func malformed(reason token.Reason, params ...token.Param) *token.Error {
	return token.Refuse(token.Malformed, reason, params...)
}

var (
	errTooLarge      = &web.StatusError{Status: http.StatusRequestEntityTooLarge, Refusal: token.Refuse(token.Malformed, "body_too_large.api")}
	errMediaType     = &web.StatusError{Status: http.StatusUnsupportedMediaType, Refusal: token.Refuse(token.Malformed, "media_type_unsupported.api")}
	errNotAcceptable = &web.StatusError{Status: http.StatusNotAcceptable, Refusal: token.Refuse(token.Malformed, "not_acceptable.api")}
	errNoSuchPath    = token.Refuse(token.NotFound, "not_found.path")
	errNotHere       = token.Refuse(token.NotFound, "not_found.not_yours")
	errMethod        = &web.StatusError{Status: http.StatusMethodNotAllowed, Refusal: token.Refuse(token.Malformed, "method_not_allowed.api")}
)
