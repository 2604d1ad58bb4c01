package web

import (
	"net/http"

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
