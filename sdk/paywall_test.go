package sdk_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"farthing.dev/farthing/sdk"
)

// shop is a site behind a Paywall, with a provider that plays along.
type shop struct {
	*httptest.Server
	wall    *sdk.Paywall
	browser *http.Client
	now     time.Time

	orders, views int
	used          bool   // the ticket
	over          string // the code with which views are refused
	sku           string // what the ticket is for
	down          bool
	offer         string // what the ticket is for, where it is an offer
	purchases     int
	allowance     string // the code with which purchases are refused
	elsewhere     bool   // the ticket was made for another browser
	ordered       sdk.NewOrder
	arrived       sdk.Arrival
}

func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{now: time.Unix(1_800_000_000, 0), sku: "essay"}
	pay := httptest.NewServer(http.HandlerFunc(s.provide))
	t.Cleanup(pay.Close)
	s.wall = &sdk.Paywall{
		Client: &sdk.Client{BaseURL: pay.URL, Key: "fk_test_x", Attempts: 1},
		Secret: []byte(strings.Repeat("s", 32)),
		Now:    func() time.Time { return s.now },
		Sell: func(r *http.Request) (sdk.NewOrder, bool) {
			sku := strings.Trim(r.URL.Path, "/")
			return sdk.NewOrder{Item: &sdk.Item{SKU: sku, Title: sku}, Price: "0.25", Currency: "USD"}, sku != ""
		},
		Site: "http://placeholder",
	}
	s.Server = httptest.NewServer(s.wall.Protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		access, bought := sdk.AccessOf(r.Context())
		if r.URL.Path != "/" && (!bought || access.Order != "ord_1" || access.Reader != "rdr_1") {
			t.Errorf("%s was let through with %+v", r.URL, access)
		}
		io.WriteString(w, "the whole of "+r.URL.Path)
	})))
	t.Cleanup(s.Close)
	s.wall.Site = s.URL
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	s.browser = &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return s
}

// provide plays the provider.
func (s *shop) provide(w http.ResponseWriter, r *http.Request) {
	refuse := func(status int, code string) {
		w.WriteHeader(status)
		io.WriteString(w, `{"code":"`+code+`"}`)
	}
	switch {
	case s.down:
		refuse(503, "unavailable")
	case r.URL.Path == "/v1/orders":
		s.orders++
		json.NewDecoder(r.Body).Decode(&s.ordered)
		w.WriteHeader(201)
		io.WriteString(w, `{"id":"ord_1","pay_url":"https://pay.example/pay/ord_1"}`)
	case r.URL.Path == "/v1/tickets/redeem" && s.elsewhere:
		json.NewDecoder(r.Body).Decode(&s.arrived)
		refuse(403, sdk.TicketElsewhere)
	case r.URL.Path == "/v1/tickets/redeem" && s.used:
		refuse(409, sdk.TicketUsed)
	case r.URL.Path == "/v1/tickets/redeem":
		s.used = true
		io.WriteString(w, `{"reader":"rdr_1","order":{"id":"ord_1","offer":"`+s.offer+`","item":{"sku":"`+s.sku+`","title":"T"}}}`)
	case r.URL.Path == "/v1/purchases" && s.allowance != "":
		refuse(403, s.allowance)
	case r.URL.Path == "/v1/purchases":
		s.purchases++
		w.WriteHeader(201)
		io.WriteString(w, `{"id":"ord_1","price":"0.25","currency":"USD","charged":"0.25"}`)
	case r.URL.Path == "/v1/orders/ord_1" && s.over != "":
		io.WriteString(w, `{"id":"ord_1","entitlement":{"usable":false,"not_usable":"`+s.over+`"}}`)
	case r.URL.Path == "/v1/orders/ord_1":
		io.WriteString(w, `{"id":"ord_1","entitlement":{"usable":true}}`)
	case strings.HasSuffix(r.URL.Path, "/views") && s.over != "":
		refuse(410, s.over)
	case strings.HasSuffix(r.URL.Path, "/views"):
		s.views++
		io.WriteString(w, `{"order":"ord_1","entitlement":{"views_used":1,"usable":true}}`)
	default:
		refuse(404, "not_found")
	}
}

func (s *shop) ask(t *testing.T, method, path string, header ...string) (status int, location, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := s.browser.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header.Get("Location"), string(text)
}

func (s *shop) buy(t *testing.T) {
	t.Helper()
	if status, location, body := s.ask(t, "GET", "/essay?page=2&order=ord_1&ticket=t&post=p"); status != 303 || location != s.URL+"/essay?page=2" {
		t.Fatalf("coming back: %d %s %s", status, location, body)
	}
}

func TestAReaderPaysAndReads(t *testing.T) {
	s := newShop(t)
	if status, location, _ := s.ask(t, "GET", "/essay"); status != 303 || location != "https://pay.example/pay/ord_1" {
		t.Fatalf("first visit: %d %s", status, location)
	}
	s.buy(t)
	if status, _, body := s.ask(t, "GET", "/essay?page=2"); status != 200 || body != "the whole of /essay" {
		t.Fatalf("reading: %d %s", status, body)
	}
	if s.views != 1 || s.orders != 1 {
		t.Errorf("%d views and %d orders, want 1 and 1", s.views, s.orders)
	}
	if status, location, _ := s.ask(t, "GET", "/essay?order=ord_1&ticket=t"); status != 303 || location != s.URL+"/essay" {
		t.Errorf("loading the way back again: %d %s", status, location)
	}
}

func TestWhatIsFreeIsServed(t *testing.T) {
	s := newShop(t)
	if status, _, _ := s.ask(t, "GET", "/"); status != 200 || s.orders != 0 {
		t.Errorf("got %d, %d orders", status, s.orders)
	}
}

