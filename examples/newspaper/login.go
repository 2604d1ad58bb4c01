package newspaper

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"farthing.dev/farthing/examples/shop"
)

// Login is the paper as the provider knows it for logins, from "Log readers in" on the
// vendor's page there.
type Login struct{ ClientID, ClientSecret string }

// Where readers come back to from logging in, and where the provider tells of logins that
// ended (back-channel logout). Both are registered there.
const (
	LoginBack  = "/login/back"
	LoginEnded = "/login/ended"
)

// door is where readers log in with their wallet: OpenID Connect, by libraries that know
// nothing of Farthing. What the paper learns is a pseudonym, which the paywall remembers.
type door struct {
	issuer atomic.Pointer[oidc.Provider] // nil until the provider was reached

	mu    sync.Mutex
	ended map[string]time.Time // logins at the provider that ended, and when that was heard
}

// attempt is a login under way. The browser keeps it, sealed.
type attempt struct{ State, Nonce, Verifier, Next string }

// patient asks the provider.
var patient = &http.Client{Timeout: 10 * time.Second}

const (
	attemptCookie = "gazette_attempt"
	attemptLasts  = 10 * time.Minute
	loginCookie   = "gazette_login"
)

// openID returns what the libraries need to know of the provider.
func (s *site) openID(ctx context.Context) (*oauth2.Config, *oidc.IDTokenVerifier, error) {
	issuer := s.door.issuer.Load()
	if issuer == nil { // asked without a lock: whoever waits for the provider keeps nobody else waiting
		var err error
		if issuer, err = oidc.NewProvider(oidc.ClientContext(ctx, patient), s.Client.BaseURL); err != nil {
			return nil, nil, err
		}
		s.door.issuer.Store(issuer)
	}
	config := &oauth2.Config{
		ClientID: s.Login.ClientID, ClientSecret: s.Login.ClientSecret, Endpoint: issuer.Endpoint(),
		RedirectURL: s.SiteURL + LoginBack, Scopes: []string{oidc.ScopeOpenID},
	}
	return config, issuer.Verifier(&oidc.Config{ClientID: s.Login.ClientID, Now: s.Now}), nil
}

// logIn sends the reader to the provider.
func (s *site) logIn(w http.ResponseWriter, r *http.Request) {
	config, _, err := s.openID(r.Context())
	if err != nil {
		s.trouble(w, r, "reach the provider for a login", err)
		return
	}
	a := attempt{State: oauth2.GenerateVerifier(), Nonce: oauth2.GenerateVerifier(), Verifier: oauth2.GenerateVerifier(), Next: "/"}
	if slug, ok := strings.CutPrefix(r.PostFormValue("next"), "/articles/"); ok && s.bySlug(slug) != nil {
		a.Next = "/articles/" + slug
	}
	if err := s.sealer.SetCookie(w, s.SiteURL, attemptCookie, a, s.Now().Add(attemptLasts)); err != nil {
		s.trouble(w, r, "seal cookie", err)
		return
	}
	http.Redirect(w, r, config.AuthCodeURL(a.State, oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)), http.StatusSeeOther)
}

// loggedIn takes in a reader who comes back from the provider.
func (s *site) loggedIn(w http.ResponseWriter, r *http.Request) {
	var a attempt
	query := r.URL.Query()
	ours := s.sealer.Cookie(r, attemptCookie, s.Now(), &a) == nil && query.Get("state") == a.State && query.Get("iss") == s.Client.BaseURL
	shop.DropCookie(w, attemptCookie)
	if !ours {
		s.render(w, r, http.StatusBadRequest, "message.html", page{Title: "That login was not begun here", Notice: "It was begun in another browser, or more than ten minutes ago. You can begin again from the front page."})
		return
	}
	if query.Get("error") != "" { // the reader said no
		http.Redirect(w, r, a.Next, http.StatusSeeOther)
		return
	}
	reader, session, err := s.redeem(r.Context(), query.Get("code"), a)
	if err == nil {
		err = s.sealer.SetCookie(w, s.SiteURL, loginCookie, session, s.Now().Add(knownFor))
	}
	if err != nil {
		s.trouble(w, r, "log a reader in", err)
		return
	}
	s.door.mu.Lock()
	delete(s.door.ended, session) // she came back
	s.door.mu.Unlock()
	s.wall.RememberReader(w, reader)
	http.Redirect(w, r, a.Next, http.StatusSeeOther)
}

// redeem exchanges the code for the reader's pseudonym and the login at the provider that it
// comes from.
func (s *site) redeem(ctx context.Context, code string, a attempt) (reader, session string, err error) {
	config, verifier, err := s.openID(ctx)
	if err != nil {
		return "", "", err
	}
	ctx = oidc.ClientContext(ctx, patient)
	tokens, err := config.Exchange(ctx, code, oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return "", "", err
	}
	raw, _ := tokens.Extra("id_token").(string)
	id, err := verifier.Verify(ctx, raw)
	if err != nil {
		return "", "", err
	}
	if id.Nonce != a.Nonce {
		return "", "", errors.New("the ID token is of another login")
	}
	var claims struct {
		Session string `json:"sid"`
	}
	err = id.Claims(&claims)
	return id.Subject, claims.Session, err
}
