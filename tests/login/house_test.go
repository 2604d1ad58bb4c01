// Package login attacks the ways of logging in over HTTP, on a whole provider with a
// database of its own, and logs in with a passkey in a real Chromium.
package login

import (
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/edge/wallet"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/tests/provider"
	"farthing.dev/farthing/token"
)

const (
	password = "a horse and its battery"
	ada      = "ada@readers.example"
	nobody   = "nobody@readers.example"
	settings = "/security/login"
)

var codePattern = regexp.MustCompile(`Your code is (\d{4}) (\d{4})`)

// house is a provider with one user, Ada.
type house struct {
	*provider.Provider
	t       *testing.T
	letters *provider.Letters
	base    string
}

func open(t *testing.T, changes ...func(*app.Deps)) *house {
	t.Helper()
	return openBehind(t, "127.0.0.0/8", changes...)
}

// openBehind opens a provider behind a proxy at an address, or behind none.
func openBehind(t *testing.T, proxy string, changes ...func(*app.Deps)) *house {
	t.Helper()
	var proxies []netip.Prefix
	if proxy != "" {
		proxies = append(proxies, netip.MustParsePrefix(proxy))
	}
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	base, by := provider.Serve(t)
	h := &house{t: t, letters: &provider.Letters{}, base: strings.Replace(base, "127.0.0.1", "localhost", 1)} // passkeys need a name
	h.Provider = provider.Open(t, log, func(_ *provider.Provider, d *app.Deps) {
		d.BaseURL, d.Mailer, d.Demo = h.base, h.letters, false
		for _, change := range changes {
			change(d)
		}
	})
	site, err := web.NewSite(web.Config{Name: "Farthing", BaseURL: h.base, Log: log, Clock: h.Clock, TrustedProxies: proxies})
	must(t, err)
	readers, err := wallet.New(wallet.Config{Site: site, App: h.App, Clock: h.Clock, Random: rand.Reader, Currencies: []token.Currency{token.MustCurrency("USD")}})
	must(t, err)
	mux := http.NewServeMux()
	readers.Register(mux)
	by(site.Handler(mux))

	hash, err := account.NewHasher(1, account.RecommendedCost()).Hash(t.Context(), password)
	must(t, err)
	owned := account.Account{ID: token.NewID[token.AccountKind](h.Deps.IDs)}
	must(t, h.Catalog.AddUser(t.Context(), account.User{ID: token.NewID[token.UserKind](h.Deps.IDs), Email: ada, Name: "Ada", Password: hash, Account: owned.ID}, owned))
	return h
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// code is the last code that was sent to Ada.
func (h *house) code() string {
	h.t.Helper()
	return h.codeFor(ada)
}

func (h *house) codeFor(email string) string {
	h.t.Helper()
	sent := h.letters.To(email)
	for i := len(sent) - 1; i >= 0; i-- {
		if found := codePattern.FindStringSubmatch(sent[i].Text); found != nil {
			return found[1] + found[2]
		}
	}
	h.t.Fatal("no code was sent")
	return ""
}

// person is a browser with cookies of its own that follows no redirect.
type person struct {
	*house
	client *http.Client
	header http.Header // sent with every request
}

func (h *house) person() *person {
	h.t.Helper()
	jar, err := cookiejar.New(nil)
	must(h.t, err)
	return &person{h, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, http.Header{}}
}

// member is Ada, logged in.
func (h *house) member() *person {
	h.t.Helper()
	p := h.person()
	p.logIn().leads(h.t, "/wallet")
	return p
}

// eve is somebody else, who has opened a wallet just now.
func (h *house) eve() *person {
	h.t.Helper()
	p := h.person()
	p.post("/signup", "email", "eve@people.example", "name", "Eve", "password", password)
	p.post("/signup/confirm", "code", h.codeFor("eve@people.example")).leads(h.t, "/wallet")
	return p
}

func (p *person) logIn() answer { return p.post("/login", "email", ada, "password", password) }

// inside reports whether the browser is logged in.
func (p *person) inside() bool {
	p.t.Helper()
	return p.get("/wallet").status == http.StatusOK
}

// cookie is what the browser holds under a name.
func (p *person) cookie(name string) string {
	p.t.Helper()
	base, err := url.Parse(p.base)
	must(p.t, err)
	for _, c := range p.client.Jar.Cookies(base) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// plant puts a cookie into the browser.
func (p *person) plant(name, value string) {
	p.t.Helper()
	base, err := url.Parse(p.base)
	must(p.t, err)
	p.client.Jar.SetCookies(base, []*http.Cookie{{Name: name, Value: value, Path: "/"}})
}

// answer is what a page said.
type answer struct {
	status   int
	body     string
	location string
	header   http.Header
}

func (a answer) says(t *testing.T, status int, texts ...string) answer {
	t.Helper()
	if a.status != status {
		t.Errorf("status %d, want %d:\n%s", a.status, status, a.body)
	}
	for _, text := range texts {
		if !strings.Contains(a.body, text) {
			t.Errorf("the page does not say %q:\n%s", text, a.body)
		}
	}
	return a
}

func (a answer) leads(t *testing.T, prefix string) answer {
	t.Helper()
	if a.status != http.StatusSeeOther || !strings.HasPrefix(a.location, prefix) {
		t.Errorf("status %d leads to %q, want %q:\n%s", a.status, a.location, prefix, a.body)
	}
	return a
}

func (p *person) get(path string) answer {
	p.t.Helper()
	return p.send(http.MethodGet, path, nil)
}

func (p *person) post(path string, fields ...string) answer {
	p.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return p.send(http.MethodPost, path, form)
}

func (p *person) send(method, path string, form url.Values) answer {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), method, p.base+path, strings.NewReader(form.Encode()))
	must(p.t, err)
	for name, values := range p.header {
		request.Header[name] = values
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if request.Header.Get("Sec-Fetch-Site") == "" {
			request.Header.Set("Sec-Fetch-Site", "same-origin")
		}
	}
	response, err := p.client.Do(request)
	must(p.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	must(p.t, err)
	return answer{response.StatusCode, string(body), response.Header.Get("Location"), response.Header}
}

// noted fails the test where the security log that Ada sees does not say texts.
func (p *person) noted(texts ...string) {
	p.t.Helper()
	p.get("/security").says(p.t, http.StatusOK, texts...)
}