func TestLookingMakesNoOrderAndCountsNoView(t *testing.T) {
	s := newShop(t)
	for _, ask := range [][]string{{"HEAD"}, {"POST"}, {"GET", "Sec-Purpose", "prefetch;prerender"}} {
		if status, _, _ := s.ask(t, ask[0], "/essay", ask[1:]...); status != 402 {
			t.Errorf("%v before paying: %d", ask, status)
		}
	}
	s.buy(t)
	if status, _, _ := s.ask(t, "HEAD", "/essay"); status != 200 {
		t.Errorf("HEAD after paying: %d", status)
	}
	if s.orders != 0 || s.views != 0 {
		t.Errorf("%d orders, %d views, want none", s.orders, s.views)
	}
}

func TestRangesBelongToTheViewBefore(t *testing.T) {
	s := newShop(t)
	s.buy(t)
	for _, step := range []struct {
		later time.Duration
		views int
	}{{0, 1}, {10 * time.Minute, 1}, {10 * time.Minute, 2}, {time.Minute, 2}} {
		s.now = s.now.Add(step.later)
		if status, _, _ := s.ask(t, "GET", "/essay", "Range", "bytes=0-"); status != 200 || s.views != step.views {
			t.Errorf("after %v: %d, %d views, want %d", step.later, status, s.views, step.views)
		}
	}
}

func TestWhatIsUsedUpIsOfferedAgain(t *testing.T) {
	s := newShop(t)
	s.buy(t)
	for code, words := range map[string]string{
		sdk.EntitlementUsedUp: "All views are used", sdk.EntitlementExpired: "Your purchase has ended", sdk.EntitlementRevoked: "Your purchase was refunded",
	} {
		s.over = code
		if status, _, body := s.ask(t, "GET", "/essay"); status != 410 || !strings.Contains(body, words) || !strings.Contains(body, "0.25 USD") {
			t.Errorf("%s: %d %s", code, status, body)
		}
		if status, _, _ := s.ask(t, "HEAD", "/essay"); status != 410 {
			t.Errorf("HEAD with %s: %d", code, status)
		}
	}
	if status, location, _ := s.ask(t, "POST", "/essay?farthing=buy"); status != 303 || location != "https://pay.example/pay/ord_1" {
		t.Errorf("buying again: %d %s", status, location)
	}
}

func TestACheapTicketOpensNothingElse(t *testing.T) {
	s := newShop(t)
	s.sku = "cheap"
	if status, _, _ := s.ask(t, "GET", "/essay?order=ord_1&ticket=t"); status != 403 {
		t.Errorf("got %d", status)
	}
	if status, _, _ := s.ask(t, "GET", "/essay"); status != 303 {
		t.Errorf("afterwards: %d", status)
	}
}

func TestAPassOpensItsItemOnly(t *testing.T) {
	s := newShop(t)
	s.buy(t)
	here, err := url.Parse(s.URL + "/essay")
	if err != nil {
		t.Fatal(err)
	}
	cookie := s.browser.Jar.Cookies(here)[0]
	if !strings.HasPrefix(cookie.Name, "farthing_") {
		t.Fatalf("got cookie %s", cookie.Name)
	}
	for name, change := range map[string]func(*http.Cookie){
		"altered":   func(c *http.Cookie) { c.Value = "ord_2" + c.Value[5:] },
		"unsigned":  func(c *http.Cookie) { c.Value, _, _ = strings.Cut(c.Value, ".") },
		"truncated": func(c *http.Cookie) { c.Value = c.Value[:len(c.Value)-2] },
		"empty":     func(c *http.Cookie) { c.Value = "" },
	} {
		t.Run(name, func(t *testing.T) {
			forged := *cookie
			change(&forged)
			request := httptest.NewRequest("GET", "/essay", nil)
			request.AddCookie(&forged)
			answer := httptest.NewRecorder()
			s.Config.Handler.ServeHTTP(answer, request)
			if answer.Code != 303 {
				t.Errorf("got %d", answer.Code)
			}
		})
	}
}

func TestAUsedTicketOfASharedAddressOpensNothing(t *testing.T) {
	s := newShop(t)
	s.used = true
	if status, _, body := s.ask(t, "GET", "/essay?order=ord_1&ticket=t"); status != 410 || strings.Contains(body, "the whole") {
		t.Errorf("got %d %s", status, body)
	}
}

func TestTheWayBackStaysOnTheSite(t *testing.T) {
	s := newShop(t)
	s.sku = "evil.example"
	request := httptest.NewRequest("GET", "//evil.example?ticket=t", nil)
	request.URL = &url.URL{Path: "//evil.example", RawQuery: "ticket=t"}
	request.Host = "evil.example"
	answer := httptest.NewRecorder()
	s.Config.Handler.ServeHTTP(answer, request)
	if location := answer.Header().Get("Location"); !strings.HasPrefix(location, s.URL+"/") {
		t.Errorf("sent to %q", location)
	}
}

func TestAProviderThatIsDownIsSaid(t *testing.T) {
	s := newShop(t)
	s.down = true
	if status, _, body := s.ask(t, "GET", "/essay"); status != 502 || !strings.Contains(body, "Nothing was charged") {
		t.Errorf("got %d %s", status, body)
	}
}

func TestATeaserComesFirst(t *testing.T) {
	s := newShop(t)
	s.wall.Teaser = func(w http.ResponseWriter, _ *http.Request, sale sdk.NewOrder) {
		io.WriteString(w, "the first lines, the rest for "+sale.Price)
	}
	if status, _, body := s.ask(t, "GET", "/essay"); status != 200 || body != "the first lines, the rest for 0.25" || s.orders != 0 {
		t.Errorf("got %d %s, %d orders", status, body, s.orders)
	}
}
