package web

import (
	"net/http"
	"strconv"
	"time"

	"farthing.dev/farthing/edge/text"
	"farthing.dev/farthing/token"
)

// problem is what an error page says.
type problem struct {
	Heading string
	Detail  string
	RetryAt time.Time
}

// Fail writes the page of an error: the one place where errors become pages.
// reader is who is logged in, or nil.
func (s *Site) Fail(w http.ResponseWriter, r *http.Request, reader *Who, err error) {
	refusal := asError(err)
	if refusal.Kind == token.Internal {
		s.log.ErrorContext(r.Context(), "page failed", "method", r.Method, "path", r.URL.Path, "error", err)
		refusal = errFault
	}
	status := Status(refusal.Kind)
	if _, ok := tooLarge(err); ok {
		status = http.StatusRequestEntityTooLarge
	}
	CountRefusal(w, refusal.Code)
	s.HintRetry(w, refusal)
	s.showProblem(w, r, status, reader, problem{Heading: heading(refusal), Detail: text.Of(r).Sentence(refusal), RetryAt: refusal.RetryAt})
}

func (s *Site) showProblem(w http.ResponseWriter, r *http.Request, status int, reader *Who, body problem) {
	err := s.problem.Render(w, r, status, "problem.html", Page{Title: body.Heading, Reader: reader, Body: body})
	if err != nil {
		s.log.ErrorContext(r.Context(), "error page failed", "error", err)
		http.Error(w, "something went wrong on our side", http.StatusInternalServerError)
	}
}

func heading(e *token.Error) string {
	switch e.Kind {
	case token.Malformed:
		return "We could not read that"
	case token.Unauthorised:
		return "Please log in"
	case token.Unfunded:
		return "Not enough in the wallet"
	case token.Forbidden:
		return "Not permitted"
	case token.NotFound:
		return "Nothing here"
	case token.Conflict:
		return "That no longer fits"
	case token.Gone:
		return "No longer available"
	case token.Unprocessable:
		return "That does not work"
	case token.Throttled:
		return "Too many tries"
	case token.Unavailable:
		return "Try again in a moment"
	}
	return "Our mistake"
}

// Explain returns the sentence of an error for whoever asked, and whether the caller
// should show it beside a form: a refusal that correcting the input can help.
func Explain(r *http.Request, err error) (sentence string, correctable bool) {
	return text.Of(r).Sentence(asError(err)), correctableBy(err)
}

// correctableBy reports whether other input can help.
func correctableBy(err error) bool {
	switch asError(err).Kind {
	case token.Unprocessable, token.Conflict, token.Throttled, token.Forbidden, token.Unauthorised, token.Unfunded:
		return true
	case token.Malformed:
		_, large := tooLarge(err)
		return !large
	}
	return false
}

// Sentence says a line of a log, with a capital letter and a full stop.
func Sentence(line string) string { return text.English().Line(line) }

// StatusOf returns the HTTP status that an error becomes.
func StatusOf(err error) int { return Status(asError(err).Kind) }

// LimitOf returns the limit that a refusal names, if any.
func LimitOf(err error) token.LimitID { return asError(err).Limit }

// RetryAt returns when a refusal frees, zero where it does not say.
func RetryAt(err error) time.Time { return asError(err).RetryAt }

// HintRetry tells programs when to come back, where a refusal is for a while only.
func (s *Site) HintRetry(w http.ResponseWriter, err error) {
	refusal := asError(err)
	if refusal.Kind != token.Throttled && refusal.Kind != token.Unavailable {
		return
	}
	seconds := int64(30)
	if wait := refusal.RetryAt.Sub(s.clock.Now()); wait > 0 {
		seconds = int64((wait + time.Second - 1) / time.Second)
	}
	w.Header().Set("Retry-After", strconv.FormatInt(seconds, 10))
}

// Note logs something that went wrong beside what the reader asked for.
func (s *Site) Note(r *http.Request, what string, err error) {
	s.log.WarnContext(r.Context(), what, "path", r.URL.Path, "error", err)
}
