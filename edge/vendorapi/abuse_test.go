package vendorapi

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/token"
)

// ask is a request, good unless something is said to be bad.
type ask struct {
	method, path, body string
	header             map[string]string // on top of a good request's; "" takes one away
}

const goodOrder = `{"item":{"sku":"s","title":"T"},"price":"0.25","currency":"USD","return_url":"https://example.org/"}`

func do(t testing.TB, server *httptest.Server, a ask) (*http.Response, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), a.method, server.URL+a.path, strings.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+goodKey)
	if a.method == http.MethodPost {
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Idempotency-Key", "k1")
	}
	for name, value := range a.header {
		request.Header.Del(name)
		if value != "" {
			request.Header.Set(name, value)
		}
	}
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, body
}

// checkProblem fails unless the answer is a complete problem with this status and code.
func checkProblem(t testing.TB, response *http.Response, body []byte, status int, code token.Code) web.Problem {
	t.Helper()
	var p web.Problem
	if kind := response.Header.Get("Content-Type"); kind != "application/problem+json" {
		t.Fatalf("%d is %s: %s", response.StatusCode, kind, body)
	}
	if err := json.Unmarshal(body, &p); err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != status || p.Status != status || p.Code != string(code) {
		t.Fatalf("got %d %s, want %d %s", response.StatusCode, body, status, code)
	}
	if p.Type != "/docs#"+p.Code || p.Title == "" || p.Detail == "" || p.Instance == "" || p.RequestID == "" || p.RequestID != response.Header.Get("X-Request-Id") {
		t.Errorf("the problem is not complete: %s", body)
	}
	if strings.Contains(string(body), "vendorapi") || strings.Contains(string(body), "json:") {
		t.Errorf("the problem tells of internals: %s", body)
	}
	return p
}

