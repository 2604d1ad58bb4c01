package openid

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"farthing.dev/farthing/tests/launch"
)

// The demo's readers.
const (
	ada = "ada@readers.example"
	ben = "ben@readers.example"
)

func TestStockClientInGo(t *testing.T) {
	demo := &stage{Demo: launch.StartDemo(t, t.TempDir()), t: t, shops: map[string]*shop{}}
	for name, test := range map[string]func(*testing.T, *stage){
		"login and refresh":           testLogin,
		"replays end everything":      testReplays,
		"PKCE is not optional":        testPKCE,
		"redirect URIs are exact":     testRedirects,
		"requests that are refused":   testRefusedLogins,
		"clients authenticate":        testClients,
		"logout":                      testLogout,
		"logout at the provider":      testProviderLogout,
		"a consent taken back":        testWithdrawal,
		"quiet and fresh logins":      testPrompts,
		"whom the site means":         testHints,
		"secrets in the address":      testAddresses,
		"two vendors compare":         testTwoVendors,
		"the vendor's page":           testConsole,
		"what the metadata promises":  testMetadata,
		"the site need not be asked":  testConsent,
		"forms of other sites get in": testForms,
	} {
		t.Run(name, func(t *testing.T) { test(t, demo) })
	}
}

func testLogin(t *testing.T, demo *stage) {
	s := open(t, demo, "newspaper", "server")
	b := launch.NewBrowser(t)
	a := s.begin()
	b.Get(a.url).Want(http.StatusOK, "Log in", "To go on to The Harbour Gazette") // the provider's own page, and then back
	b.Submit("/login", "email", ada, "password", demo.Password)
	s.agree(b)
	got, err := s.exchange(b.URL.Query().Get("code"), a)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(got.id.Subject, "rdr_") {
		t.Errorf("the subject is %q, not a pseudonym", got.id.Subject)
	}
	if names := slices.Sorted(maps.Keys(got.claims)); !slices.Equal(names, []string{"at_hash", "aud", "exp", "iat", "iss", "nonce", "sid", "sub"}) {
		t.Errorf("the ID token says %v", names)
	}
	if scope := got.token.Extra("scope"); scope != "openid offline_access" {
		t.Errorf("the scope is %q", scope)
	}
	info, err := s.provider.UserInfo(s.context(), oauth2.StaticTokenSource(got.token))
	if err != nil || info.Subject != got.id.Subject || info.Email != "" || info.Profile != "" {
		t.Errorf("userinfo %+v: %v", info, err)
	}
	next, err := s.refresh(got.token.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	renewed := session{token: next, raw: next.Extra("id_token").(string)}
	s.verify(&renewed)
	if renewed.id.Subject != got.id.Subject || renewed.claims["sid"] != got.claims["sid"] || next.AccessToken == got.token.AccessToken || next.RefreshToken == got.token.RefreshToken {
		t.Errorf("refreshed into %+v", renewed.claims)
	}
	if again := s.logIn(s.reader(ada)); again.id.Subject != got.id.Subject || again.claims["sid"] == got.claims["sid"] {
		t.Error("another login of the same reader: the subject must be the same, the login another")
	}
	if other := s.logIn(s.reader(ben)); other.id.Subject == got.id.Subject {
		t.Error("two readers are one")
	}
}

func testReplays(t *testing.T, demo *stage) {
	s := open(t, demo, "newspaper", "server")
	b := s.reader(ada)

	got := s.logIn(b)
	next, err := s.refresh(got.token.RefreshToken)
	if err != nil || !s.known(next.AccessToken) {
		t.Fatalf("refreshed into %v: %v", next, err)
	}
	if again, err := s.refresh(got.token.RefreshToken); err != nil || again.RefreshToken != next.RefreshToken { // the answer may have been lost
		t.Errorf("refreshed again into %v: %v", again, err)
	}
	if next, err = s.refresh(next.RefreshToken); err != nil {
		t.Error(err)
	}
	if _, err := s.refresh(got.token.RefreshToken); refusal(err) != "invalid_grant" {
		t.Errorf("a used refresh token: %v", err)
	}
	if _, err := s.refresh(next.RefreshToken); refusal(err) != "invalid_grant" || s.known(next.AccessToken) {
		t.Errorf("after a replay the family lives: %v", err)
	}

	a := s.begin()
	code := s.code(b, a)
	got, err = s.exchange(code, a)
	if err != nil || !s.known(got.token.AccessToken) {
		t.Fatal(err)
	}
	if _, err := s.exchange(code, a); refusal(err) != "invalid_grant" {
		t.Errorf("a used code: %v", err)
	}
	if _, err := s.refresh(got.token.RefreshToken); refusal(err) != "invalid_grant" || s.known(got.token.AccessToken) {
		t.Errorf("after a replay what was issued lives: %v", err)
	}

	// A code that another client gets hold of is no good to it, and to nobody after it.
	thief := open(t, demo, "music", "server")
	thief.RedirectURL = s.RedirectURL
	a = s.begin()
	code = s.code(b, a)
	if _, err := thief.exchange(code, a); refusal(err) != "invalid_grant" {
		t.Errorf("a stolen code: %v", err)
	}
	if _, err := s.exchange(code, a); refusal(err) != "invalid_grant" {
		t.Errorf("a code that was stolen: %v", err)
	}
	got = s.logIn(b)
	if _, err := thief.refresh(got.token.RefreshToken); refusal(err) != "invalid_grant" {
		t.Errorf("a stolen refresh token: %v", err)
	}
	s.owner.Get(s.console+"/security").Want(http.StatusOK, "presented a second time", "by another site")
}

func testPKCE(t *testing.T, demo *stage) {
	s := open(t, demo, "newspaper", "server")
	b := s.reader(ada)
	s.logIn(b)
	good := s.begin()
	for name, change := range map[string]func(url.Values){
		"none":         func(q url.Values) { q.Del("code_challenge"); q.Del("code_challenge_method") },
		"plain":        func(q url.Values) { q.Set("code_challenge_method", "plain") },
		"no method":    func(q url.Values) { q.Del("code_challenge_method") },
		"no challenge": func(q url.Values) { q.Set("code_challenge", "") },
		"too short":    func(q url.Values) { q.Set("code_challenge", "abc") },
		"other method": func(q url.Values) { q.Set("code_challenge_method", "S512") },
	} {
		back := s.ask(b, good, change)
		if back.Get("error") != "invalid_request" || back.Get("state") != good.state || back.Get("iss") != demo.URL || back.Has("code") {
			t.Errorf("%s: %v", name, back)
		}
	}
	for name, verifier := range map[string]string{"none": "", "another": oauth2.GenerateVerifier(), "the challenge": oauth2.S256ChallengeFromVerifier(good.verifier)} {
		a := s.begin()
		code := s.code(b, a)
		if _, err := s.exchange(code, attempt{verifier: verifier}); refusal(err) != "invalid_grant" {
			t.Errorf("verifier %s: %v", name, err)
		}
		if _, err := s.exchange(code, a); refusal(err) != "invalid_grant" {
			t.Errorf("verifier %s: the code could be tried again: %v", name, err)
		}
	}
}

// ask opens a changed login and returns what the site is answered.
func (s *site) ask(b *launch.Browser, a attempt, change func(url.Values)) url.Values {
	s.t.Helper()
	address, err := url.Parse(a.url)
	if err != nil {
		s.t.Fatal(err)
	}
	query := address.Query()
	change(query)
	address.RawQuery = query.Encode()
	return b.Get(address.String()).URL.Query()
}

func testRedirects(t *testing.T, demo *stage) {
	s := open(t, demo, "newspaper", "server")
	b := s.reader(ada)
	s.logIn(b)
	host := strings.TrimPrefix(s.server.URL, "http://")
	for _, uri := range []string{
		s.server.URL, s.server.URL + "/", s.server.URL + "/back/", s.server.URL + "/Back", s.server.URL + "/back?x=1", s.server.URL + "/back?",
		s.server.URL + "/back#", s.server.URL + "/back#x", s.server.URL + "/back/../back", s.server.URL + "/%62ack", s.server.URL + "/back%00", " " + s.server.URL + "/back",
		"https://" + host + "/back", "http://localhost:" + strings.Split(host, ":")[1] + "/back", "http://127.0.0.1:1/back", "http://127.0.0.1/back",
		"http://" + host + ".evil.example/back", "http://evil.example@" + host + "/back", "http://" + host + "@evil.example/back", "//" + host + "/back",
		s.server.URL + "/back?shelf=2", s.server.URL + "/back?shelf=1&shelf=1", "javascript:alert(1)", "/wallet", "",
	} {
		a := s.begin()
		b.Get(s.demo.URL + "/wallet")
		s.ask(b, a, func(q url.Values) { q.Set("redirect_uri", uri) })
		if b.Status != http.StatusBadRequest || !strings.HasPrefix(b.URL.String(), demo.URL) || !strings.Contains(plain(b.Body), "nothing was done") {
			t.Errorf("%q led to %s", uri, b)
		}
	}
	s.RedirectURL = s.server.URL + "/back?shelf=1" // registered too, with its query
	s.logIn(b)
	if b.URL.Query().Get("shelf") != "1" {
		t.Errorf("the query of the redirect URI was lost: %s", b.URL)
	}

	a := s.begin()
	code := s.code(b, a)
	s.RedirectURL = s.server.URL + "/back"
	if _, err := s.exchange(code, a); refusal(err) != "invalid_grant" {
		t.Errorf("another registered redirect URI at the exchange: %v", err)
	}
}

func testRefusedLogins(t *testing.T, demo *stage) {
	s := open(t, demo, "newspaper", "server")
	b := s.reader(ada)
	for name, test := range map[string]struct {
		set  url.Values
		want string
	}{
		"fragment":       {url.Values{"response_mode": {"form_post"}}, "invalid_request"},
		"no openid":      {url.Values{"scope": {"offline_access"}}, "invalid_scope"},
		"request object": {url.Values{"request": {"e30.e30."}}, "request_not_supported"},
		"request uri":    {url.Values{"request_uri": {"https://evil.example/r"}}, "request_not_supported"},
		"mixed prompts":  {url.Values{"prompt": {"none login"}}, "invalid_request"},
	} {
		a := s.begin()
		back := s.ask(b, a, func(q url.Values) { maps.Copy(q, test.set) })
		if back.Get("error") != test.want || back.Get("iss") != demo.URL || back.Has("code") {
			t.Errorf("%s: %v at %s", name, back, b)
		}
	}
	for _, kind := range []string{"", "token", "id_token", "id_token token", "code id_token", "code token"} {
		a := s.begin()
		back := s.ask(b, a, func(q url.Values) { q.Set("response_type", kind) })
		if b.Status != http.StatusBadRequest || back.Has("code") || strings.Contains(b.URL.Fragment, "token") {
			t.Errorf("response_type %q: %s", kind, b)
		}
	}
	a := s.begin()
	b.Get(a.url+"&state=other").Want(http.StatusBadRequest, "twice")
	b.Get(a.url+"&x="+strings.Repeat("x", 2000)).Want(http.StatusBadRequest, "too long")
	s.ask(b, a, func(q url.Values) { q.Set("client_id", "cli_00000000000000000000000000") })
	b.Want(http.StatusBadRequest, "nothing was done")
}

func testClients(t *testing.T, demo *stage) {
	s := open(t, demo, "newspaper", "server")
	b := s.reader(ada)
	code := func() url.Values {
		a := s.begin()
		return url.Values{"grant_type": {"authorization_code"}, "code": {s.code(b, a)}, "redirect_uri": {s.RedirectURL}, "code_verifier": {a.verifier}}
	}
	with := func(form url.Values, more ...string) url.Values {
		for i := 0; i+1 < len(more); i += 2 {
			form.Add(more[i], more[i+1])
		}
		return form
	}
	for name, test := range map[string]struct {
		form   url.Values
		basic  bool
		status int
		want   string
	}{
		"basic":         {code(), true, http.StatusOK, ""},
		"post":          {with(code(), "client_id", s.ClientID, "client_secret", s.ClientSecret), false, http.StatusOK, ""},
		"both":          {with(code(), "client_id", s.ClientID, "client_secret", s.ClientSecret), true, http.StatusBadRequest, "invalid_request"},
		"no secret":     {with(code(), "client_id", s.ClientID), false, http.StatusUnauthorized, "invalid_client"},
		"wrong secret":  {with(code(), "client_id", s.ClientID, "client_secret", "fs_x"), false, http.StatusUnauthorized, "invalid_client"},
		"nobody":        {with(code(), "client_id", "cli_00000000000000000000000000"), false, http.StatusUnauthorized, "invalid_client"},
		"no client":     {code(), false, http.StatusBadRequest, "invalid_request"},
		"twice":         {with(code(), "redirect_uri", "x"), true, http.StatusBadRequest, "invalid_request"},
		"password":      {url.Values{"grant_type": {"password"}, "username": {ada}, "password": {demo.Password}}, true, http.StatusBadRequest, "unsupported_grant_type"},
		"machine":       {url.Values{"grant_type": {"client_credentials"}}, true, http.StatusBadRequest, "unauthorized_client"},
		"no grant type": {url.Values{}, true, http.StatusBadRequest, "invalid_request"},
		"made-up code":  {url.Values{"grant_type": {"authorization_code"}, "code": {"x"}, "redirect_uri": {s.RedirectURL}}, true, http.StatusBadRequest, "invalid_grant"},
		"no code":       {url.Values{"grant_type": {"authorization_code"}, "redirect_uri": {s.RedirectURL}}, true, http.StatusBadRequest, "invalid_request"},
		"made-up token": {url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}}, true, http.StatusBadRequest, "invalid_grant"},
	} {
		if status, refused := s.post("/oidc/token", test.form, test.basic); status != test.status || refused != test.want {
			t.Errorf("%s: answered %d %q, want %d %q", name, status, refused, test.status, test.want)
		}
	}

	got := s.logIn(b)
	for _, token := range []string{"made up", got.token.AccessToken} {
		if status, refused := s.post("/oidc/revoke", url.Values{"token": {token}}, true); status != http.StatusOK {
			t.Errorf("revoking %q answered %d %s", token, status, refused)
		}
	}
	if _, err := s.refresh(got.token.RefreshToken); refusal(err) != "invalid_grant" || s.known(got.token.AccessToken) {
		t.Errorf("a token given back is good: %v", err)
	}

	public := open(t, demo, "music", "public")
	public.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	got = public.logIn(public.reader(ada))
	if _, err := public.refresh(got.token.RefreshToken); err != nil {
		t.Errorf("a public client cannot refresh: %v", err)
	}
	if status, _ := s.post("/oidc/revoke", url.Values{"token": {got.token.AccessToken}}, true); status != http.StatusOK || !public.known(got.token.AccessToken) {
		t.Error("one client revoked another's token")
	}
}

