package web

import (
	"net/http"
	"time"
)

// The cookies of a login that is under way, and of a browser that logged in before.
const (
	attemptCookie = "farthing-attempt"
	knownCookie   = "farthing-known"

	attemptLife = 10 * time.Minute
	knownLife   = 400 * 24 * time.Hour // browsers keep none for longer
)

// Attempt returns the secret of the login that is under way in the browser, or "".
func (s *Site) Attempt(r *http.Request) string { return s.cookie(r, attemptCookie) }

// KeepAttempt gives the browser the secret of a login that is under way.
func (s *Site) KeepAttempt(w http.ResponseWriter, secret string) {
	s.setCookie(w, attemptCookie, secret, attemptLife)
}

// EndAttempt takes it away.
func (s *Site) EndAttempt(w http.ResponseWriter) { s.setCookie(w, attemptCookie, "", -time.Second) }

// Known returns what the browser is known by since an earlier login, or "".
func (s *Site) Known(r *http.Request) string { return s.cookie(r, knownCookie) }

// KeepKnown gives the browser what it is known by. It opens nothing.
func (s *Site) KeepKnown(w http.ResponseWriter, known string) {
	s.setCookie(w, knownCookie, known, knownLife)
}

func (s *Site) cookie(r *http.Request, name string) string {
	cookie, err := r.Cookie(s.cookieName(name))
	if err != nil || len(cookie.Value) > 512 {
		return ""
	}
	return cookie.Value
}
