package web

import (
	"net/http"
	"time"
)

// The cookies of people who have no wallet yet.
const (
	signUpCookie   = "farthing-signup"
	referrerCookie = "farthing-from"
	signUpLife     = time.Hour
	referrerLife   = 30 * 24 * time.Hour
)

// SignUp returns the secret of the sign-up that waits in this browser, or "".
func (s *Site) SignUp(r *http.Request) string { return s.cookie(r, signUpCookie) }

// KeepSignUp gives the browser the secret of its sign-up.
func (s *Site) KeepSignUp(w http.ResponseWriter, secret string) {
	s.setCookie(w, signUpCookie, secret, signUpLife)
}

// EndSignUp takes it back.
func (s *Site) EndSignUp(w http.ResponseWriter) { s.setCookie(w, signUpCookie, "", -time.Second) }

// Referrer returns the vendor that first brought this browser here, or "".
func (s *Site) Referrer(r *http.Request) string { return s.cookie(r, referrerCookie) }

// KeepReferrer remembers which vendor that was.
func (s *Site) KeepReferrer(w http.ResponseWriter, vendor string) {
	s.setCookie(w, referrerCookie, vendor, referrerLife)
}
