package wallet_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"farthing.dev/farthing/tests/pretend"
)

const shop = "https://harbour.example"

// browser is a client with cookies that follows no redirect.
type browser struct {
	*http.Client
	t    *testing.T
	base string
}

func visit(t *testing.T) (*browser, *pretend.App) {
	t.Helper()
	a := pretend.New(shop)
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	var err error
	if handler, err = a.Pages(server.URL, slog.New(slog.NewTextHandler(t.Output(), nil))); err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &browser{Client: client, t: t, base: server.URL}, a
}

// answer is a response with its body read.
type answer struct {
	status   int
	header   http.Header
	body     string
	location string
}

func (b *browser) do(method, path string, form url.Values, headers ...string) answer {
	b.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	request, err := http.NewRequestWithContext(b.t.Context(), method, b.base+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := b.Client.Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(read), response.Header.Get("Location")}
}

func (b *browser) get(path string, headers ...string) answer {
	return b.do(http.MethodGet, path, nil, headers...)
}

func (b *browser) post(path string, form url.Values, headers ...string) answer {
	return b.do(http.MethodPost, path, form, headers...)
}

func (b *browser) logIn(email string) {
	b.t.Helper()
	if a := b.post("/login", url.Values{"email": {email}, "password": {pretend.Password}}); a.status != http.StatusSeeOther {
		b.t.Fatalf("login answered %d:\n%s", a.status, a.body)
	}
}

func (a answer) want(t *testing.T, status int, texts ...string) {
	t.Helper()
	if a.status != status {
		t.Errorf("status %d, want %d", a.status, status)
	}
	for _, text := range texts {
		if !strings.Contains(a.body, text) {
			t.Errorf("the page does not say %q:\n%s", text, a.body)
		}
	}
}

func TestPagesForEverybody(t *testing.T) {
	b, _ := visit(t)
	b.get("/").want(t, http.StatusOK, "Pay cents", "/signup", "/login")
	b.get("/login").want(t, http.StatusOK, `name="password"`)
	b.get("/signup").want(t, http.StatusOK, `name="name"`)
	b.get("/nowhere").want(t, http.StatusNotFound, "Nothing here", "<html")
	b.get("/pay/nonsense").want(t, http.StatusNotFound, "no such order")
	b.get("/pay/ord_00000000000000000000000000").want(t, http.StatusNotFound, "no such order")
	refused := b.do(http.MethodDelete, "/wallet", nil, "Sec-Fetch-Site", "same-origin")
	refused.want(t, http.StatusMethodNotAllowed, "<html")
	if allow := refused.header.Get("Allow"); !strings.Contains(allow, "GET") {
		t.Errorf("Allow is %q", allow)
	}
}

func TestMembersPagesSendOthersToLogIn(t *testing.T) {
	b, _ := visit(t)
	for _, path := range []string{"/wallet", "/wallet/purchases", "/wallet/purchases?before=at50", "/wallet/limits", "/wallet/funds", "/security"} {
		a := b.get(path)
		if a.status != http.StatusSeeOther || a.location != "/login?next="+url.QueryEscape(path) {
			t.Errorf("%s answered %d to %q", path, a.status, a.location)
		}
	}
	for _, path := range []string{"/wallet/limits", "/wallet/limits/remove", "/wallet/approval", "/wallet/allowances", "/wallet/allowances/remove", "/wallet/funds"} {
		if a := b.post(path, url.Values{}); a.status != http.StatusSeeOther || !strings.HasPrefix(a.location, "/login?next=") {
			t.Errorf("POST %s answered %d to %q", path, a.status, a.location)
		}
	}
}

