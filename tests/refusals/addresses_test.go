package refusals

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"farthing.dev/farthing/outbound"
	"farthing.dev/farthing/tests/inside"
	"farthing.dev/farthing/tests/names"
)

// Every address that a browser, a server and a person could take for different ones is
// refused, as return_url, as cancel_url and as a site, with a code and a line for the vendor.
func TestAddressesOutsideTheVendorsSites(t *testing.T) {
	h := open(t, true)
	h.prove(h.daily)
	host := strings.TrimPrefix(h.daily.site, "http://")
	address, port, _ := strings.Cut(host, ":")
	for name, url := range map[string]string{
		"another host":            "https://evil.example/",
		"another port":            "http://" + address + ":1/",
		"another scheme":          "https://" + host + "/",
		"another vendor's site":   h.rival.site + "/",
		"as a part of another":    "https://" + address + ".evil.example/",
		"as a user name":          "https://" + host + "@evil.example/",
		"a user name before it":   "http://ada@" + host + "/",
		"as a path":               "https://evil.example/" + host + "/",
		"a fragment":              h.daily.site + "/#a",
		"a backslash":             `http://` + host + `\@evil.example/`,
		"a dot segment":           h.daily.site + "/a/../b",
		"an encoded dot segment":  h.daily.site + "/%2e%2e/b",
		"twice encoded":           h.daily.site + "/%252e%252e/b",
		"an encoded slash":        h.daily.site + "/a%2fb",
		"an encoded backslash":    h.daily.site + "/a%5cb",
		"a dot after the host":    "http://" + address + ".:" + port + "/",
		"an octal address":        "http://0177.0.0.1:" + port + "/",
		"an address as a number":  "http://2130706433:" + port + "/",
		"a short address":         "http://127.1:" + port + "/",
		"an address in IPv6":      "http://[::ffff:127.0.0.1]:" + port + "/",
		"a zero before the port":  "http://" + address + ":0" + port + "/",
		"an encoded host":         "http://%31" + address[1:] + ":" + port + "/",
		"letters of other script": "https://d\u0430ily.example/",
		"a space":                 h.daily.site + "/ a",
		"a line break":            h.daily.site + "/\n",
		"javascript":              "javascript:alert(1)",
		"data":                    "data:text/html,a",
		"no scheme":               "//" + host + "/",
		"no host":                 "https:///a",
	} {
		h.Clock.Move(10 * time.Minute) // a flood about one thing gets few lines of the log
		t.Run(name, func(t *testing.T) {
			for field, got := range map[string]answer{
				"return_url": h.create(h.daily.live, url, ""), "cancel_url": h.create(h.daily.test, h.daily.site+"/", url),
			} {
				if got.status != http.StatusUnprocessableEntity || got.code != "url_not_registered" {
					t.Errorf("%s: %d %s", field, got.status, got.body)
				}
			}
		})
	}
	for _, url := range []string{"https://d\u0430ily.example/", "https://daily.example./", "https://daily.example:0443/", "https://0x7f.1/", "https://ada@daily.example/", "https://daily.example/#", "http://daily.example/"} {
		if got := h.call(h.daily.live, http.MethodPost, "/v1/sites", `{"url":"`+url+`"}`); got.code != "url_not_registered" {
			t.Errorf("%s as a site: %d %s", url, got.status, got.body)
		}
	}
	page := h.daily.security()
	for _, want := range []string{"The return_url of an order", "The cancel_url of an order at https://evil.example was refused", "A site to register", "url_not_registered"} {
		if !strings.Contains(page, want) {
			t.Errorf("the vendor does not see %q:\n%s", want, page)
		}
	}
	if strings.Contains(page, "%2e") || strings.Contains(page, "ada@") {
		t.Error("the page shows more of an address than its origin")
	}
}

