package sdk

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"time"
)

// A browser is known by a random cookie, from before it is sent to pay until it is
// back.
const (
	sessionCookie = "farthing_session"
	sessionLife   = 7 * 24 * time.Hour // as long as an order can wait
	sessionLength = 26                 // of rand.Text
)

// Session returns what orders made for this browser name as their Session, and gives the
// browser a cookie where it has none. A ticket then opens nothing in another browser:
// not for whom its link is sent to, nor for whom somebody wants to have log in as
// somebody else. The secret hides the cookie from the provider; site is how browsers
// reach you. A Paywall does all this by itself.
func Session(w http.ResponseWriter, r *http.Request, secret []byte, site string) string {
	if known := SessionOf(r, secret, site); known != "" {
		return known
	}
	text := rand.Text()
	http.SetCookie(w, &http.Cookie{
		Name: sessionName(site), Value: text, Path: "/", MaxAge: int(sessionLife / time.Second),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(site, "https://"),
	})
	return markSession(secret, text)
}

// SessionOf returns what Session did for the browser that sends the request, or "" where
// it has no cookie. Redeem its ticket with that.
func SessionOf(r *http.Request, secret []byte, site string) string {
	cookie, err := r.Cookie(sessionName(site))
	if err != nil || len(cookie.Value) != sessionLength {
		return ""
	}
	return markSession(secret, cookie.Value)
}

func markSession(secret []byte, text string) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("session "))
	mac.Write([]byte(text))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// sessionName is the cookie's name; its prefix has browsers take it from this very
// host only.
func sessionName(site string) string {
	if strings.HasPrefix(site, "https://") {
		return "__Host-" + sessionCookie
	}
	return sessionCookie
}
