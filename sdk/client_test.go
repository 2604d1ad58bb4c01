package sdk_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"farthing.dev/farthing/sdk"
)

// provider answers with the scripted answers, one after another, and remembers
// what it was asked.
type provider struct {
	*httptest.Server

	mu      sync.Mutex // a connection that was hung up leaves its handler behind
	answers []scripted
	asked   []asked
}

// requests returns what was asked so far.
func (p *provider) requests() []asked {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.asked)
}

type scripted struct {
	status int
	header map[string]string
	body   string
	hangUp bool
}

type asked struct {
	method, path, key, bearer, body string
}

func newProvider(t *testing.T, answers ...scripted) (*provider, *sdk.Client) {
	t.Helper()
	p := &provider{answers: answers}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	waits := 0
	return p, &sdk.Client{
		BaseURL: p.URL + "/", Key: "fk_test_x", HTTPClient: p.Client(),
		NewKey: func() string { return "made-key" },
		Wait:   func(context.Context, time.Duration) error { waits++; return nil },
	}
}

func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, asked{r.Method, r.URL.RequestURI(), r.Header.Get("Idempotency-Key"), r.Header.Get("Authorization"), string(body)})
	if len(p.answers) == 0 {
		http.Error(w, "nothing scripted", http.StatusTeapot)
		return
	}
	answer := p.answers[0]
	p.answers = p.answers[1:]
	if answer.hangUp {
		panic(http.ErrAbortHandler)
	}
	for name, value := range answer.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(answer.status)
	io.WriteString(w, answer.body)
}

func TestTriesAgainWithTheSameKey(t *testing.T) {
	p, client := newProvider(t,
		scripted{hangUp: true},
		scripted{status: 503, header: map[string]string{"Retry-After": "1"}, body: `{"code":"commit_unknown","status":503}`},
		scripted{status: 201, header: map[string]string{"Idempotent-Replayed": "true"}, body: `{"id":"ord_1","status":"paid"}`},
	)
	purchase, err := client.CreatePurchase(t.Context(), sdk.NewPurchase{Reader: "rdr_1", Offer: "off_1"})
	if err != nil {
		t.Fatal(err)
	}
	if purchase.ID != "ord_1" || !purchase.Charged || !purchase.Replayed {
		t.Errorf("got %+v", purchase)
	}
	if len(p.requests()) != 3 {
		t.Fatalf("asked %d times, want 3", len(p.requests()))
	}
	for _, a := range p.requests() {
		want := asked{"POST", "/v1/purchases", "made-key", "Bearer fk_test_x", `{"reader":"rdr_1","offer":"off_1"}`}
		if a != want {
			t.Errorf("asked %+v, want %+v", a, want)
		}
	}
}

func TestGivesUpAfterABoundedNumberOfAttempts(t *testing.T) {
	unavailable := scripted{status: 503, body: `{"code":"unavailable"}`}
	p, client := newProvider(t, unavailable, unavailable, unavailable, unavailable)
	_, err := client.CreateOrder(t.Context(), sdk.NewOrder{Price: "1"}, sdk.IdempotencyKey("mine"))
	if sdk.Code(err) != "unavailable" {
		t.Errorf("got %v", err)
	}
	if len(p.requests()) != 3 || p.requests()[2].key != "mine" {
		t.Errorf("asked %+v", p.requests())
	}
}

func TestARefusalIsNotRepeated(t *testing.T) {
	p, client := newProvider(t, scripted{status: 403, body: `{"type":"/docs#limit_exceeded","title":"Forbidden","status":403,"detail":"over the limit","code":"limit_exceeded","request_id":"req_1","limit":"lim_1","retry_at":"2026-03-02T00:00:00Z"}`})
	_, err := client.CreatePurchase(t.Context(), sdk.NewPurchase{})
	problem, ok := errors.AsType[*sdk.Problem](err)
	if !ok {
		t.Fatalf("got %v", err)
	}
	if problem.Code != sdk.LimitExceeded || problem.Limit != "lim_1" || !problem.RetryAt.Equal(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)) || problem.RequestID != "req_1" {
		t.Errorf("got %+v", problem)
	}
	if len(p.requests()) != 1 {
		t.Errorf("asked %d times", len(p.requests()))
	}
}

func TestATicketIsRepeatedOnlyWhereNothingHappened(t *testing.T) {
	for _, test := range []struct {
		name  string
		first scripted
		times int
	}{
		{"hung up: it may have been used", scripted{hangUp: true}, 1},
		{"commit unknown: it may have been used", scripted{status: 503, body: `{"code":"commit_unknown"}`}, 1},
		{"unavailable: nothing happened", scripted{status: 503, body: `{"code":"unavailable"}`}, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, client := newProvider(t, test.first, scripted{status: 200, body: `{"reader":"rdr_1","order":{"id":"ord_1"}}`})
			_, err := client.Redeem(t.Context(), "ticket", true)
			if len(p.requests()) != test.times || (err == nil) != (test.times == 2) {
				t.Errorf("asked %d times, error %v", len(p.requests()), err)
			}
			if p.requests()[0].key != "" || p.requests()[0].body != `{"ticket":"ticket","view":true}` {
				t.Errorf("asked %+v", p.requests()[0])
			}
		})
	}
}