// A path that the vendor owns ends at a slash.
func TestAddressesBesideAPath(t *testing.T) {
	h := open(t, true)
	made := h.call(h.rival.test, http.MethodPost, "/v1/sites", `{"url":"http://localhost:9/shop"}`)
	if made.status != http.StatusCreated || made.fields["url"] != "http://localhost:9/shop/" {
		t.Fatalf("%d %s", made.status, made.body)
	}
	for url, want := range map[string]int{
		"http://localhost:9/shop": 201, "http://localhost:9/shop/": 201, "http://localhost:9/shop/a?b": 201, "http://LOCALHOST:9/shop/a": 201,
		"http://localhost:9/shopping": 422, "http://localhost:9/": 422, "http://localhost:9/Shop/": 422, "http://localhost:9/a/shop/": 422, "http://localhost:9/shop;a": 422,
	} {
		if got := h.create(h.rival.test, url, ""); got.status != want {
			t.Errorf("%s: %d %s", url, got.status, got.body)
		}
	}
}

func TestLiveOrdersNeedAProvedSite(t *testing.T) {
	h := open(t, true)
	site := h.call(h.daily.live, http.MethodGet, "/v1/sites", "").data[0]
	prove := func() answer {
		return h.call(h.daily.live, http.MethodPost, "/v1/sites/"+site["id"].(string)+"/prove", "{}")
	}
	back := h.daily.site + "/article"
	if got := h.create(h.daily.test, back, ""); got.status != http.StatusCreated {
		t.Errorf("a test order answered %d %s", got.status, got.body)
	}
	if got := h.create(h.daily.live, back, ""); got.status != http.StatusUnprocessableEntity || got.code != "site_unproved" {
		t.Errorf("a live order answered %d %s", got.status, got.body)
	}
	if got := prove(); got.code != "site_unproved" || !strings.Contains(got.body, "no line") {
		t.Errorf("without a proof: %d %s", got.status, got.body)
	}
	h.prove(h.rival)
	h.daily.proof = h.rival.proof
	if got := prove(); got.code != "site_unproved" {
		t.Errorf("with another vendor's proof: %d %s", got.status, got.body)
	}
	h.daily.proof = "x" + site["proof"].(string)
	if got := prove(); got.code != "site_unproved" {
		t.Errorf("with a proof inside a line: %d %s", got.status, got.body)
	}
	if got := h.call(h.rival.live, http.MethodPost, "/v1/sites/"+site["id"].(string)+"/prove", "{}"); got.status != http.StatusNotFound {
		t.Errorf("for another vendor: %d %s", got.status, got.body)
	}
	h.daily.proof = site["proof"].(string)
	for range 2 {
		if got := prove(); got.status != http.StatusOK || got.fields["proved_at"] != "2026-04-15T12:00:00Z" {
			t.Errorf("with the proof: %d %s", got.status, got.body)
		}
	}
	if got := h.create(h.daily.live, back, ""); got.status != http.StatusCreated {
		t.Errorf("a live order answered %d %s", got.status, got.body)
	}
	page := h.daily.security()
	for _, want := range []string{"site_unproved", "site_proved", "is verified; live orders", "was not verified"} {
		if !strings.Contains(page, want) {
			t.Errorf("the vendor does not see %q", want)
		}
	}
}

func TestLookingForProofsIsBounded(t *testing.T) {
	h := open(t, true)
	var asked atomic.Int32
	aim := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked.Add(1) }))
	defer aim.Close()
	made := h.call(h.daily.live, http.MethodPost, "/v1/sites", `{"url":"`+aim.URL+`"}`)
	last := answer{}
	for range 15 {
		last = h.call(h.daily.live, http.MethodPost, "/v1/sites/"+made.text(h.t, "id")+"/prove", "{}")
	}
	if last.status != http.StatusTooManyRequests || asked.Load() != 10 {
		t.Errorf("the last of 15 answered %d %s; the site was asked %d times", last.status, last.body, asked.Load())
	}
}