func TestEveryPageCarriesTheGuards(t *testing.T) {
	b, a := visit(t)
	b.logIn(pretend.Reader)
	for _, path := range []string{"/", "/login", "/wallet", "/wallet/purchases", "/wallet/limits", "/pay/" + a.Open.String(), "/nowhere"} {
		h := b.get(path).header
		for name, want := range map[string]string{
			"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "X-Frame-Options": "DENY",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		policy := h.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: the policy %q lacks %s", path, policy, part)
			}
		}
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, "script-src") {
			t.Errorf("%s: the policy %q lets scripts in", path, policy)
		}
	}
	// The form that pays ends at the shop, so that one page permits the shop and no other.
	if policy := b.get("/pay/" + a.Open.String()).header.Get("Content-Security-Policy"); !strings.HasSuffix(policy, "form-action 'self' "+shop) {
		t.Errorf("the pay page's policy is %q", policy)
	}
	if policy := b.get("/wallet/funds?next=/pay/" + a.Open.String()).header.Get("Content-Security-Policy"); !strings.HasSuffix(policy, shop) {
		t.Errorf("adding funds for an order may not lead on to the shop: %q", policy)
	}
	if policy := b.get("/wallet").header.Get("Content-Security-Policy"); strings.Contains(policy, shop) {
		t.Errorf("the wallet's policy is %q", policy)
	}
}

func TestAssetsAreKept(t *testing.T) {
	b, _ := visit(t)
	page := b.get("/").body
	_, rest, _ := strings.Cut(page, `rel="stylesheet" href="`)
	address, _, _ := strings.Cut(rest, `"`)
	style := b.get(address)
	style.want(t, http.StatusOK, "font-face", "/assets/source-serif.")
	if !strings.Contains(style.header.Get("Cache-Control"), "immutable") {
		t.Errorf("the style sheet says %q", style.header.Get("Cache-Control"))
	}
	if kind := style.header.Get("Content-Type"); kind != "text/css; charset=utf-8" {
		t.Errorf("the style sheet is %q", kind)
	}
	_, rest, _ = strings.Cut(page, `type="image/svg+xml" href="`)
	address, _, _ = strings.Cut(rest, `"`)
	if kind := b.get(address).header.Get("Content-Type"); kind != "image/svg+xml; charset=utf-8" {
		t.Errorf("the mark is %q", kind)
	}
	b.get("/assets/nothing.css").want(t, http.StatusNotFound)
}

func TestRequestsFromOtherSitesChangeNothing(t *testing.T) {
	b, a := visit(t)
	b.logIn(pretend.Reader)
	done := len(a.Calls)
	for _, path := range []string{"/login", "/signup", "/logout", "/pay/" + a.Open.String(), "/wallet/limits", "/wallet/approval", "/wallet/allowances", "/wallet/funds"} {
		b.post(path, url.Values{}, "Sec-Fetch-Site", "cross-site").want(t, http.StatusForbidden, "another site")
		b.post(path, url.Values{}, "Sec-Fetch-Site", "", "Origin", "https://evil.example").want(t, http.StatusForbidden, "another site")
	}
	if len(a.Calls) != done {
		t.Errorf("something was done: %v", a.Calls[done:])
	}
}

func TestLogInReturnsOnlyToThisSite(t *testing.T) {
	for _, next := range []string{
		"https://evil.example/", "//evil.example/", `/\evil.example/`, "/%2f/evil.example", "javascript:alert(1)", "/\t/evil.example",
		"/ /evil.example", "http:evil.example", "///evil.example", "wallet", "@evil.example", "/\n//evil.example",
	} {
		b, _ := visit(t)
		a := b.post("/login", url.Values{"email": {pretend.Reader}, "password": {pretend.Password}, "next": {next}})
		if a.status != http.StatusSeeOther || (a.location != "/wallet" && next != "/%2f/evil.example") || strings.HasPrefix(a.location, "//") {
			t.Errorf("next=%q leads to %q", next, a.location)
		}
		if page := b.get("/login?next=" + url.QueryEscape(next)); page.location != "/wallet" && !strings.HasPrefix(page.location, "/%2f") {
			t.Errorf("next=%q, logged in, leads to %q", next, page.location)
		}
	}
	b, _ := visit(t)
	if a := b.post("/login", url.Values{"email": {pretend.Reader}, "password": {pretend.Password}, "next": {"/wallet/purchases?before=at50"}}); a.location != "/wallet/purchases?before=at50" {
		t.Errorf("a path of this site leads to %q", a.location)
	}
}

