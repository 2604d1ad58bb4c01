package abuse

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"farthing.dev/farthing/sdk"
	"farthing.dev/farthing/tests/launch"
)

// The canaries: what the provider gets to know of a reader, and nobody else may.
const (
	canaryName     = "Grace Unusual-Canary"
	canaryEmail    = "grace.canary@people.example"
	canaryPassword = "canary horse battery"
	canaryAddress  = "127.0.0.77"
	canaryAgent    = "CanaryAgent/7.7"
)

// masked calls the provider from an address and with a browser's name that no vendor
// sees: each vendor gets an address and a name that are everybody's.
type masked struct{ provider, other http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (m masked) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Hostname() != "localhost" {
		return m.other.RoundTrip(r)
	}
	r = r.Clone(r.Context())
	r.Header.Set("User-Agent", canaryAgent)
	return m.provider.RoundTrip(r)
}

// canary signs a reader up whose every request to the provider carries canaries.
func (h *house) canary(name, email string) *reader {
	h.t.Helper()
	from := launch.Transport()
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(canaryAddress)}, Timeout: 5 * time.Second}
	from.DialContext = func(ctx context.Context, _, address string) (net.Conn, error) {
		_, port, _ := net.SplitHostPort(address)
		return dialer.DialContext(ctx, "tcp4", net.JoinHostPort("127.0.0.1", port))
	}
	r := &reader{Browser: launch.NewBrowser(h.t), name: name, email: email}
	r.Client.Transport = masked{provider: from, other: plain}
	h.enter(r, canaryPassword)
	h.fund(r)
	return r
}

// TestCanaries follows one reader through everything: sign-up, logins that fail and
// succeed, purchases, tickets, refusals, an allowance, logins at two vendors, and the
// logout that they are told of. No byte that a vendor gets, as a server or on the pages
// of its console, has anything of her; no line of the log at any level has either.
func TestCanaries(t *testing.T) {
	h := open(t)
	grace := h.canary(canaryName, canaryEmail)
	session := cookieOf(h, grace)
	h.send(grace.Browser, "POST", "/login", nil, url.Values{"email": {canaryEmail}, "password": {canaryPassword + " wrong"}})
	h.send(grace.Browser, "POST", "/login/code/send", nil, url.Values{"email": {canaryEmail}})
	h.send(grace.Browser, "POST", "/reset", nil, url.Values{"email": {canaryEmail}})
	h.send(grace.Browser, "POST", "/signup", nil, url.Values{"email": {canaryEmail}, "password": {canaryPassword}, "name": {canaryName}})
	for _, s := range []*shop{h.shop, h.rival} {
		h.journey(grace, s)
		ticket := h.pay(grace, h.order(s, "/again", "0.25")).Query().Get("ticket")
		for _, client := range []*sdk.Client{h.shop.live, h.rival.live, s.live} {
			client.Redeem(t.Context(), ticket, false) // refusals are noted too
		}
	}
	// A site that names her when it asks for a login, and asks for it wrongly.
	for name, wrong := range map[string]string{"scope": "email", "response_type": "token", "redirect_uri": h.shop.site + "/elsewhere", "code_challenge": ""} {
		asked := url.Values{"client_id": {h.shop.openID.id}, "redirect_uri": {h.shop.site + "/free/back"}, "response_type": {"code"}, "scope": {"openid"}, "login_hint": {canaryEmail}, "state": {canaryName}}
		asked.Set(name, wrong)
		h.send(grace.Browser, "GET", "/oidc/authorize?"+asked.Encode(), nil, nil)
	}
	h.send(nil, "POST", "/oidc/token", nil, url.Values{"grant_type": {"refresh_token"}, "client_id": {canaryEmail}, "refresh_token": {canaryName}})
	h.send(grace.Browser, "POST", "/logout", nil, url.Values{})
	h.await(h.shop, "logout_token")
	h.await(h.rival, "logout_token")

	canaries := map[string]string{
		"the name": canaryName, "the family name": "Unusual", "the e-mail address": canaryEmail, "a part of it": "grace.canary", "it in a URL": url.QueryEscape(canaryEmail),
		"the password": canaryPassword, "the IP address": canaryAddress, "the user agent": canaryAgent, "the session at the provider": session,
	}
	ids := regexp.MustCompile(`(?:usr|acc|ses)_[0-9a-z]{26}`) // whole: tokens have four such letters by chance now and then
	for _, s := range []*shop{h.shop, h.rival} {
		text := s.seen.String() + h.consoleOf(s)
		text += strings.Join(slices.Collect(maps.Keys(words(text))), "\n") // what is inside tokens and receipts, too
		for _, sign := range []string{"rdr_", "ord_", "id_token", "logout_token"} {
			if !strings.Contains(text, sign) {
				t.Errorf("the vendor got no %s at all, so this test shows little", sign)
			}
		}
		for what, secret := range canaries {
			if at := strings.Index(strings.ToLower(text), strings.ToLower(secret)); at >= 0 {
				t.Errorf("a vendor got %s: %.200q", what, text[max(0, at-100):])
			}
		}
		if at := ids.FindStringIndex(text); at != nil {
			t.Errorf("a vendor got an id of a user, an account or a session: %.200q", text[max(0, at[0]-100):])
		}
	}
	logs := h.Logs()
	if lines := strings.Count(logs, "\n"); lines < 50 || !strings.Contains(logs, `"DEBUG"`) {
		t.Errorf("only %d lines were logged, so this test shows little", lines)
	}
	for what, secret := range canaries {
		if at := strings.Index(strings.ToLower(logs), strings.ToLower(secret)); at >= 0 {
			t.Errorf("the log has %s: %.300q", what, logs[max(0, at-200):])
		}
	}
}

