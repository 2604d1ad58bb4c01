package vendorapi

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi"
	"github.com/pb33f/libopenapi-validator"

	"farthing.dev/farthing/token"
)

// openAPI is what the tests read of the document.
type openAPI struct {
	Paths map[string]map[string]struct {
		OperationID string `json:"operationId"`
		Responses   map[string]json.RawMessage
	}
}

func document(t testing.TB, server *httptest.Server) ([]byte, openAPI) {
	t.Helper()
	response, body := do(t, server, ask{method: "GET", path: "/openapi.json", header: map[string]string{"Authorization": ""}})
	if response.StatusCode != 200 {
		t.Fatalf("got %d", response.StatusCode)
	}
	var d openAPI
	if err := json.Unmarshal(body, &d); err != nil {
		t.Fatal(err)
	}
	return body, d
}

// examples are bodies that each operation takes.
func examples() map[string]string {
	reader, offer, payee := token.ReaderID{5}.String(), token.OfferID{4}.String(), token.PayeeID{6}.String()
	return map[string]string{
		"createOrder":            goodOrder,
		"captureOrder":           `{"amount":"0.20"}`,
		"releaseOrder":           `{}`,
		"refundOrder":            `{"amount":"0.10","reason":"late"}`,
		"viewOrder":              `{}`,
		"redeemTicket":           `{"ticket":"abc","view":true}`,
		"createPurchase":         `{"reader":"` + reader + `","offer":"` + offer + `"}`,
		"createPurchaseBatch":    `{"purchases":[{"idempotency_key":"k-1","reader":"` + reader + `","offer":"` + offer + `"}]}`,
		"createOffer":            `{"item":{"title":"T"},"price":"1","currency":"USD"}`,
		"createSplit":            `{"name":"n","shares":[{"payee":"` + payee + `","percent":"12.5"}]}`,
		"reviseSplit":            `{"name":"n","shares":[{"payee":"` + payee + `","fixed":"0.01","of":0}]}`,
		"createPayee":            `{"name":"Ada"}`,
		"createSite":             `{"url":"https://example.org"}`,
		"createOperatorDeposit":  `{"email":"ada@example.org","amount":"10.00","currency":"USD","reference":"bank 1"}`,
		"proveSite":              `{}`,
		"approveOperatorRequest": `{"digest":"` + strings.Repeat("0a", 32) + `"}`,
		"refuseOperatorRequest":  `{}`,
		"retryOperatorDelivery":  `{}`,
		"dropOperatorDelivery":   `{}`,
		"createCampaign":         `{"name":"Spring","currency":"USD"}`,
		"grantIncentive":         `{"reader":"` + reader + `","amount":"1.00"}`,
	}
}

// each calls fn with a good request for every operation of the document.
func each(t testing.TB, d openAPI, fn func(operation string, a ask)) {
	t.Helper()
	ids := map[string]string{
		"orders": token.OrderID{3}.String(), "offers": token.OfferID{4}.String(),
		"splits": token.SplitID{7}.String(), "campaigns": token.CampaignID{8}.String(),
		"sites": token.SiteID{9}.String(), "operator": token.DeliveryID{9}.String(),
	}
	bodies, count := examples(), 0
	for path, methods := range d.Paths {
		kind, _, _ := strings.Cut(strings.TrimPrefix(path, "/v1/"), "/")
		for method, operation := range methods {
			count++
			path := strings.NewReplacer("{id}", ids[kind], "{reader}", token.ReaderID{5}.String(), "{request}", "1").Replace(path)
			fn(operation.OperationID, ask{
				method: strings.ToUpper(method), path: path, body: bodies[operation.OperationID],
			})
		}
	}
	if count < 25 {
		t.Fatalf("the document has %d operations only", count)
	}
}

func TestTheDocumentIsValidOpenAPI(t *testing.T) {
	server := httptest.NewServer(New(Options{App: &fakeApp{}, Clock: fakeClock{}}))
	defer server.Close()
	text, _ := document(t, server)
	parsed, err := libopenapi.NewDocument(text)
	if err != nil {
		t.Fatal(err)
	}
	if version := parsed.GetVersion(); version != "3.1.0" {
		t.Errorf("version %s", version)
	}
	checker, errs := validator.NewValidator(parsed)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if valid, faults := checker.ValidateDocument(); !valid {
		for _, fault := range faults {
			t.Errorf("%s: %s: %v", fault.Message, fault.Reason, fault.SchemaValidationErrors)
		}
	}
}