func TestBadRequestsAreRefusedAndMoveNothing(t *testing.T) {
	order := func(body string) ask { return ask{method: "POST", path: "/v1/orders", body: body} }
	headed := func(name, value string) ask {
		return ask{method: "POST", path: "/v1/orders", body: goodOrder, header: map[string]string{name: value}}
	}
	batch := func(items string) ask {
		return ask{method: "POST", path: "/v1/purchases/batch", body: `{"purchases":[` + items + `]}`}
	}
	sale := func(key string) string {
		return `{"idempotency_key":"` + key + `","reader":"` + token.ReaderID{5}.String() + `","offer":"` + token.OfferID{4}.String() + `"}`
	}
	id := token.OrderID{3}.String()
	for _, test := range []struct {
		name   string
		ask    ask
		status int
		code   token.Code
	}{
		{"no JSON", order(`{"item":`), 400, token.CodeMalformed},
		{"nothing", order(""), 400, token.CodeMalformed},
		{"an array", order("[]"), 400, token.CodeMalformed},
		{"null", order("null"), 400, token.CodeMalformed},
		{"two values", order(goodOrder + goodOrder), 400, token.CodeMalformed},
		{"a duplicate field", order(`{"price":"1","price":"2"}`), 400, token.CodeMalformed},
		{"an inner duplicate field", order(`{"item":{"title":"a","title":"b"}}`), 400, token.CodeMalformed},
		{"an unknown field", order(`{"pirce":"1"}`), 400, token.CodeMalformed},
		{"a field in other letters", order(`{"Price":"1"}`), 400, token.CodeMalformed},
		{"an inner unknown field", order(`{"item":{"colour":"red"}}`), 400, token.CodeMalformed},
		{"a number for a string", order(`{"price":0.25}`), 400, token.CodeMalformed},
		{"a string for a number", order(`{"item":{"title":"T","times":"3"}}`), 400, token.CodeMalformed},
		{"a fraction of a view", order(`{"item":{"title":"T","times":1.5}}`), 400, token.CodeMalformed},
		{"bad UTF-8", order("{\"price\":\"\xff\"}"), 400, token.CodeMalformed},
		{"half a surrogate", order(`{"price":"\ud800"}`), 400, token.CodeMalformed},
		{"deep nesting", order(`{"item":` + strings.Repeat("[", 20000) + "}"), 400, token.CodeMalformed},
		{"an id of another kind", order(`{"offer":"` + id + `"}`), 400, token.CodeIDInvalid},
		{"a time that is none", order(`{"item":{"title":"T","expires_at":"tomorrow"}}`), 400, token.CodeMalformed},

		{"a negative price", order(`{"price":"-1"}`), 422, token.CodeAmountInvalid},
		{"a price of zero", order(`{"price":"0.00"}`), 422, token.CodeAmountInvalid},
		{"a price with an exponent", order(`{"price":"1e3"}`), 422, token.CodeAmountInvalid},
		{"a price of seven decimals", order(`{"price":"0.1234567"}`), 422, token.CodeAmountInvalid},
		{"a price without digits", order(`{"price":"."}`), 422, token.CodeAmountInvalid},
		{"a price above the most", order(`{"price":"1000000000.000001"}`), 422, token.CodeOverflow},
		{"a price that overflows", order(`{"price":"99999999999999999999"}`), 422, token.CodeAmountInvalid},
		{"a currency that is none", order(`{"currency":"usd"}`), 422, token.CodeCurrencyInvalid},
		{"fewer views than none", order(`{"item":{"title":"T","times":-1}}`), 422, token.CodeFieldInvalid},
		{"too many views", order(`{"item":{"title":"T","times":1000001}}`), 422, token.CodeFieldInvalid},
		{"an expiry before time began", order(`{"item":{"title":"T","expires_at":"0001-01-02T00:00:00Z"}}`), 422, token.CodeFieldInvalid},
		{"another way to capture", order(`{"capture":"later"}`), 422, token.CodeFieldInvalid},
		{"a hold of a century", order(`{"hold_hours":876000}`), 422, token.CodeFieldInvalid},
		{"a refund of zero", ask{method: "POST", path: "/v1/orders/" + id + "/refund", body: `{"amount":"0"}`}, 422, token.CodeAmountInvalid},
		{"a capture of less than zero", ask{method: "POST", path: "/v1/orders/" + id + "/capture", body: `{"amount":"-0.01"}`}, 422, token.CodeAmountInvalid},
		{"a purchase of nothing", ask{method: "POST", path: "/v1/purchases", body: `{}`}, 422, token.CodeFieldInvalid},
		{"a batch of nothing", batch(""), 422, token.CodeFieldInvalid},
		{"a batch without a list", ask{method: "POST", path: "/v1/purchases/batch", body: "{}"}, 422, token.CodeFieldInvalid},
		{"a batch of too many", batch(strings.Repeat(sale("")+",", 1000) + sale("")), 422, token.CodeFieldInvalid},
		{"a batch with one key twice", batch(sale("a") + "," + sale("b") + "," + sale("a")), 422, token.CodeFieldInvalid},
		{"an unknown field in a batch", batch(sale("a") + `,{"idempotency_key":"b","price":"0.01"}`), 400, token.CodeMalformed},
		{"a duplicate field in a batch", batch(sale("a") + `,{"reader":"","reader":""}`), 400, token.CodeMalformed},
		{"a number for a key in a batch", batch(sale("a") + `,{"idempotency_key":7}`), 400, token.CodeMalformed},
		{"a batch cut short", ask{method: "POST", path: "/v1/purchases/batch", body: `{"purchases":[` + sale("a") + `,`}, 400, token.CodeMalformed},
		{"a large batch", batch(`{"tracking":"` + strings.Repeat("x", 1<<20) + `"}`), 413, "body_too_large"},
		{"a batch by another key", ask{method: "POST", path: "/v1/purchases/batch", body: `{"purchases":[` + sale("a") + `]}`, header: map[string]string{"Authorization": "Bearer fk_live_other"}}, 401, token.CodeUnauthorised},

		{"a ticket that is none", ask{method: "POST", path: "/v1/tickets/redeem", body: `{}`}, 422, token.CodeFieldInvalid},
		{"more than all", ask{method: "POST", path: "/v1/splits", body: `{"name":"n","shares":[{"percent":"100.0001"}]}`}, 422, token.CodeFieldInvalid},

		{"no key", headed("Authorization", ""), 401, token.CodeUnauthorised},
		{"another key", headed("Authorization", "Bearer fk_live_other"), 401, token.CodeUnauthorised},
		{"another scheme", headed("Authorization", "Basic "+goodKey), 401, token.CodeUnauthorised},
		{"a long key", headed("Authorization", "Bearer "+strings.Repeat("x", 5000)), 401, token.CodeUnauthorised},
		{"a key in the query", ask{method: "GET", path: "/v1/me?key=" + goodKey, header: map[string]string{"Authorization": ""}}, 401, token.CodeUnauthorised},

		{"no idempotency key", headed("Idempotency-Key", ""), 400, token.CodeKeyMissing},
		{"a long idempotency key", headed("Idempotency-Key", strings.Repeat("k", 256)), 400, token.CodeMalformed},
		{"a blank in the idempotency key", headed("Idempotency-Key", "a b"), 400, token.CodeMalformed},
		{"an idempotency key beyond ASCII", headed("Idempotency-Key", "clé"), 400, token.CodeMalformed},

		{"no media type", headed("Content-Type", ""), 415, "media_type_unsupported"},
		{"a form", headed("Content-Type", "application/x-www-form-urlencoded"), 415, "media_type_unsupported"},
		{"another charset", headed("Content-Type", "application/json; charset=latin1"), 415, "media_type_unsupported"},
		{"a bad media type", headed("Content-Type", "application/json; ="), 415, "media_type_unsupported"},
		{"compression", headed("Content-Encoding", "gzip"), 415, "media_type_unsupported"},
		{"only HTML is taken", headed("Accept", "text/html"), 406, "not_acceptable"},
		{"JSON is refused", headed("Accept", "application/json;q=0"), 406, "not_acceptable"},

		{"a large body", order(`{"tracking":"` + strings.Repeat("x", 65536) + `"}`), 413, "body_too_large"},

		{"an unknown path", ask{method: "GET", path: "/v1/wallets"}, 404, token.CodeNotFound},
		{"a path above", ask{method: "GET", path: "/v1"}, 404, token.CodeNotFound},
		{"an id that is none", ask{method: "GET", path: "/v1/orders/1%20or%201=1"}, 404, token.CodeNotFound},
		{"an id of another kind in the path", ask{method: "GET", path: "/v1/offers/" + id}, 404, token.CodeNotFound},
		{"another method", ask{method: "DELETE", path: "/v1/orders/" + id}, 405, "method_not_allowed"},
		{"writing what is read", ask{method: "PUT", path: "/v1/royalties", body: "{}"}, 405, "method_not_allowed"},

		{"a limit of zero", ask{method: "GET", path: "/v1/orders?limit=0"}, 400, token.CodeMalformed},
		{"a limit above the most", ask{method: "GET", path: "/v1/orders?limit=101"}, 400, token.CodeMalformed},
		{"a limit that is none", ask{method: "GET", path: "/v1/orders?limit=ten"}, 400, token.CodeMalformed},
		{"two limits", ask{method: "GET", path: "/v1/orders?limit=1&limit=2"}, 400, token.CodeMalformed},
		{"an unknown parameter", ask{method: "GET", path: "/v1/orders?offset=1"}, 400, token.CodeMalformed},
		{"a parameter where there is none", ask{method: "GET", path: "/v1/me?limit=1"}, 400, token.CodeMalformed},
		{"a long cursor", ask{method: "GET", path: "/v1/orders?cursor=" + strings.Repeat("c", 201)}, 400, token.CodeMalformed},
		{"a bad query", ask{method: "GET", path: "/v1/orders?%zz"}, 400, token.CodeMalformed},
	} {
		t.Run(test.name, func(t *testing.T) {
			fake := &fakeApp{}
			server := httptest.NewServer(New(Options{App: fake, Clock: fakeClock{}}))
			defer server.Close()
			response, body := do(t, server, test.ask)
			checkProblem(t, response, body, test.status, test.code)
			if fake.moved.Load() != 0 {
				t.Error("something was done")
			}
			if test.status == 405 && response.Header.Get("Allow") == "" {
				t.Error("405 without Allow")
			}
			if test.status == 401 && response.Header.Get("WWW-Authenticate") == "" {
				t.Error("401 without WWW-Authenticate")
			}
		})
	}
}

