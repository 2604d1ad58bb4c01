package vendorapi

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/go-json-experiment/json"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/token"
)

// operation declares a route: what the handler checks and what the document says.
type operation struct {
	method  string
	path    string
	id      string // the operation's name, for generated clients
	tag     string // the noun
	summary string
	explain string
	status  int          // of success; 200 where zero
	keyless bool         // a POST that needs no idempotency key
	list    bool         // takes limit and cursor
	filters []filter     // what else the query may say
	refuses []token.Code // the codes that are its own, besides those of every route

	most     int64 // bytes of the body; the API's bound where zero
	operator bool  // called with an operator's key, and with no vendor's
}

// filter is a parameter of the query that picks what is listed.
type filter struct{ name, explain string }

// none is the body of a request that has none.
type none struct{}

// call is a request that has passed all checks.
type call struct {
	request *http.Request
	answer  http.ResponseWriter
	seller  caller.Seller
	actor   caller.Actor // of an operator's operation, which has no seller
	key     string       // the idempotency key
	digest  []byte       // the request in canonical form, which the key stands for
	cursor  string
	limit   int
	filters url.Values // those that were given, each once
}

// answer is a success.
type answer[Out any] struct {
	body     Out
	replayed bool
	status   int // where it is not the operation's
}

// route adds an operation: its handler to the mux, its description to the document.
func route[In, Out any](a *api, o operation, handle func(context.Context, *call, *In) (answer[Out], error)) {
	if o.status == 0 {
		o.status = http.StatusOK
	}
	describe[In, Out](a.document, o)
	a.methods[o.path] = append(a.methods[o.path], o.method)
	a.mux.HandleFunc(o.method+" "+o.path, func(w http.ResponseWriter, r *http.Request) {
		var in In
		c, err := a.admit(w, r, &o, &in)
		if err != nil {
			a.refuse(w, r, err)
			return
		}
		out, err := handle(r.Context(), c, &in)
		if err != nil {
			a.refuse(w, r, err)
			return
		}
		if out.status == 0 {
			out.status = o.status
		}
		a.reply(w, r, &o, out.status, out.replayed, &out.body)
	})
}

// admit makes the checks of the package comment and reads the body into in.
func (a *api) admit(w http.ResponseWriter, r *http.Request, o *operation, in any) (*call, error) {
	c := &call{request: r, answer: w}
	if err := a.caller(r, o, c); err != nil {
		return nil, err
	}
	if !takesJSON(r.Header["Accept"]) {
		return nil, errNotAcceptable
	}
	if err := c.readQuery(o); err != nil {
		return nil, err
	}
	if o.method != http.MethodPost {
		return c, nil
	}
	if err := checkMediaType(r.Header); err != nil {
		return nil, err
	}
	if !o.keyless {
		key, err := idempotencyKey(r.Header)
		if err != nil {
			return nil, err
		}
		c.key = key
	}
	if err := a.readBody(w, r, o, in); err != nil {
		return nil, err
	}
	if o.keyless {
		return c, nil
	}
	digest, err := canonical(r.Method, r.URL.Path, in)
	c.digest = digest
	return c, err
}

// canonical writes a request in the form that its idempotency key stands for:
// method, path, and the body's fields in the order of their declaration.
func canonical(method, path string, in any) ([]byte, error) {
	digest := make([]byte, 0, 256)
	digest = append(digest, method...)
	digest = append(digest, ' ')
	digest = append(digest, path...)
	digest = append(digest, '\n')
	if by, ok := in.(written); ok {
		w := writer{b: digest}
		if by.write(&w); !w.odd {
			return w.b, nil
		}
	}
	body, err := json.Marshal(in)
	if err != nil {
		return nil, token.Wrap(err, "write a request in canonical form")
	}
	return append(digest, body...), nil
}

// reply sends a success.
func (a *api) reply(w http.ResponseWriter, r *http.Request, o *operation, status int, replayed bool, body any) {
	buffers := a.buffersFor(o)
	buffer := buffers.get()
	defer buffers.put(buffer)
	if err := encode(buffer, body); err != nil {
		a.refuse(w, r, token.Wrap(err, "write an answer"))
		return
	}
	h := w.Header()
	h["Content-Type"] = jsonType
	h["Cache-Control"] = noStore
	h["Content-Length"] = []string{strconv.Itoa(buffer.Len())}
	if replayed {
		h["Idempotent-Replayed"] = yes
	}
	w.WriteHeader(status)
	w.Write(buffer.Bytes())
}

// Values of headers, made once.
var (
	jsonType = []string{"application/json"}
	noStore  = []string{"no-store"}
	yes      = []string{"true"}
)

// list is a page.
type list[T any] struct {
	Data       []T    `json:"data" nullable:"false"`
	NextCursor string `json:"next_cursor,omitzero" doc:"Give it as cursor to get the next page; absent on the last one"`
}

// page turns what a use case returned into a page.
func page[From, To any](from []From, next string, convert func(From) To) answer[list[To]] {
	data := make([]To, len(from))
	for i := range from {
		data[i] = convert(from[i])
	}
	return answer[list[To]]{body: list[To]{Data: data, NextCursor: next}}
}