// Answers that are not a proof: sent on, failed, endless, slow. None says more than that.
func TestSitesThatShowNoProof(t *testing.T) {
	h := open(t, true)
	var inner atomic.Int32
	secret := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { inner.Add(1) }))
	defer secret.Close()
	for name, site := range map[string]http.HandlerFunc{
		"sent on": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, secret.URL, http.StatusFound) },
		"failed":  func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", http.StatusInternalServerError) },
		"endless": func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write([]byte(strings.Repeat("farthing\n", 100))); err != nil {
					return
				}
			}
		},
		"slow": func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(site)
			defer server.Close()
			made := h.call(h.daily.live, http.MethodPost, "/v1/sites", `{"url":"`+server.URL+`"}`)
			got := h.call(h.daily.live, http.MethodPost, "/v1/sites/"+made.text(t, "id")+"/prove", "{}")
			if got.status != http.StatusUnprocessableEntity || got.code != "site_unproved" {
				t.Errorf("%d %s", got.status, got.body)
			}
		})
	}
	if inner.Load() != 0 {
		t.Error("a redirect was followed")
	}
}

// A vendor cannot have the provider look into its own network, nor learn what is there.
func TestPrivateAddressesTellNothing(t *testing.T) {
	h := open(t, false)
	var asked atomic.Int32
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer inside.Close()
	answers := map[string]bool{}
	for _, url := range []string{
		inside.URL, strings.Replace(inside.URL, "127.0.0.1", "localhost", 1), strings.Replace(inside.URL, "127.0.0.1", "shop.localhost", 1),
		strings.Replace(inside.URL, "http:", "https:", 1), "https://127.0.0.1:1", "https://169.254.169.254", "https://10.0.0.1", "https://192.168.0.1",
		"https://[::1]", "https://[fd00::1]", "https://[64:ff9b::7f00:1]", "https://0.0.0.0", "https://100.64.0.1",
	} {
		made := h.call(h.daily.live, http.MethodPost, "/v1/sites", `{"url":"`+url+`"}`)
		if made.status != http.StatusCreated {
			t.Errorf("%s as a site: %d %s", url, made.status, made.body)
			continue
		}
		h.Clock.Move(time.Minute)
		got := h.call(h.daily.live, http.MethodPost, "/v1/sites/"+made.text(h.t, "id")+"/prove", "{}")
		if got.code != "site_unproved" {
			t.Errorf("%s: %d %s", url, got.status, got.body)
			continue
		}
		answers[strings.ReplaceAll(got.text(h.t, "detail"), made.text(h.t, "proof_url"), "")] = true
	}
	if asked.Load() != 0 || len(answers) != 1 {
		t.Errorf("%d requests went inside; the answers were %v", asked.Load(), answers)
	}
}

// A name that means a public address when the site is registered, and a server inside when
// the provider goes there: the address of the connection counts (DNS rebinding).
func TestANameThatTurnsInside(t *testing.T) {
	resolving := &names.Server{Answers: []netip.Addr{netip.MustParseAddr("8.8.8.8"), netip.MustParseAddr("127.0.0.1")}}
	h := openWith(t, outbound.Options{Resolver: resolving.Resolver()})
	server, connected := inside.Server(t)
	server.StartTLS()
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	h.must(err)
	made := h.call(h.daily.live, http.MethodPost, "/v1/sites", `{"url":"https://moving.example:`+port+`"}`)
	if made.status != http.StatusCreated {
		t.Fatalf("a public name as a site: %d %s", made.status, made.body)
	}
	if public, err := resolving.Resolver().LookupNetIP(t.Context(), "ip4", "moving.example"); err != nil || public[0].String() != "8.8.8.8" {
		t.Fatalf("the name should be public at first: %v, %v", public, err)
	}
	h.Clock.Move(time.Minute)
	got := h.call(h.daily.live, http.MethodPost, "/v1/sites/"+made.text(h.t, "id")+"/prove", "{}")
	if got.code != "site_unproved" {
		t.Errorf("the name that changed its meaning: %d %s", got.status, got.body)
	}
	if asked := resolving.Asked.Load(); asked < 2 || connected.Load() != 0 {
		t.Errorf("%d look-ups, %d connections to the inside", asked, connected.Load())
	}
}
