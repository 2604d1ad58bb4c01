package abuse

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"farthing.dev/farthing/tests/launch"
)

// role is somebody who asks for what belongs to others.
type role struct {
	name    string
	browser *launch.Browser // nil for who has no browser
	key     string
	valid   bool             // the key is somebody's
	own     bool             // the key is of the vendor whose things are asked for
	may     func(route) bool // what this role may do with these things after all; nil for nothing
}

// ownPage reports whether a page shows or changes only what belongs to who asks, so that
// somebody else's ids in its form must not matter, while an answer of 200 is no wonder.
func ownPage(r route) bool { return !inBraces.MatchString(strings.ReplaceAll(r.path, "{$}", "")) }

// anyonesPage are the pages with an id in the address that everybody may see.
var anyonesPage = []string{
	"GET /assets/", "GET /buy/{offer}", "POST /buy/{offer}", "GET /buy/{offer}/price", // an offer is public
	"GET /pay/{order}",     // the address of an order is the right to pay it
	"GET /return/{vendor}", // the way back from a sign-up, to a site that the vendor registered
	"GET /docs", "GET /openapi.json",
	"GET /oidc/authorize", "GET /oidc/logout", // say what is wrong with the request
}

// askedAnew are the forms that anyone may send from the page that asks; without what
// that page gave them they are refused in words of their own.
var askedAnew = []string{"POST /pay/{order}", "POST /buy/{offer}/confirm"}

// TestMatrix asks for every route there is as everybody who has no right to the things
// named in it: the answer is 404, or 401, or the way to the login, and nothing has moved.
func TestMatrix(t *testing.T) {
	h := open(t)
	owned := h.owned(h.shop, h.ada)
	form := filled(owned)
	body := bodyOf(owned)
	nobodys := things{}
	for name, id := range owned {
		if nobodys[name] = id; len(id) > 20 {
			nobodys[name] = id[:12] + "0000" + id[16:]
		}
	}
	roles := []role{
		{name: "nobody"},
		{name: "nobody with a forged cookie", browser: withCookie(h, strings.Repeat("A", 43))},
		{name: "another reader", browser: h.ben.Browser},
		{name: "another vendor's member", browser: h.rival.member.Browser},
		{name: "the vendor's member as a reader", browser: h.shop.member.Browser, may: func(r route) bool { return strings.HasPrefix(r.path, "/console/") }},
		{name: "another vendor's key", key: h.rival.live.Key, valid: true},
		{name: "another vendor's test key", key: h.rival.test.Key, valid: true},
		{name: "the vendor's own test key", key: h.shop.test.Key, valid: true, own: true, may: sharedByModes},
		{name: "no key", key: "fk_live_" + strings.Repeat("A", 43)},
		{name: "a reader's cookie at the API", browser: h.ada.Browser, may: func(r route) bool { return !r.api }},
	}
	for _, who := range roles {
		t.Run(who.name, func(t *testing.T) {
			h := h.in(t)
			asked := 0
			for _, r := range h.routes() {
				if (who.may != nil && who.may(r)) || ownPage(r) && !r.api || slices.Contains(anyonesPage, r.String()) {
					continue
				}
				if ownPage(r) && who.valid && (!r.changes() || body[r.path] == "") {
					continue // makes or lists one's own; TestForeignLists looks into the lists
				}
				asked++
				what := who.name + ", " + r.String()
				h.unmoved(what, func() {
					got := ask(h, who, r, owned, form, body)
					if refusedAsUnknown(got) || got.status == http.StatusForbidden && (slices.Contains(askedAnew, r.String()) || who.own && strings.Contains(got.body, "mode_mismatch")) {
						return
					}
					unknown := ask(h, who, r, nobodys, form, bodyOf(nobodys))
					if got.status < 400 || got.status != unknown.status || codeIn(got.body) != codeIn(unknown.body) {
						t.Errorf("%s was answered %d, to %q, and %d %s for ids that nobody has: %.200s", what, got.status, got.header.Get("Location"), unknown.status, codeIn(unknown.body), got.body)
					}
				})
			}
			if asked < 5 {
				t.Errorf("only %d routes were asked for", asked)
			}
		})
	}
}