func testLogout(t *testing.T, demo *stage) {
	s := open(t, demo, "newspaper", "server")
	b := s.reader(ada)
	got := s.logIn(b)
	end := func(parameters ...string) *launch.Browser {
		query := url.Values{}
		for i := 0; i+1 < len(parameters); i += 2 {
			query.Set(parameters[i], parameters[i+1])
		}
		return b.Get(demo.URL + "/oidc/logout?" + query.Encode())
	}
	bye := s.server.URL + "/bye"
	for _, uri := range []string{s.server.URL, bye + "/", bye + "?x=1", "https://evil.example/", "//evil.example"} {
		end("id_token_hint", got.raw, "post_logout_redirect_uri", uri).Want(http.StatusBadRequest, "nothing was done")
	}
	end("post_logout_redirect_uri", bye).Want(http.StatusBadRequest)
	end("id_token_hint", got.raw+"x").Want(http.StatusBadRequest)
	// Whoever has no ID token of this login can only have the reader asked.
	other := s.logIn(s.reader(ada))
	for _, parameters := range [][]string{{}, {"client_id", s.ClientID, "post_logout_redirect_uri", bye}, {"id_token_hint", other.raw}} {
		end(parameters...).Want(http.StatusOK, "Log out?")
	}
	if !s.known(got.token.AccessToken) {
		t.Fatal("logged out without a reason")
	}
	end("id_token_hint", got.raw, "post_logout_redirect_uri", bye, "state", "s1").Want(http.StatusOK, "the shop")
	if b.URL.String() != bye+"?state=s1" {
		t.Errorf("the logout ended at %s", b)
	}
	b.Get(demo.URL+"/wallet").Want(http.StatusOK, "Log in")
	claims := s.logout()
	events, _ := claims["events"].(map[string]any)
	if _, ok := events["http://schemas.openid.net/event/backchannel-logout"]; !ok || claims["sub"] != got.id.Subject ||
		claims["sid"] != got.claims["sid"] || claims["jti"] == nil || claims["nonce"] != nil {
		t.Errorf("the logout token says %v", claims)
	}
	if _, err := s.refresh(got.token.RefreshToken); refusal(err) != "invalid_grant" || s.known(got.token.AccessToken) {
		t.Errorf("after the logout tokens are good: %v", err)
	}
	if !s.known(other.token.AccessToken) {
		t.Error("the logout ended a login in another browser")
	}

	// And where she is asked, she says yes. A logout token is no ID token, though it is signed by
	// the same key.
	b = s.reader(ada)
	end("id_token_hint", s.told).Want(http.StatusBadRequest, "nothing was done")
	end("client_id", s.ClientID, "post_logout_redirect_uri", bye, "state", "s2").Submit("/oidc/logout/confirm")
	if b.URL.String() != bye+"?state=s2" {
		t.Errorf("the logout ended at %s", b)
	}
	b.Get(demo.URL+"/wallet").Want(http.StatusOK, "Log in")
}

