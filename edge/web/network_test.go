package web

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

type stillClock struct{}

func (stillClock) Now() time.Time { return time.Date(2026, 4, 15, 12, 0, 0, 0, time.UTC) }

func TestWhereARequestComesFrom(t *testing.T) {
	for _, test := range []struct {
		name, proxies, peer string
		forwarded           []string
		want                string
	}{
		{"nobody is trusted: from this machine", "", "127.0.0.1:5", []string{"203.0.113.9"}, "127.0.0.1"},
		{"nobody is trusted: from a private network", "", "10.0.0.7:5", []string{"203.0.113.9"}, "10.0.0.7"},
		{"nobody is trusted: from outside", "", "198.51.100.4:5", []string{"203.0.113.9"}, "198.51.100.4"},
		{"another proxy is trusted", "10.1.0.0/16", "10.2.0.1:5", []string{"203.0.113.9"}, "10.2.0.1"},
		{"the proxy's word", "10.0.0.0/8", "10.0.0.7:5", []string{"203.0.113.9"}, "203.0.113.9"},
		{"a single address", "10.0.0.7/32", "10.0.0.7:5", []string{"203.0.113.9"}, "203.0.113.9"},
		{"what the client wrote does not count", "10.0.0.0/8", "10.0.0.7:5", []string{"192.0.2.1, 203.0.113.9"}, "203.0.113.9"},
		{"nor in a header of its own", "10.0.0.0/8", "10.0.0.7:5", []string{"192.0.2.1", "203.0.113.9"}, "203.0.113.9"},
		{"two proxies", "10.0.0.0/8,192.0.2.0/24", "10.0.0.7:5", []string{"198.51.100.1, 203.0.113.9,192.0.2.8"}, "203.0.113.9"},
		{"nothing but proxies", "10.0.0.0/8", "10.0.0.7:5", []string{"10.0.0.9, 10.0.0.8"}, "10.0.0.9"},
		{"nothing was written", "10.0.0.0/8", "10.0.0.7:5", nil, "10.0.0.7"},
		{"nonsense ends it", "10.0.0.0/8", "10.0.0.7:5", []string{"203.0.113.9, unknown"}, "10.0.0.7"},
		{"nonsense behind a proxy", "10.0.0.0/8", "10.0.0.7:5", []string{"203.0.113.9, _hidden, 10.0.0.8"}, "10.0.0.8"},
		{"with a port", "10.0.0.0/8", "10.0.0.7:5", []string{"203.0.113.9:4711"}, "203.0.113.9"},
		{"the /64 of IPv6", "", "[2001:db8:1:2:3:4:5:6]:5", nil, "2001:db8:1:2::/64"},
		{"the /64 through a proxy", "::1/128", "[::1]:5", []string{"[2001:db8:1:2:ffff::1]:80"}, "2001:db8:1:2::/64"},
		{"IPv4 in IPv6", "", "[::ffff:198.51.100.4]:5", nil, "198.51.100.4"},
		{"no address", "", "@", nil, ""},
		{"a chain without end", "10.0.0.0/8", "10.0.0.7:5", []string{"203.0.113.9" + strings.Repeat(", 10.0.0.8", 1000)}, "10.0.0.8"},
	} {
		site := &Site{log: slog.New(slog.DiscardHandler), clock: stillClock{}}
		for text := range strings.SplitSeq(test.proxies, ",") {
			if text != "" {
				site.proxies = append(site.proxies, netip.MustParsePrefix(text))
			}
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = test.peer
		if r.Header["X-Forwarded-For"] = test.forwarded; test.forwarded == nil {
			delete(r.Header, "X-Forwarded-For")
		}
		if got := site.Network(r); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// Whoever forgets to name a proxy is told so, and not at each request.
func TestAProxyThatIsNotTrustedIsTold(t *testing.T) {
	var out bytes.Buffer
	site := &Site{log: slog.New(slog.NewTextHandler(&out, nil)), clock: stillClock{}}
	for range 3 {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = "10.0.0.7:5"
		r.Header.Set("X-Forwarded-For", "203.0.113.9")
		site.Network(r)
	}
	if n := strings.Count(out.String(), "--trusted-proxies"); n != 1 {
		t.Errorf("it was told %d times:\n%s", n, out.String())
	}
}
