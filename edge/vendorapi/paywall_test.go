package vendorapi_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"farthing.dev/farthing/sdk"
	"farthing.dev/farthing/token"
)

// A shop behind sdk.Paywall sells three views through the real API.
func TestAPaywallSellsThreeViews(t *testing.T) {
	h := newHouse(t)
	wall := &sdk.Paywall{
		Client: h.test, Secret: []byte(strings.Repeat("s", 32)), Site: "http://placeholder", Now: h.Clock.Now,
		Sell: func(r *http.Request) (sdk.NewOrder, bool) {
			return sdk.NewOrder{Item: &sdk.Item{SKU: r.URL.Path, Title: "Essay", Times: 3}, Price: "0.25", Currency: "USD"}, r.URL.Path != "/"
		},
	}
	shop := httptest.NewServer(wall.Protect(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "the essay") })))
	defer shop.Close()
	wall.Site = shop.URL
	_, err := h.test.CreateSite(t.Context(), shop.URL)
	h.must(err)
	jar, err := cookiejar.New(nil)
	h.must(err)
	browser := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	get := func(address string) (status int, location, body string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), "GET", address, nil)
		h.must(err)
		response, err := browser.Do(request)
		h.must(err)
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		h.must(err)
		return response.StatusCode, response.Header.Get("Location"), string(text)
	}
	status, payURL, _ := get(shop.URL + "/essay")
	if status != 303 || !strings.HasPrefix(payURL, "https://pay.example/pay/ord_") {
		t.Fatalf("first visit: %d %s", status, payURL)
	}
	id, err := token.ParseID[token.OrderKind](strings.TrimPrefix(payURL, "https://pay.example/pay/"))
	h.must(err)
	back, err := h.App.PayTest(t.Context(), id, 250_000)
	h.must(err)
	if status, location, body := get(back); status != 303 || location != shop.URL+"/essay" {
		t.Fatalf("coming back: %d %s %s", status, location, body)
	}
	for view := range 3 {
		if status, _, body := get(shop.URL + "/essay"); status != 200 || body != "the essay" {
			t.Fatalf("view %d: %d %s", view+1, status, body)
		}
	}
	if status, _, body := get(shop.URL + "/essay"); status != 410 || !strings.Contains(body, "All views are used") {
		t.Errorf("the fourth view: %d %s", status, body)
	}
	ticket, err := url.Parse(back)
	h.must(err)
	if status, _, _ := get(shop.URL + "/other?" + ticket.RawQuery); status == 200 {
		t.Error("the ticket opened another page")
	}
}
