package openid

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"farthing.dev/farthing/tests/launch"
)

// patience bounds every wait for the provider.
const patience = 20 * time.Second

// stage is a demo with a site for each of its shops.
type stage struct {
	*launch.Demo
	t     *testing.T
	shops map[string]*shop
}

// shop is where a vendor's sites are, shown to be its own, and who looks after it.
type shop struct {
	server  *httptest.Server
	mux     *http.ServeMux
	console string // at the provider
	sites   int    // opened here
	last    string // the client of the last one
}

// site is a vendor's site, built with a stock library: it logs readers in and hears of
// logouts.
type site struct {
	*shop
	t        *testing.T
	demo     *stage
	owner    *launch.Browser
	provider *oidc.Provider
	oauth2.Config
	logouts chan string
	told    string // the last logout token
}

// owner returns a browser in which a shop's owner is logged in.
func (d *stage) owner(t *testing.T, id string) *launch.Browser {
	t.Helper()
	b := launch.NewBrowser(t)
	for _, p := range d.People {
		if p.Shop == id {
			b.Get(d.URL+"/login").Submit("/login", "email", p.Email, "password", d.Password).Want(http.StatusOK)
		}
	}
	return b
}

// shop opens the web server of a shop, and shows that it is the vendor's.
func (d *stage) shop(id string) *shop {
	if d.shops[id] != nil {
		return d.shops[id]
	}
	s := &shop{mux: http.NewServeMux()}
	var proof atomic.Value
	s.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("the shop")) })
	s.mux.HandleFunc("GET /.well-known/farthing-site.txt", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, proof.Load()) })
	s.server = httptest.NewServer(s.mux)
	d.t.Cleanup(s.server.Close)
	b := d.owner(d.t, id)
	s.console = b.Get(d.URL + "/console").Find(`href="(/console/vnd_[0-9a-z]*)"`)
	b.Do(http.MethodPost, s.console+"/sites", nil, url.Values{"url": {s.server.URL}}).Want(http.StatusOK)
	mine := `(?s)` + regexp.QuoteMeta(s.server.URL) + `/\.well-known/[^<]*</span>.*?`
	proof.Store(b.Get(s.console + "/setup").Find(mine + `<span class="code">([^<]*)<`))
	b.Do(http.MethodPost, s.console+"/sites/prove", nil, url.Values{"site": {b.Find(mine + `name="site" value="([^"]*)"`)}}).Want(http.StatusOK)
	d.shops[id] = s
	return s
}

// open opens a site of one of the demo's shops, and registers it as its owner would.
func open(t *testing.T, demo *stage, id, kind string) *site {
	t.Helper()
	s := &site{shop: demo.shop(id), t: t, demo: demo, owner: demo.owner(t, id), logouts: make(chan string, 8)}
	s.sites++
	told := fmt.Sprintf("/out/%d", s.sites)
	s.mux.HandleFunc("POST "+told, func(_ http.ResponseWriter, r *http.Request) { s.logouts <- r.FormValue("logout_token") })
	s.owner.Do(http.MethodPost, demo.URL+s.console+"/login", nil, url.Values{
		"name": {"Website"}, "kind": {kind}, "redirects": {s.server.URL + "/back " + s.server.URL + "/back?shelf=1"},
		"after_logout": {s.server.URL + "/bye"}, "backchannel": {s.server.URL + told},
	}).Want(http.StatusOK, "Client id")
	s.ClientID = s.owner.Find(`Client id <span class="code">([^<]*)<`)
	if kind != "public" {
		s.ClientSecret = s.owner.Find(`Client secret <span class="code">([^<]*)<`)
	}
	if s.last != "" { // of another test: a vendor has a few only
		s.owner.Do(http.MethodPost, demo.URL+s.console+"/login/remove", nil, url.Values{"client": {s.last}})
	}
	s.last = s.ClientID

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
		s.told = raw
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
