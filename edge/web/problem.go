package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"farthing.dev/farthing/token"
)

// Status returns the HTTP status that a kind of error becomes, for pages and for
// the API alike.
func Status(kind token.ErrorKind) int {
	switch kind {
	case token.Malformed:
		return http.StatusBadRequest
	case token.Unauthorised:
		return http.StatusUnauthorized
	case token.Unfunded:
		return http.StatusPaymentRequired
	case token.Forbidden:
		return http.StatusForbidden
	case token.NotFound:
		return http.StatusNotFound
	case token.Conflict:
		return http.StatusConflict
	case token.Gone:
		return http.StatusGone
	case token.Unprocessable:
		return http.StatusUnprocessableEntity
	case token.Throttled:
		return http.StatusTooManyRequests
	case token.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// Problem is how programs are told of a refusal: RFC 9457, with the code that they
// switch on and the request that people can ask about.
type Problem struct {
	Type      string    `json:"type" doc:"Where docs explain the code" format:"uri-reference"`
	Title     string    `json:"title" doc:"The status in words"`
	Status    int       `json:"status" doc:"The HTTP status"`
	Detail    string    `json:"detail" doc:"One sentence for people: what is wrong and what to do"`
	Instance  string    `json:"instance" doc:"The path that was asked for"`
	Code      string    `json:"code" doc:"The stable name of the reason, for programs"`
	RequestID string    `json:"request_id" doc:"Quote it to the provider"`
	Limit     string    `json:"limit,omitempty" doc:"With limit_exceeded: which limit of the reader"`
	RetryAt   time.Time `json:"retry_at,omitzero" doc:"When trying again can help"`
}

// StatusError is a refusal that only HTTP knows: of a method, a media type, a size.
type StatusError struct {
	Status int
	Code   token.Code
	Detail string
}

// Error returns the code and detail.
func (e *StatusError) Error() string { return string(e.Code) + ": " + e.Detail }

// NewProblem turns an error into what programs are told: the one place where that
// happens. Whatever is not a token.Error or StatusError is our fault and tells nothing.
func NewProblem(err error) Problem {
	if refusal, ok := errors.AsType[*StatusError](err); ok {
		return problemOf(refusal.Status, refusal.Code, refusal.Detail)
	}
	refusal, ok := errors.AsType[*token.Error](err)
	if !ok || refusal.Kind == token.Internal {
		return problemOf(http.StatusInternalServerError, token.CodeInternal, "something went wrong on our side")
	}
	p := problemOf(Status(refusal.Kind), refusal.Code, refusal.Detail)
	p.Limit, p.RetryAt = refusal.Limit.String(), refusal.RetryAt
	return p
}

func problemOf(status int, code token.Code, detail string) Problem {
	return Problem{Type: "/docs#" + string(code), Title: http.StatusText(status), Status: status, Detail: detail, Code: string(code)}
}

// Write sends the problem. now turns RetryAt into the header Retry-After.
func (p Problem) Write(w http.ResponseWriter, now time.Time) {
	body, err := json.Marshal(p)
	if err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	switch p.Status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="farthing"`)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		seconds := int64(1)
		if wait := p.RetryAt.Sub(now); wait > 0 {
			seconds = int64((wait + time.Second - 1) / time.Second)
		}
		h.Set("Retry-After", strconv.FormatInt(seconds, 10))
	}
	CountRefusal(w, token.Code(p.Code))
	h.Set("Content-Type", "application/problem+json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	w.Write(body)
}