func TestABodyOfUnknownLengthIsBounded(t *testing.T) {
	fake := &fakeApp{}
	request := httptest.NewRequest("POST", "/v1/orders", io.MultiReader(strings.NewReader(`{"tracking":"`), strings.NewReader(strings.Repeat("x", 1<<20))))
	request.ContentLength = -1
	request.Header.Set("Authorization", "Bearer "+goodKey)
	request.Header.Set("Content-Type", "application/json; charset=UTF-8")
	request.Header.Set("Idempotency-Key", "k")
	answer := httptest.NewRecorder()
	New(Options{App: fake, Clock: fakeClock{}}).ServeHTTP(answer, request)
	checkProblem(t, answer.Result(), answer.Body.Bytes(), 413, "body_too_large")
}

func TestEveryKindOfRefusalHasItsAnswer(t *testing.T) {
	at := fakeTime.Add(90 * time.Second)
	for _, test := range []struct {
		refusal error
		status  int
		code    token.Code
		header  string
		value   string
	}{
		{token.Refuse(token.Unfunded, "insufficient_funds.test_reader"), 402, token.CodeFundsMissing, "", ""},
		{&token.Error{Kind: token.Forbidden, Code: token.CodeLimitExceeded, Reason: "limit_exceeded.day", Limit: token.LimitID{9}, RetryAt: at}, 403, token.CodeLimitExceeded, "", ""},
		{token.Refuse(token.NotFound, "not_found.order"), 404, token.CodeNotFound, "", ""},
		{token.Refuse(token.Conflict, "order_state.given_back"), 409, token.CodeOrderState, "", ""},
		{token.Refuse(token.Gone, "order_expired.order"), 410, token.CodeOrderExpired, "", ""},
		{token.Refuse(token.Unprocessable, "idempotency_key_reused.request"), 422, token.CodeKeyReused, "", ""},
		{token.Refuse(token.Throttled, "too_many_requests.key").Until(at), 429, token.CodeThrottled, "Retry-After", "90"},
		{token.Refuse(token.Unavailable, "unavailable.waiting"), 503, token.CodeUnavailable, "Retry-After", "1"},
		{token.Refuse(token.Unavailable, "commit_unknown.command"), 503, token.CodeCommitUnknown, "Retry-After", "1"},
		{token.Wrap(io.ErrClosedPipe, "vendorapi secret"), 500, token.CodeInternal, "", ""},
		{io.ErrClosedPipe, 500, token.CodeInternal, "", ""},
	} {
		server := httptest.NewServer(New(Options{App: &fakeApp{refusal: test.refusal}, Clock: fakeClock{}}))
		response, body := do(t, server, ask{method: "POST", path: "/v1/orders", body: goodOrder})
		problem := checkProblem(t, response, body, test.status, test.code)
		if test.header != "" && response.Header.Get(test.header) != test.value {
			t.Errorf("%s: %s is %q, want %q", test.code, test.header, response.Header.Get(test.header), test.value)
		}
		if strings.Contains(string(body), "pipe") {
			t.Errorf("%s tells the cause", body)
		}
		if test.code == token.CodeLimitExceeded && (problem.Limit != token.LimitID{9}.String() || !problem.RetryAt.Equal(at)) {
			t.Errorf("the limit is not named: %s", body)
		}
		server.Close()
	}
}

