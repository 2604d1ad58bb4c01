package abuse

import (
	"net/http"
	"strings"
	"testing"
)

// TestFraming looks at every page, refusal and redirect of the pages' mux, as whoever can
// see it, and at whatever else answers: none may be framed, sniffed at, or run what is
// not its own.
func TestFraming(t *testing.T) {
	h := open(t)
	owned := h.owned(h.shop, h.ada)
	seen, others := 0, 0
	look := func(what string, got got) {
		policy := got.header.Get("Content-Security-Policy")
		for name, want := range map[string]string{"X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff"} {
			if got.header.Get(name) != want {
				t.Errorf("%s (%d): %s is %q", what, got.status, name, got.header.Get(name))
			}
		}
		for _, part := range []string{"frame-ancestors 'none'", "default-src 'none'", "base-uri 'none'", "form-action 'self'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s (%d): the policy has no %s: %q", what, got.status, part, policy)
			}
		}
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
			t.Errorf("%s: the policy is %q", what, policy)
		}
		seen++
	}
	for _, r := range h.routes() {
		if !r.pages {
			got := h.send(h.ada.Browser, r.method, h.at(r, owned), nil, nil)
			if policy := got.header.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors 'none'") || !strings.Contains(policy, "default-src 'none'") || got.header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s has the headers %v", r, got.header)
			}
			others++
			continue
		}
		for _, who := range []*reader{nil, h.ada, h.shop.member, h.rival.member} {
			b := h.ada.Browser
			name := "nobody"
			if who == nil {
				b = nil
			} else {
				b, name = who.Browser, who.name
			}
			header := http.Header{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}}
			if !r.changes() {
				header = nil
			}
			look(r.String()+" by "+name, h.send(b, r.method, h.at(r, owned), header, nil))
		}
	}
	look("no page", h.send(nil, "GET", "/nowhere", nil, nil))
	look("no method", h.send(nil, "DELETE", "/wallet", nil, nil))
	if seen < 100 || others == 0 {
		t.Errorf("only %d pages were looked at, and %d others", seen, others)
	}
}