// ask sends a good request of a route, as somebody, that names the things given.
func ask(h *house, who role, r route, named things, form url.Values, body map[string]string) got {
	header := http.Header{}
	var sent any = form
	if r.api {
		header = keyed(who.key)
		sent = cmp.Or(body[r.path], "{}")
	}
	if who.key == "" {
		header.Del("Authorization")
	}
	if !r.changes() {
		sent = nil
	}
	return onlyResult(h.send(who.browser, r.method, h.at(r, named), header, sent))
}

var oneResult = regexp.MustCompile(`^\{"results":\[\{"status":(\d+),(.*)\}\]\}$`)

// onlyResult is the answer to the one purchase of a batch: the batch itself is answered with
// 200 whatever became of it.
func onlyResult(g got) got {
	if match := oneResult.FindStringSubmatch(g.body); match != nil {
		g.status, _ = strconv.Atoi(match[1])
		g.body = match[2]
	}
	return g
}

var aCode = regexp.MustCompile(`"(?:code|error)":\s*"([^"]*)"`)

// codeIn returns the code of a refusal.
func codeIn(body string) string {
	if match := aCode.FindStringSubmatch(body); match != nil {
		return match[1]
	}
	return ""
}

// refusedAsUnknown reports whether an answer tells nothing: not found, not logged in, or
// the way to the login.
func refusedAsUnknown(g got) bool {
	switch g.status {
	case http.StatusNotFound, http.StatusUnauthorized, http.StatusMethodNotAllowed:
		return true
	case http.StatusSeeOther, http.StatusFound:
		where := g.header.Get("Location")
		return strings.HasPrefix(where, "/login") || strings.HasPrefix(where, "/pay/") || strings.HasPrefix(where, "/buy/")
	}
	return false
}

// sharedByModes are the things that a vendor has once, for its live and its test keys.
func sharedByModes(r route) bool {
	for _, noun := range []string{"sites", "payees", "splits", "offers", "me", "earnings", "royalties", "campaigns", "readers", "orders", "purchases"} {
		if r.path == "/v1/"+noun || strings.HasPrefix(r.path, "/v1/"+noun+"/") && noun != "orders" {
			return true
		}
	}
	return !r.api
}

// bodyOf are good bodies of the API's routes that name foreign things.
func bodyOf(owned things) map[string]string {
	return map[string]string{
		"/v1/orders":                `{"offer":"` + owned["offer"] + `","return_url":"https://x.example/"}`,
		"/v1/orders/{id}/capture":   `{}`,
		"/v1/orders/{id}/refund":    `{}`,
		"/v1/purchases":             `{"reader":"` + owned["reader"] + `","offer":"` + owned["offer"] + `"}`,
		"/v1/purchases/batch":       `{"purchases":[{"idempotency_key":"k","reader":"` + owned["reader"] + `","offer":"` + owned["offer"] + `"}]}`,
		"/v1/campaigns/{id}/grants": `{"reader":"` + owned["reader"] + `","amount":"1"}`,
		"/v1/splits/{id}":           `{"name":"x","shares":[{"payee":"` + owned["payee"] + `","percent":"5"}]}`,
		"/v1/splits":                `{"name":"x","shares":[{"payee":"` + owned["payee"] + `","percent":"5"}]}`,
		"/v1/offers":                `{"item":{"sku":"s","title":"T"},"price":"1","currency":"USD","split":"` + owned["split"] + `"}`,
		"/v1/tickets/redeem":        `{"ticket":"x"}`,
	}
}

// withCookie is a browser with a login that nobody was given.
func withCookie(h *house, secret string) *launch.Browser {
	b := launch.NewBrowser(h.t)
	request, _ := http.NewRequest("GET", h.URL, nil)
	b.Client.Jar.SetCookies(request.URL, []*http.Cookie{{Name: "farthing", Value: secret, Path: "/"}})
	return b
}

// ownForms are the forms that do something to what belongs to whoever sends them, whatever
// ids of others they name. All others are refused where those ids are not the sender's.
var ownForms = []string{
	"POST /console", "POST /console/{vendor}/keys", "POST /console/{vendor}/sites", "POST /wallet/allowances", "POST /wallet/approval", "POST /wallet/funds", "POST /wallet/limits",
	"POST /login/code/send", "POST /login/passkey/options", "POST /reset", "POST /signup", "POST /security/login/authenticator", "POST /security/login/authenticator/remove",
	"POST /security/login/passkeys/options", "POST /security/devices/window", "POST /buy/{offer}", "POST /buy/{offer}/confirm", "POST /pay/{order}",
}

