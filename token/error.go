package token

import (
	"errors"
	"fmt"
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

// Error is what every operation of Farthing returns when it refuses or fails.
type Error struct {
	Kind   ErrorKind
	Code   Code
	Detail string // one sentence for people: what is wrong and what to do

	Limit   LimitID   // with CodeLimitExceeded: which limit
	RetryAt time.Time // when trying again can help; zero where it cannot
	Cause   error     // for the log; never shown
}

// New returns an Error without a cause.
func New(kind ErrorKind, code Code, detail string) *Error {
	return &Error{Kind: kind, Code: code, Detail: detail}
}

// Newf is New with a formatted detail.
func Newf(kind ErrorKind, code Code, format string, args ...any) *Error {
	return New(kind, code, fmt.Sprintf(format, args...))
}

// Wrap returns an Internal error around what went wrong while doing something.
func Wrap(cause error, doing string) error {
	if cause == nil {
		return nil
	}
	if refusal, ok := errors.AsType[*Error](cause); ok {
		return refusal
	}
	return &Error{Kind: Internal, Code: CodeInternal, Detail: "something went wrong on our side", Cause: fmt.Errorf("%s: %w", doing, cause)}
}

// Error returns the code and detail, and the cause where there is one.
func (e *Error) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Detail, e.Cause)
	}
	return fmt.Sprintf("%s: %s", e.Code, e.Detail)
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
