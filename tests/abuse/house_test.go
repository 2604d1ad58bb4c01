package abuse

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"farthing.dev/farthing/sdk"
	"farthing.dev/farthing/tests/launch"
)

const password = "correct horse battery"

// house is a provider with two shops, whose sites are open, and readers.
type house struct {
	t *testing.T
	*launch.Held
	ada, ben    *reader
	shop, rival *shop
}

// reader is somebody with a login and 50 USD.
type reader struct {
	*launch.Browser
	name, email string
}

// shop is a vendor: its member's browser, its keys, and its site.
type shop struct {
	id     string // of the vendor
	member *reader
	live   *sdk.Client
	test   *sdk.Client
	site   string // its origin
	seen   *received
	offer  sdk.Offer // live
	openID client    // empty until register
}

// open starts a house for one test, which runs beside the others. Flags are the provider's.
func open(t *testing.T, flags ...string) *house {
	t.Helper()
	t.Parallel()
	h := &house{t: t, Held: launch.Hold(t, append([]string{"--allow-private-sites"}, flags...)...)}
	h.ada, h.ben = h.signUp("Ada Reader", "ada@people.example"), h.signUp("Ben Reader", "ben@people.example")
	for _, r := range []*reader{h.ada, h.ben} {
		h.fund(r)
	}
	h.shop, h.rival = h.openShop("gazette"), h.openShop("rival")
	return h
}

// signUp opens a wallet in a browser of its own.
func (h *house) signUp(name, email string) *reader {
	h.t.Helper()
	r := &reader{Browser: launch.NewBrowser(h.t), name: name, email: email}
	h.enter(r, password)
	return r
}

// enter opens a wallet for a reader.
func (h *house) enter(r *reader, password string) {
	h.t.Helper()
	r.SignUp(h.URL, r.name, r.email, password)
	r.Want(http.StatusOK)
}

func (h *house) fund(r *reader) {
	h.t.Helper()
	r.Get(h.URL+"/wallet/funds").Submit("/wallet/funds", "currency", "USD", "amount", "50").Want(http.StatusOK)
}

// logIn logs in, in the browser as it is.
func (h *house) logIn(b *launch.Browser, email string) *launch.Browser {
	h.t.Helper()
	return b.Do("POST", h.URL+"/login", nil, url.Values{"email": {email}, "password": {password}})
}

// in is the house as a step of another test sees it.
func (h *house) in(t *testing.T) *house {
	step := *h
	step.t = t
	return &step
}

// steps runs tests in one house, in their order. None may need what another leaves.
func (h *house) steps(steps ...step) {
	for _, s := range steps {
		h.t.Run(s.name, func(t *testing.T) { s.run(t, h.in(t)) })
	}
}

type step struct {
	name string
	run  func(*testing.T, *house)
}

// openShop opens a vendor through the console, and its site: a Paywall at which every
// path costs 0.25 USD, but 2.00 below /dear/. It is at name.localhost, or at 127.0.0.1
// where that is the name.
func (h *house) openShop(name string) *shop {
	h.t.Helper()
	s := &shop{seen: &received{}}
	var site http.Handler
	server := httptest.NewServer(s.seen.browsers(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { site.ServeHTTP(w, r) })))
	h.t.Cleanup(server.Close)
	s.site = server.URL
	if name != "127.0.0.1" {
		s.site = strings.Replace(server.URL, "127.0.0.1", name+".localhost", 1)
	}
	s.member = h.signUp("Owner of "+name, name+"@shop.example")
	b := s.member
	b.Get(h.URL+"/console").Submit("/console", "name", name, "origin", s.site).Want(http.StatusOK)
	if b.URL.Path == "/console" {
		b.Get(b.Find(`href="(/console/vnd_[^"]*)"`))
	}
	s.id = b.Find(`/console/(vnd_[0-9a-z]+)`)
	s.live, s.test = h.key(s, "live"), h.key(s, "test")

	mux := http.NewServeMux()
	mux.Handle("GET "+sdk.SiteProofPath, s.live.SiteProof())
	wall := &sdk.Paywall{Client: s.live, Secret: bytes.Repeat([]byte(name[:1]), 32), Site: s.site, Sell: func(r *http.Request) (sdk.NewOrder, bool) {
		price := "0.25"
		if strings.HasPrefix(r.URL.Path, "/dear/") {
			price = "2.00"
		}
		return sdk.NewOrder{Item: &sdk.Item{SKU: r.URL.Path, Title: "Page " + r.URL.Path}, Price: price, Currency: "USD", CancelURL: s.site + "/free/"}, !strings.HasPrefix(r.URL.Path, "/free/")
	}}
	mux.Handle("/", wall.Protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "All of %s.", r.URL.Path) })))
	site = mux
	launch.ProveSites(h.t, s.live)
	var err error
	s.offer, err = s.live.CreateOffer(h.t.Context(), sdk.NewOffer{Item: sdk.Item{SKU: "/offered", Title: "Offered", URL: s.site + "/offered"}, Price: "0.25", Currency: "USD"})
	h.must(err)
	return s
}