func TestSessionCookie(t *testing.T) {
	b, a := visit(t)
	answer := b.post("/login", url.Values{"email": {pretend.Reader}, "password": {pretend.Password}})
	cookie := answer.header.Get("Set-Cookie")
	for _, part := range []string{"farthing=", "HttpOnly", "SameSite=Lax", "Path=/"} {
		if !strings.Contains(cookie, part) {
			t.Errorf("the cookie %q lacks %s", cookie, part)
		}
	}
	b.get("/wallet").want(t, http.StatusOK, "12,345,678.25", "Ada Lovelace")
	a.Away = true
	if out := b.post("/logout", url.Values{}); out.status != http.StatusServiceUnavailable || out.header.Get("Set-Cookie") != "" {
		t.Errorf("a logout that could not be written answers %d, %v", out.status, out.header)
	}
	a.Away = false
	if out := b.post("/logout", url.Values{}); out.location != "/" || out.header.Get("Clear-Site-Data") != `"cache"` {
		t.Errorf("logging out leads to %q, with the headers %v", out.location, out.header)
	}
	b.get("/").want(t, http.StatusOK, "You are logged out.")
	if !a.Did("logout session_" + pretend.Reader) {
		t.Error("the session was not ended")
	}
	if again := b.get("/wallet"); again.status != http.StatusSeeOther {
		t.Errorf("the wallet still answers %d", again.status)
	}
}

