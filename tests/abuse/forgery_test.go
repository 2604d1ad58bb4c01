package abuse

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// foreign are the routes that other sites' pages may lead a browser to by a form, and
// why: none of them changes anything, and none looks at who is logged in.
var foreign = map[string]string{
	"POST /buy/{offer}":    "a vendor's form; it only leads on to the page that asks",
	"POST /oidc/authorize": "a client's form; it only leads on to the same request by GET",
	"POST /oidc/logout":    "a client's form; it only leads on to the same request by GET",

	"POST /.well-known/openid-configuration": "a document that everybody may read, by any method",
}

// fromElsewhere is what browsers say of a request that another site's page caused, in
// the ways that they have to say it.
var fromElsewhere = map[string]http.Header{
	"Sec-Fetch-Site":      {"Sec-Fetch-Site": {"cross-site"}, "Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}, "Sec-Fetch-User": {"?1"}, "Origin": {"https://evil.example"}},
	"a neighbour":         {"Sec-Fetch-Site": {"same-site"}, "Origin": {"http://evil.localhost"}},
	"Origin alone":        {"Origin": {"https://evil.example"}},
	"no origin to tell":   {"Origin": {"null"}},
	"our host, not port":  {"Origin": {"http://localhost:1"}},
	"our name as a label": {"Origin": {"http://localhost.evil.example"}},
}

// TestForgery has another site's page send a form to every route that may change
// something, with the login of a reader and of a vendor's member in the browser.
func TestForgery(t *testing.T) {
	h := open(t)
	owned := h.owned(h.shop, h.ada)
	form := filled(owned)
	tried := 0
	for _, r := range h.routes() {
		if !r.changes() {
			continue
		}
		tried++
		h.unmoved(r.String(), func() {
			for how, header := range fromElsewhere {
				for _, who := range []*reader{h.ada, h.shop.member} {
					what := r.String() + " by " + who.name + ", " + how
					got := h.send(who.Browser, r.method, h.at(r, owned), header, form)
					switch {
					case foreign[r.String()] != "":
						if got.status >= 400 && got.status != http.StatusForbidden || got.header.Get("Set-Cookie") != "" {
							t.Errorf("%s: answered %d with cookies %q", what, got.status, got.header["Set-Cookie"])
						}
					case r.pages:
						if got.status != http.StatusForbidden || !strings.Contains(got.body, "Sent from another site") {
							t.Errorf("%s: answered %d, want the guard's 403", what, got.status)
						}
					case got.status < 400:
						t.Errorf("%s: answered %d, want a refusal", what, got.status)
					}
				}
			}
		})
	}
	if tried < 30 {
		t.Errorf("only %d routes were tried", tried)
	}

	// The same form from our own page does something, so it was not the form that failed.
	before := h.State()
	if got := h.send(h.ada.Browser, "POST", "/pay/"+owned["order"], http.Header{"Sec-Fetch-Site": {"same-origin"}, "Origin": {h.URL}}, formAt(h, h.ada, "/pay/"+owned["order"])); got.status != http.StatusSeeOther {
		t.Errorf("from our own page the order was answered %d: %s", got.status, got.body)
	}
	if h.State().Head == before.Head {
		t.Error("a good payment left the journal as it was, so this test shows nothing")
	}
}

// lookers are what browsers say of requests that nobody made by a click on the way here.
var lookers = map[string]http.Header{
	"an image":         {"Sec-Fetch-Site": {"cross-site"}, "Sec-Fetch-Mode": {"no-cors"}, "Sec-Fetch-Dest": {"image"}},
	"a frame":          {"Sec-Fetch-Site": {"cross-site"}, "Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"iframe"}, "Sec-Fetch-User": {"?1"}},
	"a prefetch":       {"Sec-Fetch-Site": {"cross-site"}, "Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}, "Sec-Fetch-User": {"?1"}, "Sec-Purpose": {"prefetch"}},
	"a script's doing": {"Sec-Fetch-Site": {"cross-site"}, "Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}},
	"an old browser":   {},
	aForeignLink:       {"Sec-Fetch-Site": {"cross-site"}, "Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}, "Sec-Fetch-User": {"?1"}, "Referer": {"https://evil.example/"}},
}

// aForeignLink is clicked on another site. At the address of an order that buys where the
// reader is not asked below a price: the order's own vendor made it, and the address is
// the right to pay it. At an offer, which everybody can link to, it does not.
const aForeignLink = "a click on a foreign link"

// TestNoPageChangesByLooking opens every page as an image, a frame or a prefetch of
// another site would, as a reader who is never asked below 5 USD: nothing is bought.
func TestNoPageChangesByLooking(t *testing.T) {
	h := open(t)
	owned := h.owned(h.shop, h.ada)
	h.ada.Get(h.URL+"/wallet/limits").Submit("/wallet/approval", "currency", "USD", "max", "5").Want(http.StatusOK)
	for _, r := range h.routes() {
		if r.method != http.MethodGet {
			continue
		}
		before := h.State()
		for how, header := range lookers {
			if how == aForeignLink && r.path == "/pay/{order}" {
				continue
			}
			for _, who := range []*reader{h.ada, h.shop.member} {
				h.send(who.Browser, r.method, h.at(r, owned), header, nil)
			}
		}
		after := h.State()
		delete(after.Tables, "login_attempts") // asking for a login makes a try to remember; it opens nothing
		h.same(r.String(), before, after)
	}
}

// filled is a form that names everything that somebody owns, as each page calls it.
func filled(owned things) url.Values {
	form := url.Values{
		"email": {"ada@people.example"}, "password": {password}, "name": {"New name"}, "origin": {"https://new.example"}, "url": {"https://new.example"},
		"login": {"robot"}, "mode": {"live"}, "currency": {"USD"}, "amount": {"1"}, "max": {"7"}, "per_purchase": {"1"}, "period": {"day"}, "days": {"9"},
		"reference": {"forged"}, "once": {"0123456789abcdef"}, "next": {"/wallet"}, "window": {"600"}, "code": {"123456"}, "client": {"none"},
	}
	for name, value := range owned {
		form.Set(name, value)
	}
	return form
}

// formAt opens a page and returns the fields of its first form that leads back to it.
func formAt(h *house, r *reader, path string) url.Values {
	h.t.Helper()
	r.Get(h.URL + path).Want(http.StatusOK)
	return formOf(h.t, r.Browser, path)
}