func TestTooManyRequestsOfOneKey(t *testing.T) {
	server := httptest.NewServer(New(Options{App: &fakeApp{}, Clock: fakeClock{}, Rate: 2}))
	defer server.Close()
	for i, status := range []int{200, 200, 429} {
		response, body := do(t, server, ask{method: "GET", path: "/v1/me"})
		if response.StatusCode != status {
			t.Errorf("request %d: %d %s", i, response.StatusCode, body)
		}
		if status == 429 {
			checkProblem(t, response, body, 429, token.CodeThrottled)
		}
	}
}

// A batch counts as so many requests as it has purchases, and is refused as a whole.
func TestABatchCountsAsManyRequests(t *testing.T) {
	fake := &fakeApp{}
	server := httptest.NewServer(New(Options{App: fake, Clock: fakeClock{}, Rate: 10}))
	defer server.Close()
	batch := func(n int) ask {
		items := make([]string, n)
		for i := range items {
			items[i] = `{"idempotency_key":"k` + strconv.Itoa(i) + `","reader":"` + token.ReaderID{5}.String() + `","offer":"` + token.OfferID{4}.String() + `"}`
		}
		return ask{method: "POST", path: "/v1/purchases/batch", body: `{"purchases":[` + strings.Join(items, ",") + `]}`}
	}
	for i, test := range []struct{ purchases, status int }{{6, 200}, {5, 429}, {3, 200}, {1, 429}} { // 6, and 1 for the refused one, and 3
		response, body := do(t, server, batch(test.purchases))
		if response.StatusCode != test.status {
			t.Errorf("batch %d: %d %s", i, response.StatusCode, body)
		}
		if test.status == 429 {
			checkProblem(t, response, body, 429, token.CodeThrottled)
		}
	}
	if moved := fake.moved.Load(); moved != 9 {
		t.Errorf("%d were made, want 9", moved)
	}
}

