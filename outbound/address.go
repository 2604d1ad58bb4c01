package outbound

import (
	"net/netip"

	"farthing.dev/farthing/token"
)

// nat64 holds IPv4 addresses inside IPv6 ones, on networks that translate (RFC 6052).
// Whoever asks for such an address reaches the one inside.
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// global is the only part of IPv6 that is given out for the public internet.
var global = netip.MustParsePrefix("2000::/3")

// never are addresses that lead nowhere good even where private ones are permitted: to
// nobody in particular, to everybody at once, and to the services by which a cloud tells
// its machines their secrets.
var never = prefixes(
	"0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4", "100.100.100.200/32",
	"::/128", "fe80::/10", "ff00::/8", "fd00:ec2::254/128",
)

// private are addresses of one's own machine and one's own networks.
var private = prefixes("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")

// special are the remaining addresses that the registries of RFC 6890 set aside: for
// protocols, tunnels, measurements and examples.
var special = prefixes(
	"192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
	"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
)

// check refuses an address that a request may not go to. An IPv4 address inside an
// IPv6 one counts as itself.
func check(address netip.Addr, allowPrivate bool) error {
	address = address.WithZone("").Unmap()
	if nat64.Contains(address) {
		inner := address.As16()
		address = netip.AddrFrom4([4]byte(inner[12:]))
	}
	switch {
	case within(never, address):
	case within(private, address):
		if allowPrivate {
			return nil
		}
	case within(special, address), address.Is6() && !global.Contains(address):
	default:
		return nil
	}
	return token.Refuse(token.Unprocessable, "url_not_public.inside")
}

func within(all []netip.Prefix, address netip.Addr) bool {
	for _, prefix := range all {
		if prefix.Contains(address) {
			return true
		}
	}
	return false
}

func prefixes(texts ...string) []netip.Prefix {
	all := make([]netip.Prefix, 0, len(texts))
	for _, text := range texts {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}