func testProviderLogout(t *testing.T, demo *stage) {
	s, other := open(t, demo, "newspaper", "server"), open(t, demo, "calls", "server")
	b := s.reader(ada)
	one, _, two := s.logIn(b), s.logIn(b), other.logIn(b)
	b.Do(http.MethodPost, demo.URL+"/logout", nil, url.Values{}).Want(http.StatusOK)
	if s.known(one.token.AccessToken) || other.known(two.token.AccessToken) {
		t.Error("after the logout access tokens are good")
	}
	if sid := s.logout()["sid"]; sid != one.claims["sid"] {
		t.Errorf("told of the login %v, want %v", sid, one.claims["sid"])
	}
	if sid := other.logout()["sid"]; sid != two.claims["sid"] {
		t.Errorf("told of the login %v, want %v", sid, two.claims["sid"])
	}
}

// testWithdrawal ends a reader's logins at one vendor, in all her browsers and nowhere else.
func testWithdrawal(t *testing.T, demo *stage) {
	s, other := open(t, demo, "newspaper", "server"), open(t, demo, "calls", "server")
	laptop, phone := s.reader(ada), s.reader(ada)
	one, two, elsewhere := s.logIn(laptop), s.logIn(phone), other.logIn(laptop)
	vendor := strings.TrimPrefix(s.console, "/console/")
	laptop.Get(demo.URL+"/security/devices").Want(http.StatusOK, "The Harbour Gazette")
	laptop.Do(http.MethodPost, demo.URL+"/security/devices/shops", nil, url.Values{"vendor": {vendor}}).Want(http.StatusOK, "Your logins there have ended")
	laptop.Do(http.MethodPost, demo.URL+"/security/devices/shops", nil, url.Values{"vendor": {vendor}}).Want(http.StatusNotFound)
	laptop.Get(demo.URL+"/security").Want(http.StatusOK, "Your logins at The Harbour Gazette were ended.")
	if s.known(one.token.AccessToken) || s.known(two.token.AccessToken) {
		t.Error("access tokens are good after the consent was taken back")
	}
	if _, err := s.refresh(two.token.RefreshToken); err == nil {
		t.Error("a refresh token is good after the consent was taken back")
	}
	if !other.known(elsewhere.token.AccessToken) {
		t.Error("the login at another vendor ended too")
	}
	told := map[any]bool{s.logout()["sid"]: true, s.logout()["sid"]: true}
	if !told[one.claims["sid"]] || !told[two.claims["sid"]] {
		t.Errorf("told of the logins %v, want %v and %v", told, one.claims["sid"], two.claims["sid"])
	}
	a := s.begin()
	if phone.Get(a.url); phone.URL.Path != "/oidc/consent" {
		t.Errorf("the login went on to %s without asking", phone.URL)
	}
	s.agree(phone)
	if got, err := s.exchange(phone.URL.Query().Get("code"), a); err != nil || got.id.Subject != one.id.Subject {
		t.Errorf("after a new consent %+v: %v", got.id, err)
	}
}

