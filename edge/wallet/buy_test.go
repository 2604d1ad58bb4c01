package wallet_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"farthing.dev/farthing/edge/wallet"
	"farthing.dev/farthing/tests/pretend"
)

// from is how a browser posts a form that stands on another site.
func from(origin string) []string {
	return []string{"Origin", origin, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Sec-Fetch-User", "?1"}
}

// confirmation reads the fields of the form on an offer's page.
func confirmation(t *testing.T, page answer) url.Values {
	t.Helper()
	fields := url.Values{}
	for _, match := range regexp.MustCompile(`<input type="hidden" name="(quoted|once|tracking|session)" value="([^"]*)"`).FindAllStringSubmatch(page.body, -1) {
		fields.Set(match[1], match[2])
	}
	if fields.Get("once") == "" {
		t.Fatalf("the page has no form to confirm:\n%s", page.body)
	}
	return fields
}

func TestBuyingFromAPlainForm(t *testing.T) {
	b, a := visit(t)
	b.logIn(pretend.Reader)
	path := "/buy/" + pretend.Offer.String()
	// What a page says of price, title or address is not read.
	come := b.post(path, url.Values{"tracking": {"spring & sun"}, "price": {"0.01"}, "title": {"Nothing"}, "return_url": {"https://evil.example/"}}, from(shop)...)
	if come.status != http.StatusSeeOther || come.location != path+"?tracking=spring+%26+sun" {
		t.Fatalf("the form leads, with %d, to %q", come.status, come.location)
	}
	page := b.get(come.location, click...)
	page.want(t, http.StatusOK, "The last ferry of the season", "Pay 0.25", `action="`+path+`/confirm"`)
	if policy := page.header.Get("Content-Security-Policy"); !strings.HasSuffix(policy, shop) {
		t.Errorf("the form may not lead to the shop: %q", policy)
	}
	if a.Did("buy") {
		t.Fatal("looking at the page bought")
	}
	form := confirmation(t, page)
	paid := b.post(path+"/confirm", form)
	if paid.status != http.StatusSeeOther || !strings.HasPrefix(paid.location, shop+"/back?order=ord_") {
		t.Fatalf("buying answered %d to %q", paid.status, paid.location)
	}
	if got := paid.header.Get("Referrer-Policy"); got != "no-referrer" {
		t.Errorf("the shop would learn where the reader comes from: %q", got)
	}
	if !a.Did("buy " + pretend.Reader + " " + pretend.Offer.String() + " method=1") {
		t.Errorf("done: %v", a.Calls)
	}
}

func TestAbusedForms(t *testing.T) {
	b, a := visit(t)
	b.logIn(pretend.Quick)
	path := "/buy/" + pretend.Offer.String()
	for _, test := range []struct {
		name    string
		path    string
		form    url.Values // posted, where there is one
		headers []string
		status  int
		says    string
	}{
		{"unknown offer", "/buy/off_00000000000000000000000000", nil, click, 404, "no such offer"},
		{"no offer", "/buy/nonsense", nil, click, 404, "no such offer"},
		{"unknown offer, posted", "/buy/off_00000000000000000000000000", url.Values{}, from(shop), 404, "no such offer"},
		{"an order's id", "/buy/" + a.Open.String(), nil, click, 404, "no such offer"},
		{"a foreign site", path, url.Values{}, from("https://evil.example"), 403, "has not registered"},
		{"a look-alike", path, url.Values{}, from(shop + ".evil.example"), 403, "has not registered"},
		{"another scheme", path, url.Values{}, from("http://harbour.example"), 403, "has not registered"},
		{"a page without an origin", path, url.Values{}, from("null"), 303, ""},
		{"too long a tracking", path, url.Values{"tracking": {strings.Repeat("ß", 500)}}, from(shop), 422, "too long"},
		{"too long a link", path + "?x=" + strings.Repeat("a", 3000), nil, click, 422, "too long"},
		{"too large a form", path, url.Values{"x": {strings.Repeat("a", 70_000)}}, from(shop), 413, ""},
		{"confirmed from elsewhere", path + "/confirm", url.Values{"quoted": {"0.25"}, "once": {"1"}}, from(shop), 403, "another site"},
		{"confirmed without a price", path + "/confirm", url.Values{"once": {"1"}}, nil, 422, ""},
		{"confirmed at another price", path + "/confirm", url.Values{"quoted": {"0.01"}, "once": {"1"}}, nil, 409, "look at the price again"},
		{"confirmed by no page", path + "/confirm", url.Values{"quoted": {"0.25"}}, nil, 400, "load the page again"},
		// Quick buys small things without being asked, but only when a click on the shop's own page says so.
		{"a link on a foreign site", path, nil, append([]string{"Referer", "https://evil.example/"}, click...), 200, "Pay 0.25"},
		{"a link without a sender", path, nil, click, 200, "Pay 0.25"},
		{"fetched ahead", path, nil, append([]string{"Referer", shop + "/", "Sec-Purpose", "prefetch"}, click...), 200, "Pay 0.25"},
		{"opened by a script", path, nil, []string{"Referer", shop + "/", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, 200, "Pay 0.25"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got answer
			if test.form != nil {
				got = b.post(test.path, test.form, test.headers...)
			} else {
				got = b.get(test.path, test.headers...)
			}
			got.want(t, test.status, test.says)
			if a.Did("buy") {
				t.Fatal("something was bought")
			}
		})
	}
	if got := b.get(path, append([]string{"Referer", shop + "/"}, click...)...); got.status != http.StatusSeeOther || !strings.HasPrefix(got.location, shop) || !a.Did("buy "+pretend.Quick+" "+pretend.Offer.String()+" method=2") {
		t.Errorf("a click at the shop answered %d to %q; done: %v", got.status, got.location, a.Calls)
	}
}

func TestBuyingFromAFormNeedsALogin(t *testing.T) {
	b, a := visit(t)
	path := "/buy/" + pretend.Offer.String() + "?tracking=spring"
	page := b.get(path, click...)
	page.want(t, http.StatusOK, "Log in to pay", "The last ferry of the season", `name="next" value="`+path+`"`)
	if policy := page.header.Get("Content-Security-Policy"); !strings.HasSuffix(policy, shop) {
		t.Errorf("the login form may not lead to the shop: %q", policy)
	}
	confirm := "/buy/" + pretend.Offer.String() + "/confirm"
	b.post(confirm, url.Values{"quoted": {"0.25"}, "once": {"1"}, "tracking": {"spring"}}).want(t, http.StatusUnauthorized, "nothing was charged", `name="next" value="`+path+`"`)
	if a.Did("buy") {
		t.Error("bought without a login")
	}
	if in := b.post("/login", url.Values{"email": {pretend.Reader}, "password": {pretend.Password}, "next": {path}}); in.location != path {
		t.Errorf("the login leads to %q", in.location)
	}
	late, _ := visit(t)
	late.logIn(pretend.Late)
	late.get(path, click...).want(t, http.StatusOK, "Log in again to go on", `name="next" value="`+path+`"`)
}

func TestWhatOtherSitesMayRead(t *testing.T) {
	b, _ := visit(t)
	price := b.get("/buy/"+pretend.Offer.String()+"/price", "Origin", "https://anybody.example")
	price.want(t, http.StatusOK, `"price":"0.25"`, `"currency":"USD"`, `"title":"The last ferry of the season"`)
	script := b.get("/farthing-button.js")
	script.want(t, http.StatusOK, "customElements.define")
	for _, got := range []answer{price, script, b.get("/buy/off_00000000000000000000000000/price")} {
		if got.header.Get("Access-Control-Allow-Origin") != "*" || got.header.Get("Cross-Origin-Resource-Policy") != "cross-origin" || got.header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("other sites may not read it: %v", got.header)
		}
	}
	missing := b.get("/buy/nonsense/price")
	missing.want(t, http.StatusNotFound, `"code":"not_found"`)
	if kept := b.get("/farthing-button.js?v=" + wallet.ButtonVersion()).header.Get("Cache-Control"); !strings.Contains(kept, "immutable") {
		t.Errorf("a versioned script is kept by %q", kept)
	}
	if kept := script.header.Get("Cache-Control"); strings.Contains(kept, "immutable") {
		t.Errorf("a script without a version is kept by %q", kept)
	}
	b.get("/farthing-button.js", "If-None-Match", script.header.Get("ETag")).want(t, http.StatusNotModified)
}
