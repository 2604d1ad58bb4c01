package catalog_test

import (
	"strings"
	"testing"

	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/token"
)

// register makes a site of an address.
func register(t *testing.T, text string) catalog.Site {
	t.Helper()
	origin, path, err := catalog.ParseSite(text)
	if err != nil {
		t.Fatal(err)
	}
	return catalog.Site{Origin: origin, Path: path}
}

func TestAddressesLieInSites(t *testing.T) {
	for _, test := range []struct {
		site, address string
		in            bool
	}{
		{"https://daily.example", "https://daily.example", true},
		{"https://daily.example", "https://daily.example/a/b?c=d", true},
		{"https://daily.example", "https://DAILY.example:443/a", true},
		{"https://daily.example:443/", "https://daily.example/a", true},
		{"https://daily.example/shop", "https://daily.example/shop", true},
		{"https://daily.example/shop", "https://daily.example/shop?x", true},
		{"https://daily.example/shop/", "https://daily.example/shop/a", true},
		{"https://daily.example/shop", "https://daily.example/shopping", false},
		{"https://daily.example/shop", "https://daily.example/", false},
		{"https://daily.example/shop", "https://daily.example/SHOP/a", false},
		{"https://daily.example", "https://daily.example.evil.example/", false},
		{"https://daily.example", "https://evil.example/daily.example", false},
		{"https://daily.example", "https://www.daily.example/", false},
		{"https://daily.example", "https://daily.example:8443/", false},
		{"http://localhost:8081", "http://localhost:8081/a", true},
		{"http://localhost:8081", "http://localhost:8082/a", false},
		{"http://localhost:8081", "https://localhost:8081/a", false},
		{"http://127.0.0.1:8081", "http://127.0.0.1:8081/", true},
		{"https://xn--dily-5qa.example", "https://xn--dily-5qa.example/a", true},
		{"https://daily.example", "https://xn--dily-5qa.example/a", false},
		{"https://daily.example/a", "https://daily.example/a/..b", true},
		{"https://daily.example/a", "https://daily.example/%61/b", false},
		{"https://daily.example/shop", "https://daily.example/shop;x", false},
		{"https://daily.example", "https://daily.example?next=https://evil.example/", true},
		{"https://[2001:db8::1]", "https://[2001:DB8::1]:443/a", true},
		{"https://203.0.113.7:8443", "https://203.0.113.7:8443/a", true},
	} {
		address, err := catalog.ParseAddress(test.address)
		if err != nil {
			t.Errorf("%s: %v", test.address, err)
			continue
		}
		if in := register(t, test.site).Contains(address); in != test.in {
			t.Errorf("%s in %s: %t, want %t", test.address, test.site, in, test.in)
		}
	}
}

func TestRefusedAddresses(t *testing.T) {
	for _, text := range []string{
		"", "/a", "//daily.example/a", "daily.example", "https:daily.example", "https:///a", "https://:443/",
		"http://daily.example/", "ftp://daily.example/", "javascript:alert(1)", "data:text/html,x",
		"https://daily.example@evil.example/", "https://user:pass@daily.example/",
		"https://daily.example/#a", "https://daily.example/a#", `https://daily.example\@evil.example/`, `https://daily.example/\evil`,
		"https://daily.example/a/../b", "https://daily.example/./b", "https://daily.example/..", "https://daily.example/%2e%2e/b", "https://daily.example/%252e%252e/b",
		"https://daily.example/..;a/b", "https://daily.example/a%2fb", "https://daily.example/a%5Cb", "https://daily.example/a%00",
		"https://daily.example/a b", "https://daily.example/a\nb", "https://daily.example/\tb", "https://däily.example/",
		"http://localhost.evil.example/", "http://127.0.0.1.evil.example/", "http://[::ffff:7f00:1].evil/", "https://daily.example:port/",
		"https://daily.example/" + strings.Repeat("x", 2000),
		// hosts that look like another, or that are read as another
		"https://d\u0430ily.example/", "https://daily.example./", "https://daily..example/", "https://.daily.example/", "https://./",
		"https://dai%6cy.example/", "https://daily.example%2eevil.example/", "https://daily.example%00.evil.example/", "https://daily_x.example/",
		"https://-daily.example/", "https://daily-.example/", "https://daily!.example/", "https://daily,example/", "https://" + strings.Repeat("a", 64) + ".example/",
		"https://" + strings.Repeat("abcdefghi.", 26) + "example/",
		"https://daily.example:/", "https://daily.example:/a", "https://daily.example:0443/", "https://daily.example:0/", "https://daily.example:65536/", "https://daily.example:+443/",
		"https://2130706433/", "https://127.1/", "https://127.0.1/", "https://0x7f.1/", "https://0x7f000001/", "https://0177.0.0.1/", "https://127.0.0.01/", "https://1.2.3.4.5/", "https://256.1.1.1/", "https://daily.0x/", "https://daily.0x1/", "https://daily.99999999999999999999999/",
		"https://[::ffff:127.0.0.1]/", "https://[0:0:0:0:0:0:0:1]/", "https://[::1%25eth0]/", "https://[2001:DB8::0001]/",
	} {
		if _, err := catalog.ParseAddress(text); token.CodeOf(err) != token.CodeURLNotAllowed {
			t.Errorf("%q: %v, want %s", text, err, token.CodeURLNotAllowed)
		}
	}
	if _, _, err := catalog.ParseSite("https://daily.example/?q"); token.CodeOf(err) != token.CodeURLNotAllowed {
		t.Errorf("a site with a query: %v", err)
	}
}

// FuzzParseAddress holds that what is accepted reads the same when it is read again,
// and that its origin cannot hide a user name.
func FuzzParseAddress(f *testing.F) {
	for _, seed := range []string{"https://daily.example/a", "https://a@b/", `https://a\b/`, "http://localhost:1/", "https://[::1]:2/%2e"} {
		f.Add(seed)
	}
	whole := catalog.Site{Origin: "https://daily.example", Path: "/"}
	f.Fuzz(func(t *testing.T, text string) {
		address, err := catalog.ParseAddress(text)
		if err != nil {
			return
		}
		if strings.ContainsAny(text, "\\@#\n\r\t ") && strings.ContainsAny(strings.SplitN(text, "?", 2)[0], "\\#\n\r\t ") {
			t.Errorf("%q was accepted", text)
		}
		lower := strings.ToLower(text)
		in := strings.HasPrefix(lower, "https://daily.example/") || strings.HasPrefix(lower, "https://daily.example:443") ||
			strings.HasPrefix(lower, "https://daily.example?") || lower == "https://daily.example" || strings.HasPrefix(lower, "https://daily.example:/") || lower == "https://daily.example:" || strings.HasPrefix(lower, "https://daily.example:?")
		if whole.Contains(address) && !in {
			t.Errorf("%q was taken for an address of daily.example", text)
		}
	})
}