func testPrompts(t *testing.T, demo *stage) {
	s := open(t, demo, "calls", "server")
	quiet := oauth2.SetAuthURLParam("prompt", "none")
	b := launch.NewBrowser(t)
	if back := b.Get(s.begin(quiet).url).URL.Query(); back.Get("error") != "login_required" {
		t.Errorf("nobody is there: %v", back)
	}
	b = s.reader(ben)
	if back := b.Get(s.begin(quiet).url).URL.Query(); back.Get("error") != "interaction_required" {
		t.Errorf("the reader has not agreed: %v", back)
	}
	s.logIn(b)
	s.logIn(b, quiet)
	if got := s.logIn(b, quiet, oauth2.SetAuthURLParam("max_age", "3600")); got.claims["auth_time"] == nil {
		t.Errorf("asked for a maximum age, and not told: %v", got.claims)
	}
	for name, option := range map[string]oauth2.AuthCodeOption{"prompt": oauth2.SetAuthURLParam("prompt", "login"), "max_age": oauth2.SetAuthURLParam("max_age", "0")} {
		a := s.begin(option)
		b.Get(a.url)
		if b.URL.Path != "/login" {
			t.Fatalf("%s: asked for a fresh login and came to %s", name, b)
		}
		asked := b.URL.Query().Get("next")
		b.Get(asked) // walking past the form does not help
		if b.URL.Path != "/login" {
			t.Errorf("%s: came past the login to %s", name, b)
		}
		b.Submit("/login", "email", ben, "password", demo.Password)
		if got, err := s.exchange(b.URL.Query().Get("code"), a); err != nil || got.claims["auth_time"] == nil {
			t.Errorf("%s: %v, %v", name, got.claims, err)
		}
	}
	if back := b.Get(s.begin(oauth2.SetAuthURLParam("max_age", "0"), quiet).url).URL.Query(); back.Get("error") != "login_required" {
		t.Errorf("fresh and quiet: %v", back)
	}
}

