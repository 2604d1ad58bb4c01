package catalog

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"farthing.dev/farthing/token"
)

// The bounds of host names (RFC 1035, section 2.3.4), in characters.
const (
	maxHost  = 253
	maxLabel = 63
)

// checkHost refuses hosts that a browser, a resolver and a person could take for
// different ones. Names are ASCII: an international name stands in its encoded form
// (xn--…, RFC 5891), so that no letter passes for one of another script.
func checkHost(u *url.URL, text string) *token.Error {
	_, authority, _ := strings.Cut(text, "://")
	if end := strings.IndexAny(authority, "/?"); end >= 0 {
		authority = authority[:end]
	}
	if strings.Contains(authority, "%") {
		return urlError("url_not_registered.host_encoded")
	}
	if err := checkPort(u.Port(), strings.HasSuffix(authority, ":")); err != nil {
		return err
	}
	host := strings.ToLower(u.Hostname())
	if strings.HasPrefix(u.Host, "[") {
		address, err := netip.ParseAddr(host)
		if err != nil || !address.Is6() || address.Is4In6() || address.String() != host {
			return urlError("url_not_registered.ipv6")
		}
		return nil
	}
	return checkName(host)
}

// checkPort refuses ports that are written in more ways than one.
func checkPort(port string, missing bool) *token.Error {
	if port == "" && !missing {
		return nil
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 || strconv.FormatUint(number, 10) != port {
		return urlError("url_not_registered.port")
	}
	return nil
}

func checkName(host string) *token.Error {
	if len(host) > maxHost {
		return urlError("url_not_registered.host_length")
	}
	label := ""
	for label = range strings.SplitSeq(host, ".") {
		if !isLabel(label) {
			return urlError("url_not_registered.host")
		}
	}
	// Browsers read a name whose last part is a number as an IPv4 address, in decimal, octal
	// or hexadecimal, of one part or more. Only the plain form is the same to everybody.
	if _, err := strconv.ParseUint(label, 0, 64); err == nil || strings.Trim(label, "0123456789") == "" || label == "0x" {
		if address, err := netip.ParseAddr(host); err != nil || !address.Is4() {
			return urlError("url_not_registered.ipv4")
		}
	}
	return nil
}

// isLabel reports whether a text is one part of a host name, in lower case.
func isLabel(text string) bool {
	if text == "" || len(text) > maxLabel || text[0] == '-' || text[len(text)-1] == '-' {
		return false
	}
	return strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