// dated is the header by which each answer says when it was made, by the machine's clock.
var dated = regexp.MustCompile(`(?m)^Date: .*$`)

// TestVendorsCompareNotes has two readers do the same at two vendors. What both vendors
// got of one reader is no more than what they got of two different ones.
func TestVendorsCompareNotes(t *testing.T) {
	h := open(t)
	got := map[*reader]map[*shop]map[string]bool{}
	// The two log in within one minute of the clock, in which many others do. Then
	// everything happens at a time of its own. That two purchases happen close together,
	// no provider can hide.
	now := h.Advance(0)
	h.Advance(now.Truncate(time.Minute).Add(time.Minute + 10*time.Second).Sub(now))
	h.logIn(h.ada.Browser, h.ada.email).Want(http.StatusOK)
	h.Advance(20 * time.Second)
	h.logIn(h.ben.Browser, h.ben.email).Want(http.StatusOK)
	for i, r := range []*reader{h.ada, h.ben} {
		got[r] = map[*shop]map[string]bool{}
		for j, s := range []*shop{h.shop, h.rival} {
			h.Advance(time.Duration(61*(2*i+j)+7) * time.Second)
			before := len(s.seen.String())
			h.journey(r, s)
			got[r][s] = words(dated.ReplaceAllString(s.seen.String()[before:], ""))
		}
	}
	inBoth := both(got[h.ada][h.shop], got[h.ada][h.rival])
	ofTwo := both(got[h.ada][h.shop], got[h.ben][h.rival])
	maps.Copy(ofTwo, both(got[h.ben][h.shop], got[h.ada][h.rival]))
	if len(ofTwo) < 20 {
		t.Errorf("two different readers have only %d words in common: this test reads the bytes wrongly", len(ofTwo))
	}
	for word := range inBoth {
		if !ofTwo[word] {
			t.Errorf("both vendors got %q of one reader, and of no other", word)
		}
	}
	pseudonym := regexp.MustCompile(`^(rdr|ord)_[0-9a-z]{26}$`)
	for word := range got[h.ada][h.shop] {
		if pseudonym.MatchString(word) && (got[h.ada][h.rival][word] || got[h.ben][h.shop][word]) {
			t.Errorf("the name %s stands for more than one reader at one vendor", word)
		}
	}
}

func both(a, b map[string]bool) map[string]bool {
	common := map[string]bool{}
	for word := range a {
		if b[word] {
			common[word] = true
		}
	}
	return common
}

var aWord = regexp.MustCompile(`[A-Za-z0-9_%+/=:.~-]+`)

// words are all words of what somebody got, and all words inside what is encoded there.
func words(text string) map[string]bool {
	found := map[string]bool{}
	add(found, text, 0)
	return found
}

func add(found map[string]bool, text string, depth int) {
	for _, word := range aWord.FindAllString(text, -1) {
		for _, part := range append(strings.FieldsFunc(word, func(c rune) bool { return strings.ContainsRune("=:/%.+", c) }), word) {
			if len(part) < 4 || found[part] {
				continue
			}
			found[part] = true
			if decoded, err := base64.RawURLEncoding.DecodeString(part); err == nil && depth < 3 && json.Valid(decoded) {
				add(found, string(decoded), depth+1)
			}
		}
	}
}

// journey is what a reader does at a vendor: she buys and reads, gives an allowance, is
// charged without a click, has receipts, and logs in at the site by OpenID Connect.
func (h *house) journey(r *reader, s *shop) {
	h.t.Helper()
	r.Get(s.site+"/story").Want(http.StatusOK, "Pay ").Submit("/pay/").Want(http.StatusOK, "All of /story")
	orders, err := s.live.Orders(h.t.Context(), sdk.Page{Limit: 1})
	h.must(err)
	name := orders.Data[0].Reader
	h.send(r.Browser, "POST", "/wallet/allowances", nil, url.Values{"vendor": {s.id}, "currency": {"USD"}, "per_purchase": {"0.50"}, "max": {"5"}, "period": {"month"}, "days": {"30"}})
	bought, err := s.live.CreatePurchase(h.t.Context(), sdk.NewPurchase{Reader: name, Offer: s.offer.ID})
	h.must(err)
	_, err = s.live.View(h.t.Context(), bought.ID)
	h.must(err)
	_, err = s.live.Receipt(h.t.Context(), bought.ID)
	h.must(err)
	h.logInAt(r, s)
}

// client is a vendor's registration with the OpenID provider.
type client struct{ id, secret string }