func TestAnAnswerBySomethingElseIsAProblemToo(t *testing.T) {
	_, client := newProvider(t, scripted{status: 404, body: "<html>not the provider</html>"})
	_, err := client.Order(t.Context(), "ord_1")
	if problem, ok := errors.AsType[*sdk.Problem](err); !ok || problem.Status != 404 || problem.Code != "" || problem.Title != "Not Found" {
		t.Errorf("got %#v", err)
	}
}

func TestEachCallAsksWhatTheContractSays(t *testing.T) {
	item := sdk.Item{SKU: "s", Title: "T", Times: 3, ExpiresAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	for _, test := range []struct {
		call         func(context.Context, *sdk.Client) error
		method, path string
		body         string
	}{
		{func(ctx context.Context, c *sdk.Client) error { _, err := c.Me(ctx); return err }, "GET", "/v1/me", ""},
		{func(ctx context.Context, c *sdk.Client) error {
			_, err := c.CreateOrder(ctx, sdk.NewOrder{Item: &item, Price: "0.25", Currency: "USD"})
			return err
		}, "POST", "/v1/orders", `{"item":{"sku":"s","title":"T","times":3,"expires_at":"2026-01-02T03:04:05Z"},"price":"0.25","currency":"USD"}`},
		{func(ctx context.Context, c *sdk.Client) error { _, err := c.Order(ctx, "a/b"); return err }, "GET", "/v1/orders/a%2Fb", ""},
		{func(ctx context.Context, c *sdk.Client) error {
			_, err := c.Orders(ctx, sdk.Page{Limit: 5, Cursor: "x&y"})
			return err
		}, "GET", "/v1/orders?cursor=x%26y&limit=5", ""},
		{func(ctx context.Context, c *sdk.Client) error { _, err := c.Capture(ctx, "o", "0.20"); return err }, "POST", "/v1/orders/o/capture", `{"amount":"0.20"}`},
		{func(ctx context.Context, c *sdk.Client) error { _, err := c.Release(ctx, "o"); return err }, "POST", "/v1/orders/o/release", `{}`},
		{func(ctx context.Context, c *sdk.Client) error { _, err := c.Refund(ctx, "o", "", "late"); return err }, "POST", "/v1/orders/o/refund", `{"reason":"late"}`},
		{func(ctx context.Context, c *sdk.Client) error { _, err := c.View(ctx, "o"); return err }, "POST", "/v1/orders/o/views", `{}`},
		{func(ctx context.Context, c *sdk.Client) error {
			_, err := c.CreateOffer(ctx, sdk.NewOffer{Item: sdk.Item{Title: "T"}, Price: "1", Currency: "JPY"})
			return err
		}, "POST", "/v1/offers", `{"item":{"title":"T"},"price":"1","currency":"JPY"}`},
		{func(ctx context.Context, c *sdk.Client) error { _, err := c.Offer(ctx, "o"); return err }, "GET", "/v1/offers/o", ""},
		{func(ctx context.Context, c *sdk.Client) error {
			_, err := c.ReviseSplit(ctx, "s", "N", []sdk.Share{{Payee: "p", Percent: "12.5", Of: 1}})
			return err
		}, "POST", "/v1/splits/s", `{"name":"N","shares":[{"payee":"p","percent":"12.5","of":1}]}`},
		{func(ctx context.Context, c *sdk.Client) error { _, err := c.CreatePayee(ctx, "Ada"); return err }, "POST", "/v1/payees", `{"name":"Ada"}`},
		{func(ctx context.Context, c *sdk.Client) error {
			_, err := c.CreateSite(ctx, "https://example.org")
			return err
		}, "POST", "/v1/sites", `{"url":"https://example.org"}`},
		{func(ctx context.Context, c *sdk.Client) error { _, err := c.Royalties(ctx, sdk.Page{}); return err }, "GET", "/v1/royalties", ""},
		{func(ctx context.Context, c *sdk.Client) error { _, err := c.Earnings(ctx); return err }, "GET", "/v1/earnings", ""},
	} {
		p, client := newProvider(t, scripted{status: 200, body: `{}`})
		if err := test.call(t.Context(), client); err != nil {
			t.Errorf("%s %s: %v", test.method, test.path, err)
			continue
		}
		got := p.requests()[0]
		if got.method != test.method || got.path != test.path || got.body != test.body || (got.key == "made-key") != (test.method == "POST") {
			t.Errorf("asked %+v, want %s %s %s", got, test.method, test.path, test.body)
		}
	}
}

func TestAnOrderIsReadWhole(t *testing.T) {
	body := `{"id":"ord_1","status":"paid","price":"0.25","currency":"USD","item":{"title":"T"},"paid_at":"2026-03-01T12:00:00Z","entitlement":{"views_used":1,"views_left":0,"usable":false,"not_usable":"entitlement_used_up"},"a_field_of_the_future":1}`
	_, client := newProvider(t, scripted{status: 200, body: body})
	order, err := client.Order(t.Context(), "ord_1")
	if err != nil {
		t.Fatal(err)
	}
	if order.Entitlement.ViewsLeft == nil || *order.Entitlement.ViewsLeft != 0 || order.Entitlement.NotUsable != sdk.EntitlementUsedUp || order.PaidAt.IsZero() {
		written, _ := json.Marshal(order)
		t.Errorf("got %s", written)
	}
}
