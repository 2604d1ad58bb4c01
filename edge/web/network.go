package web

import (
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// maxHops bounds how many entries of X-Forwarded-For are looked at.
const maxHops = 16

// Network returns the network that a request comes from, for counting tries: an IPv4
// address, or the /64 of an IPv6 address, which is what one line at home has.
//
// It is the peer's address. Where the peer is a trusted proxy it is what that wrote last into
// X-Forwarded-For; where that is a trusted proxy too, what that one wrote; and so on to the
// first address that is none. What stands before it may be invented. An address that nobody
// has said to be a proxy is believed nothing, be it ever so private.
func (s *Site) Network(r *http.Request) string {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	address := peer.Addr().Unmap().WithZone("")
	forwarded := r.Header.Values("X-Forwarded-For")
	if len(forwarded) > 0 && !s.trusts(address) {
		s.noteForwarded(r, address)
	}
	rest := strings.Join(forwarded, ",")
	for range maxHops {
		if rest == "" || !s.trusts(address) {
			break
		}
		var last string
		if at := strings.LastIndexByte(rest, ','); at >= 0 {
			rest, last = rest[:at], rest[at+1:]
		} else {
			rest, last = "", rest
		}
		hop, ok := parseHop(strings.TrimSpace(last))
		if !ok {
			break // written by nobody whom we know: what is right of it is the last that is sure
		}
		address = hop
	}
	if address.Is6() {
		if prefix, err := address.Prefix(64); err == nil {
			return prefix.String()
		}
	}
	return address.String()
}

// parseHop reads an address as proxies write it: alone, or with a port.
func parseHop(text string) (netip.Addr, bool) {
	address, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	if err != nil {
		with, err := netip.ParseAddrPort(text)
		if err != nil {
			return netip.Addr{}, false
		}
		address = with.Addr()
	}
	return address.Unmap().WithZone(""), true
}

func (s *Site) trusts(address netip.Addr) bool {
	for _, proxy := range s.proxies {
		if proxy.Contains(address) {
			return true
		}
	}
	return false
}

// noteEvery is how often an operator is told of a proxy that is not trusted.
const noteEvery = time.Hour

// noteForwarded tells the operator, now and then, that a neighbour may be a proxy whose word does
// not count: then all who come through it are one network, and slow each other down.
func (s *Site) noteForwarded(r *http.Request, peer netip.Addr) {
	if !peer.IsLoopback() && !peer.IsPrivate() {
		return
	}
	now := s.clock.Now().UnixNano()
	if last := s.forwardedNoted.Load(); last != 0 && now-last < int64(noteEvery) || !s.forwardedNoted.CompareAndSwap(last, now) {
		return
	}
	s.log.WarnContext(r.Context(), "X-Forwarded-For is not believed: if the peer is your proxy, name it in --trusted-proxies; all who come through it count as one network until then", "peer", peer.String())
}