// key makes a key of a shop, and a client that records what the provider answers to it.
func (h *house) key(s *shop, mode string) *sdk.Client {
	h.t.Helper()
	s.member.Do("POST", h.URL+"/console/"+s.id+"/keys", nil, url.Values{"login": {"site"}, "mode": {mode}}).Want(http.StatusOK)
	return &sdk.Client{BaseURL: h.URL, Key: s.member.Find(`(fk_` + mode + `_[A-Za-z0-9_-]+)`), Attempts: 1, HTTPClient: &http.Client{Transport: s.seen}}
}

// order makes an order at a shop.
func (h *house) order(s *shop, path, price string) sdk.Order {
	h.t.Helper()
	order, err := s.live.CreateOrder(h.t.Context(), sdk.NewOrder{
		Item: &sdk.Item{SKU: path, Title: "Page " + path}, Price: price, Currency: "USD", ReturnURL: s.site + path, CancelURL: s.site + "/free/",
	})
	h.must(err)
	return order
}

// pay pays an order, and returns where the browser is sent, which it does not follow.
func (h *house) pay(r *reader, order sdk.Order) (back *url.URL) {
	h.t.Helper()
	r.Get(order.PayURL).Want(http.StatusOK, "Pay ")
	form := formOf(h.t, r.Browser, "/pay/")
	got := h.send(r.Browser, "POST", "/pay/"+order.ID, nil, form)
	back, err := url.Parse(got.header.Get("Location"))
	if err != nil || got.status != http.StatusSeeOther || back.Query().Get("ticket") == "" {
		h.t.Fatalf("paying was answered %d, to %s:\n%s", got.status, back, got.body)
	}
	return back
}

// paid returns an order that the reader has paid.
func (h *house) paid(r *reader, s *shop, path string) sdk.Order {
	h.t.Helper()
	order := h.order(s, path, "0.25")
	h.pay(r, order)
	return order
}

// formOf reads the hidden fields of the page's first form for an action.
func formOf(t testing.TB, b *launch.Browser, action string) url.Values {
	t.Helper()
	form, ok := b.Form(action)
	if !ok {
		t.Fatalf("%s has no form for %q:\n%s", b.URL, action, b.Body)
	}
	return form
}

// got is an answer that was not followed.
type got struct {
	status int
	header http.Header
	body   string
}

// send sends one request with the cookies of a browser, and follows nothing. body is a
// form (url.Values), JSON (string) or nil.
func (h *house) send(b *launch.Browser, method, path string, header http.Header, body any) got {
	h.t.Helper()
	var reader io.Reader
	kind := ""
	switch body := body.(type) {
	case url.Values:
		reader, kind = strings.NewReader(body.Encode()), "application/x-www-form-urlencoded"
	case string:
		reader, kind = strings.NewReader(body), "application/json"
	}
	if !strings.Contains(path, "://") {
		path = h.URL + path
	}
	request, err := http.NewRequestWithContext(h.t.Context(), method, path, reader)
	h.must(err)
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	for name, values := range header {
		request.Header[name] = values
	}
	client := &http.Client{Transport: plain, Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if b != nil {
		client.Jar, client.Transport = b.Client.Jar, b.Client.Transport
	}
	response, err := client.Do(request)
	h.must(err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	h.must(err)
	return got{response.StatusCode, response.Header, string(content)}
}

var plain = launch.Transport()

// unmoved runs what must change nothing, and says what changed where something did.
func (h *house) unmoved(what string, act func()) {
	h.t.Helper()
	before := h.State()
	act()
	h.same(what, before, h.State())
}

func (h *house) same(what string, before, after launch.State) {
	h.t.Helper()
	if before.Head != after.Head {
		h.t.Errorf("%s: the journal went from %s to %s", what, before.Head, after.Head)
	}
	for table, digest := range after.Tables {
		if before.Tables[table] != digest {
			h.t.Errorf("%s: the table %s went from %s to %s", what, table, before.Tables[table], digest)
		}
	}
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// received is every byte that one vendor got: requests of browsers at its site, and the
// provider's answers to its server.
type received struct {
	mu    sync.Mutex
	bytes bytes.Buffer
}

func (v *received) add(dump []byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.bytes.Write(dump)
	v.bytes.WriteByte('\n')
}

// String returns all of it.
func (v *received) String() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.bytes.String()
}

// browsers records what comes in at the vendor's site.
func (v *received) browsers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		dump, _ := httputil.DumpRequest(r, true)
		v.add(dump)
		next.ServeHTTP(w, r)
	})
}

// RoundTrip records what the provider answers.
func (v *received) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := plain.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	dump, err := httputil.DumpResponse(response, true)
	v.add(dump)
	return response, err
}

// wantCode fails unless the error is the provider's refusal with this code.
func wantCode(t testing.TB, what string, err error, codes ...string) {
	t.Helper()
	for _, code := range codes {
		if sdk.Code(err) == code {
			return
		}
	}
	t.Errorf("%s: %v, want %q", what, err, codes)
}
