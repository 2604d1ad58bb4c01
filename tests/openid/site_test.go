package openid

import (
	"context"
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"farthing.dev/farthing/tests/launch"
)

// patience bounds every wait for the provider.
const patience = 20 * time.Second

// site is a vendor's site, built with a stock library: it logs readers in and hears of
// logouts.
type site struct {
	t        *testing.T
	demo     *launch.Demo
	server   *httptest.Server
	console  string // of its vendor, at the provider
	owner    *launch.Browser
	provider *oidc.Provider
	oauth2.Config
	logouts chan string
}

// open opens the site of one of the demo's shops, and registers it as its owner would.
func open(t *testing.T, demo *launch.Demo, shop, kind string) *site {
	t.Helper()
	s := &site{t: t, demo: demo, logouts: make(chan string, 8)}
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("the shop")) })
	mux.HandleFunc("POST /out", func(_ http.ResponseWriter, r *http.Request) { s.logouts <- r.FormValue("logout_token") })
	s.server = httptest.NewServer(mux)
	t.Cleanup(s.server.Close)

	s.owner = launch.NewBrowser(t)
	for _, p := range demo.People {
		if p.Shop == shop {
			s.owner.Get(demo.URL+"/login").Submit("/login", "email", p.Email, "password", demo.Password).Want(http.StatusOK)
		}
	}
	s.console = s.owner.Get(demo.URL + "/console").Find(`href="(/console/vnd_[0-9a-z]*)"`)
	s.owner.Get(s.console+"/setup").Submit("/sites", "url", s.server.URL).Want(http.StatusOK)
	s.owner.Do(http.MethodPost, s.console+"/login", nil, url.Values{
		"name": {"Website"}, "kind": {kind}, "redirects": {s.server.URL + "/back " + s.server.URL + "/back?shelf=1"},
		"after_logout": {s.server.URL + "/bye"}, "backchannel": {s.server.URL + "/out"},
	}).Want(http.StatusOK, "Client id")
	s.ClientID = s.owner.Find(`Client id <span class="code">([^<]*)<`)
	if kind != "public" {
		s.ClientSecret = s.owner.Find(`Client secret <span class="code">([^<]*)<`)
	}

	var err error
	if s.provider, err = oidc.NewProvider(s.context(), demo.URL); err != nil {
		t.Fatal(err)
	}
	s.Endpoint, s.RedirectURL, s.Scopes = s.provider.Endpoint(), s.server.URL+"/back", []string{oidc.ScopeOpenID, oidc.ScopeOfflineAccess}
	return s
}

// context returns the context of a request to the provider.
func (s *site) context() context.Context {
	return oidc.ClientContext(s.t.Context(), &http.Client{Transport: launch.Transport(), Timeout: patience})
}

// reader returns a browser that is logged in at the provider.
func (s *site) reader(email string) *launch.Browser {
	s.t.Helper()
	b := launch.NewBrowser(s.t)
	b.Get(s.demo.URL+"/login").Submit("/login", "email", email, "password", s.demo.Password).Want(http.StatusOK)
	return b
}

// attempt is one login at the site under way.
type attempt struct {
	url, state, nonce, verifier string
}

// begin makes the link that logs a reader in.
func (s *site) begin(more ...oauth2.AuthCodeOption) attempt {
	a := attempt{state: oauth2.GenerateVerifier(), nonce: oauth2.GenerateVerifier(), verifier: oauth2.GenerateVerifier()}
	a.url = s.AuthCodeURL(a.state, append([]oauth2.AuthCodeOption{oidc.Nonce(a.nonce), oauth2.S256ChallengeOption(a.verifier)}, more...)...)
	return a
}

