package token

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ErrorKind groups errors by what the caller can do about them. Each edge turns
// a kind into its own answer in one place (HTTP status, page, spoken prompt).
type ErrorKind uint8

// The kinds, with the HTTP status that each becomes.
const (
	Internal      ErrorKind = iota // 500: our fault; the details go to the log only
	Malformed                      // 400: cannot be read
	Unauthorised                   // 401: who are you?
	Unfunded                       // 402: not enough tokens
	Forbidden                      // 403: known, but not allowed
	NotFound                       // 404: no such thing, or not yours
	Conflict                       // 409: the thing is not in a state for this
	Gone                           // 410: expired, used up, revoked
	Unprocessable                  // 422: readable, but means nothing valid
	Throttled                      // 429: too often
	Unavailable                    // 503: try again with the same key
)

// Code is the stable name of one reason. Programs switch on it; it never changes.
type Code string

// Reason is a code and, after a dot, which of the cases of that code it is:
// "not_found.order". It names the row of the catalogues of edge/text that says it in each
// language. Programs of others see the code alone, so cases may come and go.
type Reason string

// Code returns the part of a reason that programs switch on.
func (r Reason) Code() Code {
	code, _, _ := strings.Cut(string(r), ".")
	return Code(code)
}

// Error is what every operation of Farthing returns when it refuses or fails. It carries no
// sentence: the edge that answers makes it, in the language of whoever asked.
type Error struct {
	Kind   ErrorKind
	Code   Code
	Reason Reason  // which sentence says it
	Params []Param // what that sentence names
	Field  string  // which member of the request is meant: a JSON pointer ("/item/price"), "" for none

	Limit   LimitID   // with CodeLimitExceeded: which limit
	RetryAt time.Time // when trying again can help; zero where it cannot
	Cause   error     // for the log; never shown
}

// Refuse returns an Error without a cause. Nothing is formatted: refusals are cheap.
func Refuse(kind ErrorKind, reason Reason, params ...Param) *Error {
	return &Error{Kind: kind, Code: reason.Code(), Reason: reason, Params: params}
}

// In returns the error as one about a member of the request, or, where it names one already,
// about that member of the thing at pointer. pointer begins with a slash.
func (e *Error) In(pointer string) *Error {
	at := *e
	at.Field = pointer + e.Field
	return &at
}

// In returns an error as one about a member of the request, as [Error.In] does. Other errors
// than Error stay as they are.
func In(pointer string, err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.In(pointer)
	}
	return err
}

// With returns the error with more parameters.
func (e *Error) With(params ...Param) *Error {
	more := *e
	more.Params = append(slices.Clip(e.Params), params...)
	return &more
}

// Because returns the error with what caused it, for the log.
func (e *Error) Because(cause error) *Error {
	caused := *e
	caused.Cause = cause
	return &caused
}

// Until returns the error as one that ends at a time: from then on trying again can help.
func (e *Error) Until(at time.Time) *Error {
	ending := *e
	ending.RetryAt = at
	return &ending
}

// Fault returns an Internal error: a mistake of ours. What it says goes to the log only.
func Fault(what string) *Error { return fault(errors.New(what)) }

func fault(cause error) *Error { return Refuse(Internal, "internal.fault").Because(cause) }

// Wrap returns an Internal error around what went wrong while doing something. An Error
// stays as it is: whoever made it knew more.
func Wrap(cause error, doing string) error {
	if cause == nil {
		return nil
	}
	if refusal, ok := errors.AsType[*Error](cause); ok {
		return refusal
	}
	return fault(fmt.Errorf("%s: %w", doing, cause))
}

// Error returns the reason and parameters for the log, and the cause where there is one. What
// people wrote is left out.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(string(e.Reason))
	if e.Field != "" {
		b.WriteString(" field=" + e.Field)
	}
	for _, p := range e.Params {
		p.appendLog(&b)
	}
	if e.Cause != nil {
		b.WriteString(": " + e.Cause.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// CodeOf returns the code of the first Error in err's chain, CodeInternal for any
// other error, and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeInternal
}
