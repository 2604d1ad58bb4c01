package abuse

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// cheap are the forms that somebody may send long after she logged in, each with why. Every other form
// of the pages is dear: it asks for a login in the purchase window, and until then moves nothing.
// So a new form fails this test until it asks, or somebody says here why it need not.
var cheap = map[string]string{
	"POST /login":                         "is the login",
	"POST /login/code":                    "is the login",
	"POST /login/code/send":               "is the login",
	"POST /login/passkey":                 "is the login",
	"POST /login/passkey/options":         "is the login",
	"POST /login/second":                  "is the login",
	"POST /logout":                        "takes away",
	"POST /oidc/logout/confirm":           "takes away",
	"POST /signup":                        "is before any login",
	"POST /signup/confirm":                "is before any login",
	"POST /reset":                         "is before any login",
	"POST /reset/new":                     "needs the letter",
	"POST /buy/{offer}":                   "shows a page",
	"POST /oidc/consent":                  "is asked at each login at a site, and tells a pseudonym",
	"POST /console":                       "opens a shop, which can do nothing live before its site is shown and a key is made",
	"POST /console/{vendor}/keys":         "makes a test key; TestDearForms asks for a live one",
	"POST /wallet/funds":                  "brings tokens in",
	"POST /wallet/allowances/remove":      "takes away",
	"POST /console/{vendor}/keys/revoke":  "takes away",
	"POST /console/{vendor}/login/remove": "takes away",
	"POST /security/devices/signout":      "takes away",
	"POST /security/devices/others":       "takes away",
	"POST /security/devices/shops":        "takes away",
	"POST /security/devices/password":     "asks for the present password itself",
}

// TestDearForms sends every form that is dear, as its owner, with a login that is older than the purchase window
// and every field filled. The answer leads to the login, and nothing has moved.
func TestDearForms(t *testing.T) {
	h := open(t)
	owned := h.owned(h.shop, h.ada)
	owned["client"] = h.register(h.shop).id
	form := filled(owned)
	for name, value := range map[string]string{
		"mode": "live", "login": "site", "name": "A name", "kind": "public", "redirects": h.shop.site + "/in", "url": h.shop.site + "/more", "minutes": "30", "max": "1000", "period": "day",
		"currency": "USD", "per_purchase": "1", "days": "30", "email": "new@shop.example", "passkey": "AAAA",
	} {
		form.Set(name, value)
	}
	h.ada.Do("POST", h.URL+"/security/devices/window", nil, url.Values{"minutes": {"10"}}).Want(http.StatusOK)
	h.Advance(31 * time.Minute)
	owned["order"] = h.order(h.shop, "/later", "0.25").ID
	asked := 0
	for _, r := range h.routes() {
		if !r.changes() || r.api || !r.pages {
			continue
		}
		if _, is := cheap[r.String()]; is && r.path != "/console/{vendor}/keys" {
			continue
		}
		if strings.HasPrefix(r.path, "/operator") {
			continue // for staff only, each page of it within the window: tests of the operator's pages
		}
		who := h.ada
		if strings.HasPrefix(r.path, "/console") {
			who = h.shop.member
		}
		form := form
		if r.path == "/wallet/limits" { // the limit that there is, raised
			form = maps.Clone(form)
			form.Del("vendor")
		}
		asked++
		h.unmoved(r.String(), func() {
			got := h.send(who.Browser, r.method, h.at(r, owned), nil, form)
			leads := got.status == http.StatusSeeOther && strings.HasPrefix(got.header.Get("Location"), "/login?again=1")
			says := strings.Contains(got.body, "og in again")
			if !leads && !says {
				t.Errorf("%s, with a login that is half an hour old, is answered %d, to %q: %.300s", r, got.status, got.header.Get("Location"), got.body)
			}
		})
	}
	if asked < 15 {
		t.Errorf("only %d forms were sent", asked)
	}
	for pattern := range cheap {
		if !slices.ContainsFunc(h.routes(), func(r route) bool { return r.String() == pattern }) {
			t.Errorf("%s is said to be cheap, and there is no such form", pattern)
		}
	}
}