// A site that knows its reader asks whether it is still the same. It must not be given
// somebody else.
func testHints(t *testing.T, demo *stage) {
	s, other := open(t, demo, "newspaper", "server"), open(t, demo, "music", "server")
	quiet := oauth2.SetAuthURLParam("prompt", "none")
	of := func(raw string) oauth2.AuthCodeOption { return oauth2.SetAuthURLParam("id_token_hint", raw) }
	hers, his := s.reader(ada), s.reader(ben)
	got := s.logIn(hers)
	s.logIn(his)
	if again := s.logIn(hers, quiet, of(got.raw)); again.id.Subject != got.id.Subject {
		t.Error("the reader is not the one who was meant")
	}
	for name, test := range map[string]struct {
		b    *launch.Browser
		more []oauth2.AuthCodeOption
		want string
	}{
		"somebody else, quietly": {his, []oauth2.AuthCodeOption{quiet, of(got.raw)}, "login_required"},
		"somebody else":          {his, []oauth2.AuthCodeOption{of(got.raw)}, "login_required"},
		"made up":                {hers, []oauth2.AuthCodeOption{of(got.raw + "x")}, "invalid_request"},
		"another site's":         {hers, []oauth2.AuthCodeOption{of(other.logIn(hers).raw)}, "invalid_request"},
	} {
		a := s.begin(test.more...)
		if back := test.b.Get(a.url).URL.Query(); back.Get("error") != test.want || back.Get("state") != a.state || back.Get("iss") != demo.URL || back.Has("code") {
			t.Errorf("%s: %v", name, back)
		}
	}
	// Nobody is logged in: whoever logs in then is compared.
	b := launch.NewBrowser(t)
	b.Get(s.begin(of(got.raw)).url).Submit("/login", "email", ben, "password", demo.Password)
	if back := b.URL.Query(); back.Get("error") != "login_required" || back.Has("code") {
		t.Errorf("after a login as somebody else: %v", back)
	}
}

