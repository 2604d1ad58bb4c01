package vendorapi

import (
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/token"
)

var errUnauthorised = token.Refuse(token.Unauthorised, "unauthorised.no_key")

// maxBearer bounds the key that is looked up at all.
const maxBearer = 200

var errNoOperator = token.Refuse(token.Unauthorised, "unauthorised.no_operator_key")

// caller finds out who is calling, and whether the key has calls left.
func (a *api) caller(r *http.Request, o *operation, c *call) (err error) {
	if o.operator {
		bearer := bearerOf(r)
		if bearer == "" {
			return errNoOperator
		}
		actor, key, err := a.app.OperatorByKey(r.Context(), bearer)
		if err != nil {
			return err
		}
		c.actor = actor
		return a.limiter.check(key, a.clock.Now(), 1)
	}
	if c.seller, err = a.seller(r); err != nil {
		return err
	}
	return a.limiter.check(c.seller.Key, a.clock.Now(), 1)
}

// seller returns whose server is calling.
func (a *api) seller(r *http.Request) (caller.Seller, error) {
	bearer := bearerOf(r)
	if bearer == "" {
		return caller.Seller{}, errUnauthorised
	}
	return a.app.Seller(r.Context(), bearer)
}

// bearerOf returns the key that a request was sent with, "" for none or none that can be one.
func bearerOf(r *http.Request) string {
	values := r.Header["Authorization"]
	if len(values) != 1 {
		return ""
	}
	scheme, bearer, found := strings.Cut(values[0], " ")
	if !found || !strings.EqualFold(scheme, "Bearer") || len(bearer) > maxBearer {
		return ""
	}
	return bearer
}

// takesJSON reports whether a caller that sends these Accept headers takes our answers.
func takesJSON(accept []string) bool {
	if len(accept) == 0 {
		return true
	}
	for _, value := range accept {
		for entry := range strings.SplitSeq(value, ",") {
			kind, parameters, _ := strings.Cut(entry, ";")
			switch strings.ToLower(strings.TrimSpace(kind)) {
			case "", "*/*", "application/*", "application/json":
				if !refused(parameters) {
					return true
				}
			}
		}
	}
	return false
}

// refused reports whether the parameters of a media type in Accept say q=0.
func refused(parameters string) bool {
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		if strings.EqualFold(strings.TrimSpace(name), "q") {
			q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			return err == nil && q == 0
		}
	}
	return false
}

// checkMediaType refuses a body that is not said to be plain JSON in UTF-8.
func checkMediaType(h http.Header) error {
	if coding := h.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return errMediaType
	}
	values := h["Content-Type"]
	if len(values) == 1 && values[0] == "application/json" {
		return nil
	}
	if len(values) != 1 {
		return errMediaType
	}
	kind, parameters, err := mime.ParseMediaType(values[0])
	if err != nil || kind != "application/json" {
		return errMediaType
	}
	if charset, given := parameters["charset"]; given && !strings.EqualFold(charset, "utf-8") {
		return errMediaType
	}
	return nil
}

var errNoKey = token.Refuse(token.Malformed, "idempotency_key_missing.none")

// idempotencyKey returns the key of 1 to 255 visible ASCII characters.
func idempotencyKey(h http.Header) (string, error) {
	values := h["Idempotency-Key"]
	if len(values) == 0 {
		return "", errNoKey
	}
	if len(values) > 1 {
		return "", malformed("malformed.keys")
	}
	return values[0], checkKey(values[0])
}

// checkKey refuses what is no idempotency key.
func checkKey(key string) error {
	if key == "" {
		return errNoKey
	}
	if len(key) > 255 {
		return malformed("malformed.key_too_long")
	}
	for i := range len(key) {
		if c := key[i]; c <= ' ' || c > '~' {
			return malformed("malformed.key_not_ascii")
		}
	}
	return nil
}

// The number of things on one page.
const (
	defaultLimit = 20
	maxLimit     = 100
	maxCursor    = 200
)

// readQuery reads limit and cursor where the operation takes them, and refuses all else.
func (c *call) readQuery(o *operation) error {
	c.limit = defaultLimit
	if c.request.URL.RawQuery == "" {
		return nil
	}
	values, err := url.ParseQuery(c.request.URL.RawQuery)
	if err != nil {
		return malformed("malformed.query")
	}
	for name, given := range values {
		switch {
		case !o.takes(name):
			return malformed("malformed.query_unknown", token.Given("got", name))
		case len(given) != 1:
			return malformed("malformed.query_twice", token.Given("got", name))
		}
	}
	if text := values.Get("limit"); values.Has("limit") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxLimit {
			return malformed("malformed.limit", token.Number("most", maxLimit), token.Given("got", text))
		}
		c.limit = n
	}
	if c.cursor = values.Get("cursor"); len(c.cursor) > maxCursor {
		return malformed("malformed.cursor_changed")
	}
	c.filters = values
	return nil
}

// takes reports whether the operation's query has a parameter.
func (o *operation) takes(name string) bool {
	return o.list && (name == "limit" || name == "cursor") || slices.ContainsFunc(o.filters, func(f filter) bool { return f.name == name })
}

// pathID reads the id in the path. What is no id names nothing that could be there.
func pathID[K token.Kind](c *call) (token.ID[K], error) {
	id, err := token.ParseID[K](c.request.PathValue("id"))
	if err != nil {
		return id, errNotHere
	}
	return id, nil
}
