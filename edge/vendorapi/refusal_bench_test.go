package vendorapi

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"farthing.dev/farthing/token"
)

// BenchmarkRefusal is a purchase that the wallet is too short for, from the refusal's making to
// the answer's last byte.
func BenchmarkRefusal(b *testing.B) {
	app := &fakeApp{}
	api := New(Options{App: app, Rate: -1, Clock: fakeClock{}})
	body := string(purchaseBody())
	b.ReportAllocs()
	for b.Loop() {
		app.refusal = shortWallet(250_000)
		request := httptest.NewRequest(http.MethodPost, "/v1/purchases", strings.NewReader(body))
		request.Header.Set("Authorization", "Bearer "+goodKey)
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Idempotency-Key", "k-12345678")
		answer := httptest.NewRecorder()
		if api.ServeHTTP(answer, request); answer.Code != http.StatusPaymentRequired {
			b.Fatal(answer.Body)
		}
	}
}

func shortWallet(by token.Amount) error {
	return token.Refuse(token.Unfunded, "insufficient_funds.wallet", token.Money("short", by, token.Currency{'U', 'S', 'D'}))
}
