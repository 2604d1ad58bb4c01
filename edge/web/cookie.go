package web

import (
	"encoding/base64"
	"net/http"
	"time"
)

// sessionLife is how long a browser keeps the login. When buying needs the
// password again is the session's own matter.
const sessionLife = 30 * 24 * time.Hour

// maxFlash bounds what a flash message may say, in bytes.
const maxFlash = 400

// cookieName gives the cookie the __Host- prefix where the site has https, which
// binds it to this host and path in every browser.
func (s *Site) cookieName(name string) string {
	if s.secure {
		return "__Host-" + name
	}
	return name
}

// setCookie writes a cookie that scripts cannot read and that other sites' forms
// do not carry.
func (s *Site) setCookie(w http.ResponseWriter, name, value string, life time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name:     s.cookieName(name),
		Value:    value,
		Path:     "/",
		MaxAge:   int(life / time.Second),
		HttpOnly: true,
		Secure:   s.secure,
		SameSite: http.SameSiteLaxMode,
	})
}

// Session returns the token of the browser's login, or "".
func (s *Site) Session(r *http.Request) string {
	cookie, err := r.Cookie(s.cookieName("farthing"))
	if err != nil {
		return ""
	}
	return cookie.Value
}

// StartSession gives the browser its login.
func (s *Site) StartSession(w http.ResponseWriter, session string) {
	s.setCookie(w, "farthing", session, sessionLife)
}

// EndSession takes the login from the browser, with what it may have kept of pages.
func (s *Site) EndSession(w http.ResponseWriter) {
	w.Header().Set("Clear-Site-Data", `"cache"`)
	s.setCookie(w, "farthing", "", -time.Second)
}

// Flash keeps a sentence for the next page that the browser sees.
func (s *Site) Flash(w http.ResponseWriter, message string) {
	if len(message) > maxFlash {
		message = message[:maxFlash]
	}
	s.setCookie(w, "farthing-said", base64.RawURLEncoding.EncodeToString([]byte(message)), time.Minute)
}

// takeFlash returns the sentence kept for this page, once.
func (s *Site) takeFlash(w http.ResponseWriter, r *http.Request) string {
	cookie, err := r.Cookie(s.cookieName("farthing-said"))
	if err != nil {
		return ""
	}
	s.setCookie(w, "farthing-said", "", -time.Second)
	message, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil || len(message) > maxFlash {
		return ""
	}
	return string(message)
}