// Addresses are kept in logs, so what is secret does not count there (RFC 9700, 4.3.2).
func testAddresses(t *testing.T, demo *stage) {
	s := open(t, demo, "newspaper", "server")
	got := s.logIn(s.reader(ada))
	b := launch.NewBrowser(t)
	for path, query := range map[string]url.Values{
		"/oidc/userinfo": {"access_token": {got.token.AccessToken}},
		"/oidc/revoke":   {"token": {got.token.AccessToken}, "client_id": {s.ClientID}, "client_secret": {s.ClientSecret}},
		"/oidc/token":    {"grant_type": {"refresh_token"}, "refresh_token": {got.token.RefreshToken}},
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if b.Do(method, demo.URL+path+"?"+query.Encode(), nil, url.Values{}); b.Status != http.StatusBadRequest {
				t.Errorf("%s %s takes secrets in the address: %s", method, path, b)
			}
		}
	}
	if !s.known(got.token.AccessToken) {
		t.Error("a token was revoked by an address")
	}
}

func testTwoVendors(t *testing.T, demo *stage) {
	b := launch.NewBrowser(t)
	var seen []map[string]bool
	for _, shop := range []string{"newspaper", "music"} {
		s := open(t, demo, shop, "server")
		if len(seen) == 0 {
			b = s.reader(ada)
		}
		got := s.logIn(b, oauth2.SetAuthURLParam("max_age", "3600"))
		values := map[string]bool{got.token.AccessToken: true, got.token.RefreshToken: true}
		for name, value := range got.claims {
			text, ok := value.(string)
			if ok && name != "iss" {
				values[text] = true
			}
		}
		for _, secret := range []string{ada, "Ada Lindqvist", "usr_0", "ses_0", "acc_0"} { // long enough not to stand in a random value by chance
			for value := range values {
				if strings.Contains(value, secret) {
					t.Errorf("%s got %q", shop, value)
				}
			}
		}
		seen = append(seen, values)
	}
	for value := range seen[0] {
		if seen[1][value] {
			t.Errorf("both vendors got %q", value)
		}
	}
}

