// Package outbound sends the provider's own requests to addresses that somebody else
// named: a vendor's site, its logout address. Whoever names an address could name one
// that only the provider can reach, so every such request goes through here.
//
// The check is made where a connection is dialled, on the very address that it goes
// to, after the name was looked up. A name that changes its meaning between a check and
// its use (DNS rebinding) therefore gains nothing.
package outbound

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"farthing.dev/farthing/token"
)

// Options are the bounds of a client. Zero values stand for their defaults.
type Options struct {
	// AllowPrivate permits http, and addresses of this machine and of private networks:
	// for demonstrations, tests, and providers inside a network of their own. The
	// addresses of cloud metadata services stay refused.
	AllowPrivate bool

	Timeout  time.Duration // for all of a request, the body of the answer included; 10 seconds
	MaxBody  int64         // bytes of an answer; 64 KiB
	Resolver *net.Resolver // the system's where nil

	check func(address netip.Addr, allowPrivate bool) error // check, but in a test that has no public address
}

// New returns a client. It follows no redirect (the answer 3xx is returned as it is),
// keeps no cookies and no connections, and takes no proxy from the environment.
//
// What it refuses has the codes CodeURLNotPublic (scheme or address) and
// CodeAnswerTooLarge (while the body is read); token.CodeOf finds them in the client's errors.
func New(o Options) *http.Client {
	if o.Timeout <= 0 {
		o.Timeout = 10 * time.Second
	}
	if o.MaxBody <= 0 {
		o.MaxBody = 64 << 10
	}
	if o.check == nil {
		o.check = check
	}
	dialer := &net.Dialer{
		Timeout: o.Timeout, Resolver: o.Resolver, KeepAlive: -1,
		Control: func(network, address string, _ syscall.RawConn) error {
			return o.checkDial(network, address)
		},
	}
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		return dialer.DialContext(ctx, network, local(address))
	}
	return &http.Client{
		Timeout: o.Timeout,
		Transport: &guard{options: o, next: &http.Transport{
			DialContext: dial, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, TLSHandshakeTimeout: o.Timeout,
			DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: 16 << 10, ResponseHeaderTimeout: o.Timeout,
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// local replaces names under localhost by localhost, which is what they mean (RFC 6761,
// section 6.3) and not every resolver knows.
func local(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err == nil && strings.HasSuffix(strings.ToLower(host), ".localhost") {
		return net.JoinHostPort("localhost", port)
	}
	return address
}

// checkDial refuses a connection before it is made. address is the one that the
// operating system is about to connect to, never a name.
func (o *Options) checkDial(network, address string) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || (network != "tcp4" && network != "tcp6") {
		return token.Refuse(token.Unprocessable, "url_not_public.unreadable")
	}
	return o.check(to.Addr(), o.AllowPrivate)
}

// guard refuses schemes and bounds the bodies of answers.
type guard struct {
	options Options
	next    http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (g *guard) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" && (r.URL.Scheme != "http" || !g.options.AllowPrivate) {
		return nil, token.Refuse(token.Unprocessable, "url_not_public.not_https")
	}
	if r.URL.User != nil {
		return nil, token.Refuse(token.Unprocessable, "url_not_public.user_name")
	}
	answer, err := g.next.RoundTrip(r)
	if err == nil {
		answer.Body = &bounded{ReadCloser: answer.Body, left: g.options.MaxBody}
	}
	return answer, err
}

// bounded is a body that may not be longer than left.
type bounded struct {
	io.ReadCloser
	left int64
}

// Read implements io.Reader.
func (b *bounded) Read(into []byte) (int, error) {
	if b.left < 0 {
		return 0, token.Refuse(token.Unprocessable, "answer_too_large.answer")
	}
	if int64(len(into)) > b.left+1 {
		into = into[:b.left+1] // one byte more tells whether the answer goes on
	}
	n, err := b.ReadCloser.Read(into)
	b.left -= int64(n)
	if b.left < 0 {
		return n - 1, token.Refuse(token.Unprocessable, "answer_too_large.answer")
	}
	return n, err
}
