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
