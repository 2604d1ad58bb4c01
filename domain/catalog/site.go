package catalog

import (
	"net"
	"net/url"
	"strings"

	"farthing.dev/farthing/token"
)

// Site is a place on the web that a vendor registered. Browsers are only ever sent back
// to addresses that lie in one.
type Site struct {
	ID        token.SiteID
	Vendor    token.VendorID
	Origin    string // "https://news.example" or "http://localhost:8081"
	Path      string // begins and ends with a slash: "/" is the whole origin
	CreatedAt int64
	ProvedAt  int64 // when the vendor showed that the site is its own; zero before
}

// URL returns the site's address.
func (s Site) URL() string { return s.Origin + s.Path }

// Contains reports whether an address, as Address made it, lies in the site: the
// very same scheme, host and port, and a path under the site's.
func (s Site) Contains(a Address) bool {
	return a.origin == s.Origin && (strings.HasPrefix(a.path, s.Path) || a.path+"/" == s.Path)
}

// Address is a web address that two readers cannot understand differently.
type Address struct {
	origin string
	path   string
	query  bool
}

// ParseSite reads the address of a site to register: an origin, with a path where
// the vendor owns only a part of it.
func ParseSite(text string) (origin, path string, err error) {
	a, err := ParseAddress(text)
	if err != nil {
		return "", "", err
	}
	if a.query {
		return "", "", urlError("url_not_registered.query").With(token.Given("got", text))
	}
	if !strings.HasSuffix(a.path, "/") {
		a.path += "/"
	}
	return a.origin, a.path, nil
}

// ParseAddress reads an absolute https address (http on localhost only), and
// refuses whatever browsers and servers are known to read in different ways: user
// names, fragments, backslashes, control characters, dot segments, and any of
// those in percent encoding.
func ParseAddress(text string) (Address, error) {
	address, err := parseAddress(text)
	if err != nil {
		return address, err.With(token.Given("got", text))
	}
	return address, nil
}

func parseAddress(text string) (Address, *token.Error) {
	if text == "" || len(text) > MaxURL {
		return Address{}, urlError("url_not_registered.length")
	}
	for _, r := range text {
		if r <= ' ' || r == '\\' || r >= 0x7f {
			return Address{}, urlError("url_not_registered.characters")
		}
	}
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" || u.Host == "" || u.Hostname() == "" {
		return Address{}, urlError("url_not_registered.unreadable")
	}
	switch {
	case u.User != nil:
		return Address{}, urlError("url_not_registered.user_name")
	case u.Fragment != "" || strings.Contains(text, "#"):
		return Address{}, urlError("url_not_registered.fragment")
	case u.Scheme != "https" && (u.Scheme != "http" || !isLocal(strings.ToLower(u.Hostname()))):
		return Address{}, urlError("url_not_registered.scheme")
	}
	if err := checkHost(u, text); err != nil {
		return Address{}, err
	}
	if err := checkSegments(u); err != nil {
		return Address{}, err
	}
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	return Address{origin: u.Scheme + "://" + hostPort(u), path: path, query: u.RawQuery != "" || u.ForceQuery}, nil
}

// CheckItemURL refuses what is not a plain http(s) address.
func CheckItemURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || len(text) > MaxURL || u.Host == "" || u.User != nil || (u.Scheme != "https" && u.Scheme != "http") {
		return token.Refuse(token.Unprocessable, "field_invalid.item_url", token.Number("most", MaxURL), token.Given("got", text)).In("/url")
	}
	return CheckText("/url", text, MaxURL)
}

// checkSegments refuses paths that lead elsewhere than they seem to.
func checkSegments(u *url.URL) *token.Error {
	if strings.ContainsAny(u.Path, "\\\x00\r\n") || strings.Contains(strings.ToLower(u.EscapedPath()), "%2f") {
		return urlError("url_not_registered.encoded_slash")
	}
	path := u.Path
	for range 3 { // also what is encoded twice or three times
		for segment := range strings.SplitSeq(path, "/") {
			if name, _, _ := strings.Cut(segment, ";"); name == "." || name == ".." {
				return urlError("url_not_registered.dot_segment")
			}
		}
		decoded, err := url.PathUnescape(path)
		if err != nil || decoded == path {
			break
		}
		path = decoded
	}
	return nil
}

// hostPort writes host and port in one way: lower case, no default port.
func hostPort(u *url.URL) string {
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port == "" || (u.Scheme == "https" && port == "443") || (u.Scheme == "http" && port == "80") {
		return host
	}
	return host + ":" + port
}

func isLocal(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.Equal(net.IPv4(127, 0, 0, 1))
}

func urlError(reason token.Reason) *token.Error {
	return token.Refuse(token.Unprocessable, reason)
}
