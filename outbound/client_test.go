package outbound

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"farthing.dev/farthing/tests/names"
	"farthing.dev/farthing/token"
)

// server answers on this machine, and counts who asks.
func server(t *testing.T, handler http.HandlerFunc) (*url.URL, *atomic.Int32) {
	t.Helper()
	var asked atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		handler(w, r)
	}))
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u, &asked
}

func hello(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }

func get(t *testing.T, client *http.Client, address string) (int, string, error) {
	t.Helper()
	return Fetcher(client)(t.Context(), address)
}

func TestNamesOfPrivateAddressesAreRefused(t *testing.T) {
	for _, address := range []string{"127.0.0.1", "10.1.2.3", "169.254.169.254", "0.0.0.0", "192.168.0.1", "100.64.0.9"} {
		resolving := &names.Server{Answers: []netip.Addr{netip.MustParseAddr(address)}}
		_, _, err := get(t, New(Options{Resolver: resolving.Resolver()}), "https://shop.example/")
		if token.CodeOf(err) != token.CodeURLNotPublic {
			t.Errorf("a name of %s: %v", address, err)
		}
	}
}

// A name that means a public address at first, and this machine from then on: the
// address of each connection is looked at, so the second meaning is refused.
func TestARebindingNameIsRefused(t *testing.T) {
	u, asked := server(t, hello)
	resolving := &names.Server{Answers: []netip.Addr{netip.MustParseAddr("8.8.8.8"), netip.MustParseAddr("127.0.0.1")}}
	resolver := resolving.Resolver()
	public, err := resolver.LookupNetIP(t.Context(), "ip4", "shop.example")
	if err != nil || len(public) != 1 || check(public[0], false) != nil {
		t.Fatalf("the name should be public at first: %v, %v", public, err)
	}
	client := New(Options{Resolver: resolver})
	if _, _, err := get(t, client, "https://shop.example:"+u.Port()+"/"); token.CodeOf(err) != token.CodeURLNotPublic {
		t.Errorf("the name that changed its meaning: %v", err)
	}
	if resolving.Asked.Load() < 2 || asked.Load() != 0 {
		t.Errorf("%d look-ups, %d requests arrived", resolving.Asked.Load(), asked.Load())
	}
}

// A name that is public when it is looked up once, and inside when it is looked up once
// more. Whoever looks it up to check it, and then connects to the name, comes to the
// inside; here one look-up serves both. 127.0.0.2 stands for the public internet.
func TestANameIsLookedUpOnce(t *testing.T) {
	u, asked := server(t, hello)
	public := netip.MustParseAddr("127.0.0.2")
	resolving := &names.Server{Answers: []netip.Addr{public, netip.MustParseAddr("127.0.0.1")}}
	client := New(Options{Resolver: resolving.Resolver(), check: func(address netip.Addr, _ bool) error {
		if address.Unmap() == public {
			return nil
		}
		return check(address, false)
	}})
	_, _, err := get(t, client, "https://shop.example:"+u.Port()+"/") // nobody listens at the public address
	if err == nil || token.CodeOf(err) == token.CodeURLNotPublic || resolving.Asked.Load() != 1 {
		t.Errorf("%v, after %d look-ups", err, resolving.Asked.Load())
	}
	if _, _, err := get(t, client, "https://shop.example:"+u.Port()+"/"); token.CodeOf(err) != token.CodeURLNotPublic || resolving.Asked.Load() != 2 {
		t.Errorf("the name that changed its meaning: %v, after %d look-ups", err, resolving.Asked.Load())
	}
	if asked.Load() != 0 {
		t.Errorf("%d requests arrived", asked.Load())
	}
}

func TestWrittenAddressesAreRefused(t *testing.T) {
	u, asked := server(t, hello)
	client := New(Options{})
	for _, host := range []string{
		"127.0.0.1", "localhost", "shop.localhost", "SHOP.LOCALHOST", "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "0.0.0.0", "[::]", "[fe80::1%25lo]", "[fc00::1]", "169.254.169.254",
	} {
		if _, _, err := get(t, client, "https://"+host+":"+u.Port()+"/"); token.CodeOf(err) != token.CodeURLNotPublic {
			t.Errorf("%s: %v", host, err)
		}
	}
	if asked.Load() != 0 {
		t.Errorf("%d requests arrived", asked.Load())
	}
}

func TestOtherSchemesAndUserNamesAreRefused(t *testing.T) {
	u, asked := server(t, hello)
	for address, client := range map[string]*http.Client{
		u.String(): New(Options{}), "http://8.8.8.8/": New(Options{}), "ftp://127.0.0.1/": New(Options{AllowPrivate: true}),
		"file:///etc/passwd": New(Options{AllowPrivate: true}), "http://ada:pw@" + u.Host + "/": New(Options{AllowPrivate: true}),
	} {
		if _, _, err := get(t, client, address); token.CodeOf(err) != token.CodeURLNotPublic {
			t.Errorf("%s: %v", address, err)
		}
	}
	if asked.Load() != 0 {
		t.Errorf("%d requests arrived", asked.Load())
	}
}

func TestPrivateAddressesWherePermitted(t *testing.T) {
	u, _ := server(t, hello)
	for _, address := range []string{u.String(), "http://shop.localhost:" + u.Port() + "/"} {
		status, body, err := get(t, New(Options{AllowPrivate: true}), address)
		if err != nil || status != http.StatusOK || body != "hello" {
			t.Errorf("%s: %d %q %v", address, status, body, err)
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	secret, asked := server(t, hello)
	u, _ := server(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, secret.String(), http.StatusFound) })
	status, _, err := get(t, New(Options{AllowPrivate: true}), u.String())
	if err != nil || status != http.StatusFound || asked.Load() != 0 {
		t.Errorf("status %d, %v; %d requests arrived", status, err, asked.Load())
	}
}

func TestEndlessBodiesAreCutOff(t *testing.T) {
	u, _ := server(t, func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := io.WriteString(w, strings.Repeat("x", 4096)); err != nil {
				return
			}
		}
	})
	_, body, err := get(t, New(Options{AllowPrivate: true, MaxBody: 10_000}), u.String())
	if token.CodeOf(err) != token.CodeAnswerTooLarge || len(body) != 10_000 {
		t.Errorf("%d bytes, %v", len(body), err)
	}
}

func TestABodyOfJustTheBoundIsRead(t *testing.T) {
	u, _ := server(t, hello)
	for most, want := range map[int64]token.Code{4: token.CodeAnswerTooLarge, 5: "", 6: ""} {
		if _, _, err := get(t, New(Options{AllowPrivate: true, MaxBody: most}), u.String()); token.CodeOf(err) != want {
			t.Errorf("at most %d bytes: %v", most, err)
		}
	}
}

func TestSlowAnswersAreGivenUp(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"no header": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"half a body": func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, "hel")
			http.NewResponseController(w).Flush()
			<-r.Context().Done()
		},
	} {
		u, _ := server(t, handler)
		if _, _, err := get(t, New(Options{AllowPrivate: true, Timeout: 30 * time.Millisecond}), u.String()); err == nil {
			t.Errorf("%s: the request went on for ever", name)
		}
	}
}

func TestTheEnvironmentNamesNoProxy(t *testing.T) {
	proxy, asked := server(t, hello)
	t.Setenv("HTTPS_PROXY", proxy.String())
	t.Setenv("HTTP_PROXY", proxy.String())
	get(t, New(Options{}), "https://10.0.0.1/")
	if asked.Load() != 0 {
		t.Error("a proxy was asked")
	}
}
