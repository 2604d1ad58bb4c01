package vendorapi

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"unicode/utf8"

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
	if _, err := buffer.ReadFrom(http.MaxBytesReader(w, r.Body, most)); err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return errTooLarge
		}
		return malformed("the body could not be read to its end")
	}
	body := buffer.Bytes()
	if first := bytes.TrimLeft(body, " \t\r\n"); len(first) == 0 || first[0] != '{' {
		return malformed("the body is a JSON object; send {} where there is nothing to say")
	}
	if err := json.Unmarshal(body, in, strict); err != nil {
		return explainJSON(err)
	}
	return nil
}

// explainJSON says what is wrong with a body, without a word about our types.
func explainJSON(err error) error {
	if refusal, ok := errors.AsType[*token.Error](err); ok {
		detail := refusal.Detail
		if semantic, ok := errors.AsType[*json.SemanticError](err); ok {
			detail = field(semantic.JSONPointer) + ": " + detail
		}
		return &token.Error{Kind: refusal.Kind, Code: refusal.Code, Detail: detail}
	}
	if semantic, ok := errors.AsType[*json.SemanticError](err); ok {
		if errors.Is(err, json.ErrUnknownName) {
			return malformed("there is no field " + field(semantic.JSONPointer))
		}
		return malformed("the field " + field(semantic.JSONPointer) + " cannot be " + kindName(semantic.JSONKind) + " like that; see /docs for its form")
	}
	if syntactic, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		if errors.Is(err, jsontext.ErrDuplicateName) {
			return malformed("the field " + field(syntactic.JSONPointer) + " stands there twice")
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return malformed("the JSON ends too early")
		}
	}
	return malformed("the body is not well-formed JSON")
}

// field writes where in the body something is, cut short where a caller sent
// something long.
func field(pointer jsontext.Pointer) string {
	text := strings.TrimPrefix(string(pointer), "/")
	if text == "" {
		return "(the body)"
	}
	if len(text) > 100 {
		text = text[:100]
		for !utf8.ValidString(text) {
			text = text[:len(text)-1]
		}
		text += "…"
	}
	return strings.ReplaceAll(text, "/", ".")
}

func kindName(kind jsontext.Kind) string {
	switch kind {
	case 'n':
		return "null"
	case 't', 'f':
		return "a boolean"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case '{':
		return "an object"
	case '[':
		return "an array"
	}
	return "written"
}

func malformed(detail string) error {
	return token.New(token.Malformed, token.CodeMalformed, detail)
}

var (
	errTooLarge      = &web.StatusError{Status: http.StatusRequestEntityTooLarge, Code: "body_too_large", Detail: "the body is larger than this API takes"}
	errMediaType     = &web.StatusError{Status: http.StatusUnsupportedMediaType, Code: "media_type_unsupported", Detail: "send the body as Content-Type: application/json, in UTF-8 and without compression"}
	errNotAcceptable = &web.StatusError{Status: http.StatusNotAcceptable, Code: "not_acceptable", Detail: "this API answers with application/json only; say so in Accept, or leave it out"}
	errNoSuchPath    = token.New(token.NotFound, token.CodeNotFound, "there is nothing at this path; /docs lists all that there is")
	errNotHere       = token.New(token.NotFound, token.CodeNotFound, "there is no such thing, or it is not yours")
	errMethod        = &web.StatusError{Status: http.StatusMethodNotAllowed, Code: "method_not_allowed", Detail: "this path does not take that method; see the header Allow"}
)