func testConsole(t *testing.T, demo *stage) {
	s := open(t, demo, "newspaper", "server")
	page := s.console + "/login"
	form := func(change func(url.Values)) url.Values {
		f := url.Values{"name": {"Site"}, "kind": {"server"}, "redirects": {s.server.URL + "/in"}, "after_logout": {""}, "backchannel": {""}}
		change(f)
		return f
	}
	for name, change := range map[string]func(url.Values){
		"no name":         func(f url.Values) { f.Set("name", " ") },
		"no redirect":     func(f url.Values) { f.Set("redirects", "") },
		"foreign origin":  func(f url.Values) { f.Set("redirects", "https://evil.example/back") },
		"foreign logout":  func(f url.Values) { f.Set("after_logout", "https://evil.example/bye") },
		"foreign channel": func(f url.Values) { f.Set("backchannel", "https://evil.example/out") },
		"fragment":        func(f url.Values) { f.Set("redirects", s.server.URL+"/back#x") },
		"wildcard":        func(f url.Values) { f.Set("redirects", "https://*.evil.example/back") },
		"too many":        func(f url.Values) { f.Set("redirects", strings.Repeat(s.server.URL+"/in ", 11)) },
		"too long":        func(f url.Values) { f.Set("redirects", s.server.URL+"/"+strings.Repeat("x", 500)) },
	} {
		if b := s.owner.Do(http.MethodPost, page, nil, form(change)); b.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %s", name, b)
		}
	}
	got := s.logIn(s.reader(ada))
	before := s.ClientSecret
	s.owner.Do(http.MethodPost, page+"/rotate", nil, url.Values{"client": {s.ClientID}}).Want(http.StatusOK, "shown this once")
	s.ClientSecret = s.owner.Find(`Client secret <span class="code">([^<]*)<`)
	s.owner.Get(page).Want(http.StatusOK, s.ClientID).Without(s.ClientSecret, before)
	next, err := s.refresh(got.token.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	stale := *s
	stale.ClientSecret = before
	if _, err := stale.refresh(next.RefreshToken); refusal(err) != "invalid_client" {
		t.Errorf("the old secret: %v", err)
	}

	stranger := s.reader(ben)
	stranger.Get(demo.URL + page).Want(http.StatusNotFound)
	for _, act := range []string{"", "/rotate", "/remove"} {
		stranger.Do(http.MethodPost, demo.URL+page+act, nil, form(func(f url.Values) { f.Set("client", s.ClientID) })).Want(http.StatusNotFound)
	}
	other := open(t, demo, "music", "server")
	for _, act := range []string{"/rotate", "/remove"} {
		other.owner.Do(http.MethodPost, other.console+"/login"+act, nil, url.Values{"client": {s.ClientID}}).Want(http.StatusNotFound)
	}
	if !s.known(next.AccessToken) {
		t.Fatal("a stranger ended a login")
	}
	s.owner.Do(http.MethodPost, page+"/remove", nil, url.Values{"client": {s.ClientID}}).Want(http.StatusOK).Without(s.ClientID)
	if _, err := s.refresh(next.RefreshToken); refusal(err) != "invalid_client" || s.known(next.AccessToken) {
		t.Errorf("a removed site: %v", err)
	}
}