// endsSession are the forms after which the sender is not logged in as before. Their
// subject is the sender's own session, which no form names.
var endsSession = []string{"POST /login", "POST /logout", "POST /oidc/logout/confirm", "POST /security/devices/others"}

// TestForeignFormsMoveNothing sends every form there is, filled with the ids of all that a
// reader and a shop own, as another reader and as another shop's member, who has the
// same pages for a shop of her own. The owners see what they saw before, to the byte.
func TestForeignFormsMoveNothing(t *testing.T) {
	h := open(t)
	owned := h.owned(h.shop, h.ada)
	owned["client"] = h.register(h.shop).id
	second := launch.NewBrowser(t)
	h.logIn(second, h.ada.email).Want(http.StatusOK)
	owned["session"] = h.ada.Get(h.URL + "/security/devices").Find(`name="session" value="([^"]*)"`)
	form := filled(owned)
	form.Set("email", "nobody@people.example")
	form.Set("minutes", "5")
	before := h.seenBy(h.ada, h.shop)
	for _, r := range h.routes() {
		if !r.changes() || r.api || !r.pages || slices.Contains(endsSession, r.String()) {
			continue
		}
		for _, who := range []*reader{h.ben, h.rival.member} {
			own := maps.Clone(owned)
			own["vendor"] = h.rival.id
			got := h.send(who.Browser, r.method, h.at(r, own), nil, form)
			if got.status < 400 && !slices.Contains(ownForms, r.String()) {
				t.Errorf("%s by %s with the ids of others was answered %d", r, who.name, got.status)
			}
			for page, was := range before {
				if is := h.seenAt(page, h.ada, h.shop); is != was {
					t.Errorf("after %s by %s the owner sees another %s:\n%s\nbefore:\n%s", r, who.name, page, is, was)
					before[page] = is
				}
			}
		}
	}
	if second.Get(h.URL + "/wallet"); second.URL.Path != "/wallet" {
		t.Error("another session of the reader was ended")
	}
	h.logInAt(h.ada, h.shop) // the client's secret is the one it was
}

// seenBy is all that the owners of things see of them, by page.
func (h *house) seenBy(r *reader, s *shop) map[string]string {
	h.t.Helper()
	pages := map[string]string{}
	for _, page := range []string{"/wallet", "/wallet/limits", "/wallet/purchases", "/security/devices", "/security/login",
		"/console/" + s.id, "/console/" + s.id + "/setup", "/console/" + s.id + "/login", "/console/" + s.id + "/catalogue", "/console/" + s.id + "/sales"} {
		pages[page] = h.seenAt(page, r, s)
	}
	return pages
}

var onceShown = regexp.MustCompile(`name="(reference|once|shown)" value="[^"]*"`)

func (h *house) seenAt(page string, r *reader, s *shop) string {
	h.t.Helper()
	who := r
	if strings.HasPrefix(page, "/console/") {
		who = s.member
	}
	got := h.send(who.Browser, "GET", page, nil, nil)
	if got.status != http.StatusOK {
		h.t.Errorf("%s sees %s answered %d", who.name, page, got.status)
	}
	return onceShown.ReplaceAllString(got.body, "")
}

// TestForeignLists looks through everything that another vendor and another reader can
// list: nothing of the first ones is in it.
func TestForeignLists(t *testing.T) {
	h := open(t)
	owned := h.owned(h.shop, h.ada)
	var all strings.Builder
	for _, r := range h.routes() {
		if r.method != http.MethodGet || inBraces.MatchString(strings.ReplaceAll(r.path, "{$}", "")) {
			continue
		}
		for _, key := range []string{h.rival.live.Key, h.rival.test.Key, h.shop.test.Key} {
			if r.api && !(key == h.shop.test.Key && sharedByModes(r) && r.path != "/v1/orders") {
				all.WriteString(h.send(nil, "GET", r.path, keyed(key), nil).body)
			}
		}
		for _, who := range []*reader{h.ben, h.rival.member} {
			all.WriteString(h.send(who.Browser, "GET", h.at(r, owned), nil, nil).body)
		}
	}
	for name, id := range owned {
		if len(id) > 20 && strings.Contains(all.String(), id) {
			t.Errorf("others can see the %s, %s", name, id)
		}
	}
}