func TestSecureSitesBindTheCookieToTheHost(t *testing.T) {
	handler, err := pretend.New(shop).Pages("https://wallet.example", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{"email": {pretend.Reader}, "password": {pretend.Password}}
	request := httptest.NewRequest(http.MethodPost, "https://wallet.example/login", strings.NewReader(form.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	recorded := httptest.NewRecorder()
	handler.ServeHTTP(recorded, request)
	cookie := recorded.Header().Get("Set-Cookie")
	if !strings.HasPrefix(cookie, "__Host-farthing=") || !strings.Contains(cookie, "Secure") {
		t.Errorf("the cookie is %q", cookie)
	}
	if recorded.Header().Get("Strict-Transport-Security") == "" {
		t.Error("no Strict-Transport-Security")
	}
}

func TestRefusedForms(t *testing.T) {
	b, a := visit(t)
	b.post("/login", url.Values{"email": {pretend.Reader}, "password": {"wrong"}}).want(t, http.StatusUnauthorized, "password is wrong.", pretend.Reader)
	b.post("/signup", url.Values{"email": {pretend.Reader}, "password": {"short"}, "name": {"<b>Ada</b>"}}).want(t, http.StatusUnprocessableEntity, "at least 8", "&lt;b&gt;Ada")
	b.logIn(pretend.Reader)
	b.post("/wallet/limits", url.Values{"max": {"ten"}, "currency": {"USD"}, "period": {"day"}}).want(t, http.StatusUnprocessableEntity, "decimal like 0.25", `value="ten"`)
	b.post("/wallet/limits", url.Values{"max": {"10"}, "currency": {"usd"}, "period": {"day"}}).want(t, http.StatusUnprocessableEntity)
	b.post("/wallet/limits", url.Values{"max": {"10"}, "currency": {"USD"}, "period": {"year"}}).want(t, http.StatusUnprocessableEntity)
	b.post("/wallet/allowances", url.Values{"max": {"10"}, "per_purchase": {"1"}, "currency": {"USD"}, "period": {"day"}, "days": {"30"}}).want(t, http.StatusUnprocessableEntity, "Choose the shop")
	b.post("/wallet/allowances", url.Values{"vendor": {a.Shop.String()}, "max": {"10"}, "per_purchase": {"1"}, "currency": {"USD"}, "period": {"day"}, "days": {"0"}}).want(t, http.StatusUnprocessableEntity, "1 to 3660 days")
	b.post("/wallet/funds", url.Values{"amount": {"0"}, "currency": {"USD"}}).want(t, http.StatusUnprocessableEntity, "more than zero")
	b.post("/login", url.Values{"email": {strings.Repeat("x", 70_000)}}).want(t, http.StatusRequestEntityTooLarge, "too large")
	b.get("/wallet/purchases?before=bad").want(t, http.StatusBadRequest)
	if !a.Did("login") || a.Did("limit") || a.Did("allow") || a.Did("funds") || a.Did("signup") {
		t.Errorf("done: %v", a.Calls)
	}
}

func TestChangingLimits(t *testing.T) {
	b, a := visit(t)
	b.logIn(pretend.Reader)
	for _, change := range []struct {
		path string
		form url.Values
		did  string
	}{
		{"/wallet/limits", url.Values{"max": {"10"}, "currency": {"USD"}, "period": {"week"}, "vendor": {""}}, "limit reader@example.org 10.00 USD week vendor="},
		{"/wallet/limits", url.Values{"max": {"0.5"}, "currency": {"EUR"}, "period": {"purchase"}, "vendor": {a.Shop.String()}}, "limit reader@example.org 0.50 EUR purchase vendor=vnd_"},
		{"/wallet/limits/remove", url.Values{"limit": {"lim_" + strings.TrimPrefix(a.Shop.String(), "vnd_")}}, "unlimit"},
		{"/wallet/approval", url.Values{"max": {"0.30"}, "currency": {"USD"}}, "approval reader@example.org 0.30 USD"},
		{"/wallet/allowances", url.Values{"vendor": {a.Shop.String()}, "max": {"10"}, "per_purchase": {"1"}, "currency": {"USD"}, "period": {"day"}, "days": {"30"}}, "allow reader@example.org vnd_"},
		{"/wallet/allowances/remove", url.Values{"allowance": {"alw_" + strings.TrimPrefix(a.Shop.String(), "vnd_")}}, "disallow"},
		{"/wallet/funds", url.Values{"amount": {"10"}, "currency": {"JPY"}, "reference": {"demo-1"}}, "funds reader@example.org 10.00 JPY"},
	} {
		answer := b.post(change.path, change.form)
		if answer.status != http.StatusSeeOther || !a.Did(change.did) {
			t.Errorf("%s answered %d, and %q was not done: %v\n%s", change.path, answer.status, change.did, a.Calls, answer.body)
		}
		if page := b.get(answer.location); !strings.Contains(page.body, `class="flash"`) {
			t.Errorf("after %s the page says nothing", change.path)
		}
	}
	b.get("/wallet/limits?order="+a.Open.String()).want(t, http.StatusOK, `<option value="`+a.Shop.String()+`" selected>`)
}

func TestPagesOfPurchases(t *testing.T) {
	b, _ := visit(t)
	b.logIn(pretend.Reader)
	path, rows, pages := "/wallet/purchases", 0, 0
	for path != "" && pages < 100 {
		page := b.get(path)
		page.want(t, http.StatusOK)
		rows += strings.Count(page.body, "<tr>") - 1
		pages++
		_, rest, more := strings.Cut(page.body, `<a href="/wallet/purchases?before=`)
		path = ""
		if more {
			cursor, _, _ := strings.Cut(rest, `"`)
			path = "/wallet/purchases?before=" + cursor
		}
	}
	if rows != 1000 || pages != 20 {
		t.Errorf("%d rows on %d pages", rows, pages)
	}
	empty, _ := visit(t)
	empty.logIn(pretend.Newcomer)
	empty.get("/wallet").want(t, http.StatusOK, "Your wallet is empty", "Nothing yet")
	empty.get("/wallet/purchases").want(t, http.StatusOK, "Nothing yet")
}