// register registers a client of a shop, once.
func (h *house) register(s *shop) client {
	h.t.Helper()
	if s.openID.id == "" {
		b := s.member
		b.Do("POST", h.URL+"/console/"+s.id+"/login", nil, url.Values{
			"name": {"Website"}, "kind": {"server"}, "redirects": {s.site + "/free/back"}, "after_logout": {s.site + "/free/bye"}, "backchannel": {s.site + "/free/out"},
		}).Want(http.StatusOK, "Client id")
		s.openID = client{b.Find(`Client id <span class="code">([^<]*)<`), b.Find(`Client secret <span class="code">([^<]*)<`)}
	}
	return s.openID
}

// code has a reader come back to a shop's site with a code, and returns the form that
// changes it into tokens.
func (h *house) code(r *reader, s *shop) url.Values {
	h.t.Helper()
	c := h.register(s)
	random := base64.RawURLEncoding.EncodeToString([]byte(r.email + s.site + "a verifier of at least 43 signs"))
	sum := sha256.Sum256([]byte(random))
	r.Get(h.URL + "/oidc/authorize?" + url.Values{
		"client_id": {c.id}, "redirect_uri": {s.site + "/free/back"}, "response_type": {"code"}, "scope": {"openid offline_access"}, "state": {"state of " + s.id}, "max_age": {"3600"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}.Encode())
	if strings.HasPrefix(r.URL.Path, "/oidc/consent") {
		r.Submit("/oidc/consent")
	}
	code := r.URL.Query().Get("code")
	if code == "" {
		h.t.Fatalf("the login ended at %s:\n%s", r, r.Body)
	}
	return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {s.site + "/free/back"}, "code_verifier": {random}}
}

// logInAt logs a reader in at a shop's site, as the site's server would with a library.
func (h *house) logInAt(r *reader, s *shop) {
	h.t.Helper()
	tokens := h.token(s, h.code(r, s))
	tokens = h.token(s, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.Refresh}})
	if status := h.userinfo(s, tokens.Access); status != http.StatusOK {
		h.t.Errorf("userinfo answered %d", status)
	}
}

// userinfo asks who an access token is of, and returns the status.
func (h *house) userinfo(s *shop, access string) int {
	h.t.Helper()
	request, err := http.NewRequestWithContext(h.t.Context(), "GET", h.URL+"/oidc/userinfo", nil)
	h.must(err)
	request.Header.Set("Authorization", "Bearer "+access)
	response, err := s.seen.RoundTrip(request)
	h.must(err)
	response.Body.Close()
	return response.StatusCode
}

type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	ID      string `json:"id_token"`
	Error   string `json:"error"`
}

// token has a shop get tokens.
func (h *house) token(s *shop, form url.Values) tokens {
	h.t.Helper()
	out := h.askToken(s, form)
	if out.ID == "" || out.Refresh == "" {
		h.t.Fatalf("%v was answered %q, without tokens", form.Get("grant_type"), out.Error)
	}
	return out
}

// askToken calls the token endpoint for a shop.
func (h *house) askToken(s *shop, form url.Values) (out tokens) {
	h.t.Helper()
	request, err := http.NewRequestWithContext(h.t.Context(), "POST", h.URL+"/oidc/token", strings.NewReader(form.Encode()))
	h.must(err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(s.openID.id, s.openID.secret)
	response, err := s.seen.RoundTrip(request)
	h.must(err)
	defer response.Body.Close()
	h.must(json.NewDecoder(response.Body).Decode(&out))
	return out
}

// await waits until a vendor has got something that the provider sends by itself.
func (h *house) await(s *shop, text string) {
	h.t.Helper()
	pause := time.NewTicker(20 * time.Millisecond)
	defer pause.Stop()
	deadline := time.After(15 * time.Second)
	for !strings.Contains(s.seen.String(), text) {
		select {
		case <-pause.C:
		case <-deadline:
			h.t.Fatalf("the vendor got no %s", text)
		}
	}
}

// consoleOf is all that a shop's member can see of it, and all that its server can list.
func (h *house) consoleOf(s *shop) string {
	h.t.Helper()
	var all strings.Builder
	for _, r := range h.routes() {
		if r.method != http.MethodGet {
			continue
		}
		switch {
		case strings.HasPrefix(r.path, "/console/{vendor}"):
			all.WriteString(h.send(s.member.Browser, "GET", strings.Replace(r.path, "{vendor}", s.id, 1), nil, nil).body)
		case r.api && !slices.Contains([]string{"/docs", "/openapi.json"}, r.path) && !inBraces.MatchString(r.path):
			all.WriteString(h.send(nil, "GET", r.path, keyed(s.live.Key), nil).body)
		}
	}
	return all.String()
}

// cookieOf returns a reader's login.
func cookieOf(h *house, r *reader) string {
	h.t.Helper()
	address, err := url.Parse(h.URL)
	h.must(err)
	for _, cookie := range r.Client.Jar.Cookies(address) {
		if cookie.Name == "farthing" {
			return cookie.Value
		}
	}
	h.t.Fatal("the browser has no login")
	return ""
}