// panicApp stands for a fault of ours.
type panicApp struct{ fakeApp }

func (p *panicApp) Seller(context.Context, string) (caller.Seller, error) { panic("a fault") }

func TestAPanicIsOneBadAnswer(t *testing.T) {
	server := httptest.NewServer(New(Options{App: &panicApp{}, Clock: fakeClock{}}))
	defer server.Close()
	response, body := do(t, server, ask{method: "GET", path: "/v1/me"})
	checkProblem(t, response, body, 500, token.CodeInternal)
	// What may move money may have moved it.
	response, body = do(t, server, ask{method: "POST", path: "/v1/orders", body: goodOrder})
	checkProblem(t, response, body, 503, token.CodeCommitUnknown)
}

func TestTheKeyStandsForTheWholeRequest(t *testing.T) {
	fake := &fakeApp{}
	server := httptest.NewServer(New(Options{App: fake, Clock: fakeClock{}}))
	defer server.Close()
	digest := func(a ask) string {
		t.Helper()
		if response, body := do(t, server, a); response.StatusCode >= 300 {
			t.Fatalf("%d %s", response.StatusCode, body)
		}
		return string(fake.digest)
	}
	first := digest(ask{method: "POST", path: "/v1/orders", body: goodOrder})
	same := digest(ask{method: "POST", path: "/v1/orders", body: ` { "currency" : "USD", "return_url":"https:\/\/example.org\/", "price":"0.25","item":{"title":"\u0054","sku":"s"} }`})
	if first != same {
		t.Errorf("the same request in other words has another digest:\n%s\n%s", first, same)
	}
	id, other := token.OrderID{3}.String(), token.OrderID{4}.String()
	seen := []string{first}
	for _, a := range []ask{
		{method: "POST", path: "/v1/orders", body: strings.Replace(goodOrder, "0.25", "0.26", 1)},
		{method: "POST", path: "/v1/orders/" + id + "/release", body: "{}"},
		{method: "POST", path: "/v1/orders/" + other + "/release", body: "{}"},
		{method: "POST", path: "/v1/orders/" + id + "/refund", body: "{}"},
		{method: "POST", path: "/v1/orders/" + id + "/refund", body: `{"amount":"0.10"}`},
	} {
		d := digest(a)
		if slices.Contains(seen, d) {
			t.Errorf("%s %s has the digest of another request", a.path, a.body)
		}
		seen = append(seen, d)
	}
}

func TestAReplayIsMarked(t *testing.T) {
	server := httptest.NewServer(New(Options{App: &fakeApp{}, Clock: fakeClock{}}))
	defer server.Close()
	response, _ := do(t, server, ask{method: "POST", path: "/v1/offers", body: `{"item":{"title":"T"},"price":"1","currency":"USD"}`})
	if response.StatusCode != 201 || response.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("got %d, header %q", response.StatusCode, response.Header.Get("Idempotent-Replayed"))
	}
}

func TestHeadAndAcceptAreTaken(t *testing.T) {
	server := httptest.NewServer(New(Options{App: &fakeApp{}, Clock: fakeClock{}}))
	defer server.Close()
	for _, accept := range []string{"", "*/*", "text/html, application/json;q=0.5", "application/*;q=0.1"} {
		if response, body := do(t, server, ask{method: "HEAD", path: "/v1/me", header: map[string]string{"Accept": accept}}); response.StatusCode != 200 || len(body) != 0 {
			t.Errorf("Accept %q: %d %s", accept, response.StatusCode, body)
		}
	}
}
