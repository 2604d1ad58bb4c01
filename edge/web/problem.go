package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"farthing.dev/farthing/edge/text"
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
	Field     string    `json:"field,omitempty" doc:"Which member of the body is meant, as a JSON pointer" example:"/item/url"`
	Params    Params    `json:"params,omitempty" doc:"What the sentence names, by name: what was given, what would be right. Amounts are objects of amount and currency, times are as everywhere"`
	RequestID string    `json:"request_id" doc:"Quote it to the provider"`
	Limit     string    `json:"limit,omitempty" doc:"With limit_exceeded: which limit of the reader"`
	RetryAt   time.Time `json:"retry_at,omitzero" doc:"When trying again can help"`
}

// StatusError is a refusal that only HTTP knows: of a method, a media type, a size.
type StatusError struct {
	Status  int
	Refusal *token.Error
}

// Error returns what the refusal says to the log.
func (e *StatusError) Error() string { return e.Refusal.Error() }

// NewProblem turns an error into what programs are told, with its sentence in a language: the
// one place where that happens. Whatever is not a token.Error or StatusError is our fault and
// tells nothing.
func NewProblem(err error, in *text.Language) Problem {
	if special, ok := errors.AsType[*StatusError](err); ok {
		return problemOf(special.Status, special.Refusal, in)
	}
	refusal, ok := errors.AsType[*token.Error](err)
	if !ok || refusal.Kind == token.Internal {
		refusal = errFault
	}
	return problemOf(Status(refusal.Kind), refusal, in)
}

// errFault is what others are told of a mistake of ours.
var errFault = token.Refuse(token.Internal, "internal.fault")

func problemOf(status int, e *token.Error, in *text.Language) Problem {
	return Problem{
		Type: "/docs#" + string(e.Code), Title: http.StatusText(status), Status: status, Detail: in.Error(e), Code: string(e.Code),
		Field: e.Field, Params: paramsOf(e.Params), Limit: e.Limit.String(), RetryAt: e.RetryAt,
	}
}

// Params are the parameters of an error by name, as programs read them.
type Params map[string]any

func paramsOf(params []token.Param) Params {
	if len(params) == 0 {
		return nil
	}
	values := make(Params, len(params))
	for i := range params {
		switch p := &params[i]; p.Kind {
		case token.NumberParam:
			values[p.Name] = p.Number
		case token.MoneyParam:
			values[p.Name] = amountParam{token.Amount(p.Number).Decimal(p.Currency.Digits()), p.Currency.String()}
		case token.MomentParam:
			values[p.Name] = p.Time()
		case token.ListParam:
			values[p.Name] = p.List
		default:
			values[p.Name] = p.Text
		}
	}
	return values
}

type amountParam struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
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