func testMetadata(t *testing.T, demo *stage) {
	provider, err := oidc.NewProvider(t.Context(), demo.URL)
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Iss      bool     `json:"authorization_response_iss_parameter_supported"`
		PKCE     []string `json:"code_challenge_methods_supported"`
		Subjects []string `json:"subject_types_supported"`
		Types    []string `json:"response_types_supported"`
		Grants   []string `json:"grant_types_supported"`
		Scopes   []string `json:"scopes_supported"`
		Logout   bool     `json:"backchannel_logout_supported"`
		Session  bool     `json:"backchannel_logout_session_supported"`
		Request  bool     `json:"request_uri_parameter_supported"`
	}
	if err := provider.Claims(&m); err != nil {
		t.Fatal(err)
	}
	if !m.Iss || !m.Logout || !m.Session || m.Request || !slices.Equal(m.PKCE, []string{"S256"}) || !slices.Equal(m.Subjects, []string{"pairwise"}) ||
		!slices.Equal(m.Types, []string{"code"}) || !slices.Equal(m.Grants, []string{"authorization_code", "refresh_token"}) ||
		!slices.Equal(m.Scopes, []string{"openid", "offline_access"}) {
		t.Errorf("the metadata says %+v", m)
	}
}

func testConsent(t *testing.T, demo *stage) {
	s := open(t, demo, "music", "server")
	b := s.reader(ben)
	a := s.begin()
	b.Get(a.url).Want(http.StatusOK, "pseudonym", "Low Tide Records")
	b.Get(b.Find(`href="([^"]*error=access_denied[^"]*)"`))
	if back := b.URL.Query(); back.Get("error") != "access_denied" || back.Get("state") != a.state || back.Get("iss") != demo.URL {
		t.Errorf("refused: %v", back)
	}
	s.code(b, s.begin())
	s.logIn(b, oauth2.SetAuthURLParam("prompt", "none")) // asked once
	b.Do(http.MethodPost, demo.URL+"/oidc/consent", nil, url.Values{"next": {"https://evil.example/"}}).Want(http.StatusBadRequest)
	b.Do(http.MethodPost, demo.URL+"/oidc/consent", http.Header{"Sec-Fetch-Site": {"cross-site"}}, url.Values{}).Want(http.StatusForbidden)
}

func testForms(t *testing.T, demo *stage) {
	s := open(t, demo, "newspaper", "server")
	b := s.reader(ada)
	s.logIn(b)
	a := s.begin()
	address, _ := url.Parse(a.url)
	foreign := http.Header{"Sec-Fetch-Site": {"cross-site"}, "Origin": {s.server.URL}}
	b.Do(http.MethodPost, demo.URL+"/oidc/authorize", foreign, address.Query())
	got, err := s.exchange(b.URL.Query().Get("code"), a)
	if err != nil {
		t.Fatal(err)
	}
	b.Do(http.MethodPost, demo.URL+"/oidc/logout", foreign, url.Values{"id_token_hint": {got.raw}}).Want(http.StatusOK)
	b.Get(demo.URL+"/wallet").Want(http.StatusOK, "Log in")
}
