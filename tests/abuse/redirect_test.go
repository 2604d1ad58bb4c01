package abuse

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// leaders are the names by which sites say where to go next.
var leaders = []string{"next", "return", "return_to", "return_url", "redirect", "redirect_to", "redirect_uri", "redirect_url", "url", "to", "back", "continue",
	"target", "goto", "dest", "destination", "rd", "ref", "post_logout_redirect_uri", "cancel_url", "callback"}

// tricky are addresses of evil.example for some browser or some parser.
var tricky = []string{
	"https://evil.example/", "http://evil.example", "//evil.example", "///evil.example", "////evil.example/x", `\\evil.example`, `/\evil.example`, `\/evil.example`,
	`/\/evil.example`, "/%5cevil.example", "/%5Cevil.example/%2e%2e", "/%2fevil.example", "/%09/evil.example", "https:evil.example", "https:/evil.example", "http:///evil.example",
	"HTTPS://EVIL.EXAMPLE", " https://evil.example", "\thttps://evil.example", "/\t/evil.example", "/\n/evil.example", "/\r\nLocation: https://evil.example",
	"/wallet\r\nX-Evil: evil.example", "/wallet%0d%0aX-Evil:%20evil.example", "https://localhost@evil.example", "//localhost@evil.example", "http://localhost:8402@evil.example/",
	"https://evil.example#@localhost", "https://evil.example\\@localhost", "https://localhost.evil.example", "/.//evil.example", "/..//evil.example", "/wallet/..//evil.example",
	"javascript:alert('evil.example')", "jAvAsCrIpT:alert('evil.example')", "data:text/html,evil.example", "vbscript:evil.example", "//evil%E3%80%82example", "//evil。example",
	"/\u2028/evil.example", "?next=//evil.example", "x://evil.example", "/pay/ord_//evil.example", "/@evil.example", ".evil.example", "//[::1]", "http://[::ffff:127.0.0.1]/", "\x00//evil.example",
}

// leads reports whether a browser at page that follows address would leave home. It reads
// the address as browsers do, which forgive more than net/url.
func leads(page, address string) bool {
	address = strings.Trim(address, "\x00 \t\r\n\f")
	address = strings.NewReplacer("\t", "", "\n", "", "\r", "", `\`, "/").Replace(address)
	if scheme, rest, found := strings.Cut(address, ":"); found && !strings.ContainsAny(scheme, "/?#") {
		switch strings.ToLower(scheme) {
		case "http", "https":
			address = strings.ToLower(scheme) + "://" + strings.TrimLeft(rest, "/")
		default:
			return true
		}
	}
	base, err := url.Parse(page)
	if err != nil {
		return true
	}
	to, err := base.Parse(address)
	return err != nil || to.Host != base.Host || strings.HasPrefix(to.Path, "//")
}

var linked = regexp.MustCompile(`(?i)\s(?:href|action|formaction|src|content)="([^"]*)"`)

// TestOpenRedirects sends every tricky address under every name to every page, as nobody
// and as a reader, and to every form from our own page: nothing leads to where it says.
func TestOpenRedirects(t *testing.T) {
	for _, bad := range []string{"//evil.example", `/\evil.example`, "https:evil.example", "/\t/evil.example", "javascript:1"} {
		if !leads("http://localhost:1/login", bad) {
			t.Fatalf("this test would not notice %q", bad)
		}
	}
	h := open(t)
	owned := h.owned(h.shop, h.ada)
	check := func(what, value string, got got) {
		t.Helper()
		if where := got.header.Get("Location"); where != "" && leads(h.URL+"/", where) && !strings.HasPrefix(where, h.shop.site+"/") {
			t.Errorf("%s with %q leads to %q", what, value, where)
		}
		if got.header.Get("X-Evil") != "" || strings.Contains(strings.Join(got.header["Refresh"], ""), "evil") {
			t.Errorf("%s with %q: the address became a header: %q", what, value, got.header)
		}
		for _, link := range linked.FindAllStringSubmatch(got.body, -1) {
			if address := html.UnescapeString(link[1]); strings.Contains(strings.ToLower(address), "evil") && leads(h.URL+"/", address) {
				t.Errorf("%s with %q links to %q", what, value, address)
			}
		}
	}
	checked := 0
	for _, r := range h.routes() {
		if !r.pages || r.path == "/logout" || strings.HasPrefix(r.path, "/console/{vendor}/") {
			continue
		}
		for _, value := range tricky {
			sent := url.Values{}
			for _, name := range leaders {
				sent.Set(name, value)
			}
			checked++
			if !r.changes() {
				address := h.at(r, owned) + "?vendor=" + h.shop.id + "&" + sent.Encode()
				check(r.String()+" by nobody", value, h.send(nil, r.method, address, nil, nil))
				check(r.String()+" by a reader", value, h.send(h.ada.Browser, r.method, address, nil, nil))
				continue
			}
			form := url.Values{"email": {h.ben.email}, "password": {"wrong"}, "currency": {"USD"}, "amount": {"1"}, "reference": {"r"}}
			for name := range sent {
				form.Set(name, value)
			}
			check(r.String(), value, h.send(h.ben.Browser, r.method, h.at(r, owned), nil, form))
		}
	}
	if checked < 1000 {
		t.Errorf("only %d requests were made", checked)
	}
	for _, value := range tricky {
		// A login that succeeds follows what the form says, and one that is not needed what
		// the address says.
		form := url.Values{"email": {h.ben.email}, "password": {password}, "next": {value}}
		h.Advance(2 * time.Minute) // guesses are earned back by waiting
		got := h.send(h.ben.Browser, "POST", "/login", nil, form)
		if got.status != http.StatusSeeOther {
			t.Fatalf("the login was answered %d: %s", got.status, got.body)
		}
		check("a login that succeeds", value, got)
	}
}