// code follows a login to its end and returns the code, as the site checks it.
func (s *site) code(b *launch.Browser, a attempt) string {
	s.t.Helper()
	b.Get(a.url)
	s.agree(b)
	if !strings.HasPrefix(b.URL.String(), s.RedirectURL) {
		s.t.Fatalf("the login ended at %s:\n%s", b, b.Body)
	}
	back := b.URL.Query()
	if back.Get("state") != a.state || back.Get("iss") != s.demo.URL || back.Get("code") == "" {
		s.t.Fatalf("the login answered %v", back)
	}
	return back.Get("code")
}

// agree gives the consent where it is asked for.
func (s *site) agree(b *launch.Browser) {
	s.t.Helper()
	if b.URL.Path == "/oidc/consent" {
		b.Want(http.StatusOK, "pseudonym", "no name, no e-mail").Submit("/oidc/consent")
	}
}

// session is what the site has of a reader's login.
type session struct {
	token  *oauth2.Token
	raw    string
	id     *oidc.IDToken
	claims map[string]any
}

// logIn logs a reader in.
func (s *site) logIn(b *launch.Browser, more ...oauth2.AuthCodeOption) session {
	s.t.Helper()
	a := s.begin(more...)
	got, err := s.exchange(s.code(b, a), a)
	if err != nil {
		s.t.Fatal(err)
	}
	return got
}

// exchange changes a code into tokens and checks them as the library does.
func (s *site) exchange(code string, a attempt) (got session, err error) {
	s.t.Helper()
	if got.token, err = s.Exchange(s.context(), code, oauth2.VerifierOption(a.verifier)); err != nil {
		return got, err
	}
	got.raw, _ = got.token.Extra("id_token").(string)
	s.verify(&got)
	if got.id.Nonce != a.nonce {
		s.t.Errorf("nonce %q, want %q", got.id.Nonce, a.nonce)
	}
	return got, nil
}

func (s *site) verify(got *session) {
	s.t.Helper()
	var err error
	if got.id, err = s.provider.VerifierContext(s.context(), &oidc.Config{ClientID: s.ClientID}).Verify(s.context(), got.raw); err != nil {
		s.t.Fatal(err)
	}
	if err := got.id.VerifyAccessToken(got.token.AccessToken); err != nil {
		s.t.Error(err)
	}
	if err := got.id.Claims(&got.claims); err != nil {
		s.t.Fatal(err)
	}
}

// refresh gets new tokens.
func (s *site) refresh(refresh string) (*oauth2.Token, error) {
	return s.TokenSource(s.context(), &oauth2.Token{RefreshToken: refresh}).Token()
}

// known reports whether an access token is good.
func (s *site) known(access string) bool {
	_, err := s.provider.UserInfo(s.context(), oauth2.StaticTokenSource(&oauth2.Token{AccessToken: access}))
	return err == nil
}

// logout waits for a logout token and returns its claims.
func (s *site) logout() map[string]any {
	s.t.Helper()
	select {
	case raw := <-s.logouts:
		checked, err := s.provider.VerifierContext(s.context(), &oidc.Config{ClientID: s.ClientID}).Verify(s.context(), raw)
		if err != nil {
			s.t.Fatalf("a logout token cannot be verified: %v", err)
		}
		var claims map[string]any
		if err := checked.Claims(&claims); err != nil {
			s.t.Fatal(err)
		}
		return claims
	case <-time.After(patience):
		s.t.Fatal("no logout was told")
	}
	return nil
}

// refusal returns the code of an OAuth error.
func refusal(err error) string {
	if refused, ok := err.(*oauth2.RetrieveError); ok {
		return refused.ErrorCode
	}
	return ""
}

// post sends a form to an endpoint and returns the status and the error that it names.
func (s *site) post(path string, form url.Values, basic bool) (int, string) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.demo.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if basic {
		request.SetBasicAuth(s.ClientID, s.ClientSecret)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct{ Error string }
	_ = json.NewDecoder(response.Body).Decode(&answer) // a success may be empty
	return response.StatusCode, answer.Error
}

// plain returns a page's text without its tags.
func plain(page string) string {
	return html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(page, " "))
}