// Requests that the document permits are taken, and the answers are what it promises.
func TestEveryOperationAnswersAsTheDocumentSays(t *testing.T) {
	server := httptest.NewServer(New(Options{App: &fakeApp{}, Clock: fakeClock{}}))
	defer server.Close()
	text, d := document(t, server)
	parsed, err := libopenapi.NewDocument(text)
	if err != nil {
		t.Fatal(err)
	}
	checker, errs := validator.NewValidator(parsed)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	each(t, d, func(operation string, a ask) {
		for _, authorised := range []bool{true, false} {
			request := httptest.NewRequest(a.method, a.path, strings.NewReader(a.body))
			if a.method == http.MethodPost {
				request.Header.Set("Content-Type", "application/json")
				request.Header.Set("Idempotency-Key", "k")
			}
			request.Header.Set("Authorization", "Bearer "+goodKey)
			if valid, faults := checker.ValidateHttpRequest(request); !valid {
				t.Errorf("%s: a good request is not what the document says: %v", operation, faults[0])
				return
			}
			if !authorised {
				request.Header.Set("Authorization", "Bearer no")
			}
			request.Body = http.NoBody
			if a.method == http.MethodPost {
				request = request.Clone(t.Context())
				request.Body = httptest.NewRequest("POST", "/", strings.NewReader(a.body)).Body
			}
			answer := httptest.NewRecorder()
			server.Config.Handler.ServeHTTP(answer, request)
			if good := answer.Code < 300; good != authorised {
				t.Errorf("%s: %d %s", operation, answer.Code, answer.Body)
			}
			if valid, faults := checker.ValidateHttpResponse(request, answer.Result()); !valid {
				t.Errorf("%s: the answer %s is not what the document says: %v", operation, answer.Body, faults[0])
			}
		}
	})
}

func TestEveryOperationNeedsAKey(t *testing.T) {
	fake := &fakeApp{}
	server := httptest.NewServer(New(Options{App: fake, Clock: fakeClock{}}))
	defer server.Close()
	_, d := document(t, server)
	each(t, d, func(operation string, a ask) {
		a.header = map[string]string{"Authorization": ""}
		response, body := do(t, server, a)
		checkProblem(t, response, body, 401, token.CodeUnauthorised)
	})
	if fake.moved.Load() != 0 {
		t.Error("something was done")
	}
}

func TestThePageOfTheDocumentLoadsNothing(t *testing.T) {
	server := httptest.NewServer(New(Options{App: &fakeApp{}, Clock: fakeClock{}}))
	defer server.Close()
	response, body := do(t, server, ask{method: "GET", path: "/docs", header: map[string]string{"Authorization": "", "Accept": "text/html"}})
	page := string(body)
	if response.StatusCode != 200 || !strings.HasPrefix(response.Header.Get("Content-Security-Policy"), "default-src 'none'; style-src 'sha256-") {
		t.Fatalf("got %d, policy %q", response.StatusCode, response.Header.Get("Content-Security-Policy"))
	}
	for _, loader := range []string{"<script", "src=", "@import", "url(", "<link", "ZgotmplZ"} {
		if strings.Contains(page, loader) {
			t.Errorf("the page has %s", loader)
		}
	}
	_, d := document(t, server)
	each(t, d, func(operation string, _ ask) {
		if !strings.Contains(page, `<article id="`+operation+`">`) {
			t.Errorf("the page does not tell of %s", operation)
		}
	})
}

// The codes of routes, of the table and of the guide are the same.
func TestEveryCodeIsExplained(t *testing.T) {
	guide, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	var known []token.Code
	for _, r := range reasons() {
		known = append(known, r.Code)
		if row := "| " + strconv.Itoa(r.Status) + " | `" + string(r.Code) + "` |"; !strings.Contains(string(guide), row) {
			t.Errorf("docs/api.md has no row %q", row)
		}
	}
	a := New(Options{App: &fakeApp{}}).(*api)
	for path, item := range a.document.Paths {
		if item.Get == nil && item.Post == nil {
			t.Errorf("%s has no operation", path)
		}
	}
	for _, o := range []operation{{method: "POST"}, {method: "GET"}} {
		for _, code := range o.codes() {
			if !slices.Contains(known, code) {
				t.Errorf("%s is not explained", code)
			}
		}
	}
}
