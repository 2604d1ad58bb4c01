package sdk_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"farthing.dev/farthing/sdk"
)

// A batch sells many things in one request. Each has its own key, kept with your own record of
// the sale, and its own result.
func ExampleClient_CreatePurchaseBatch() {
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { // stands for the provider
		_, _ = io.WriteString(w, `{"results":[
			{"status":201,"purchase":{"id":"ord_1","status":"paid","price":"0.10","currency":"USD"}},
			{"status":200,"purchase":{"id":"ord_0","status":"paid","price":"0.50","currency":"USD","covered_by":"ord_0"}},
			{"status":403,"problem":{"status":403,"code":"allowance_exceeded","detail":"the allowance is used up until tomorrow"}}]}`)
	}))
	defer provider.Close()

	client := &sdk.Client{BaseURL: provider.URL, Key: "fk_test_…"}
	results, err := client.CreatePurchaseBatch(context.Background(), []sdk.BatchedPurchase{
		{IdempotencyKey: "sale-1", NewPurchase: sdk.NewPurchase{Reader: "rdr_ada", Offer: "off_call"}},
		{IdempotencyKey: "sale-2", NewPurchase: sdk.NewPurchase{Reader: "rdr_ada", Offer: "off_book"}},
		{IdempotencyKey: "sale-3", NewPurchase: sdk.NewPurchase{Reader: "rdr_ben", Offer: "off_call"}},
	})
	if err != nil {
		fmt.Println("try those without an answer again later, under their keys:", err)
	}
	for _, r := range results {
		switch {
		case r.Err != nil:
			fmt.Println(r.IdempotencyKey, "was not sold:", sdk.Code(r.Err))
		case r.Charged:
			fmt.Println(r.IdempotencyKey, "was sold for", r.Price, r.Currency)
		default:
			fmt.Println(r.IdempotencyKey, "was owned already:", r.ID)
		}
	}
	// Output:
	// sale-1 was sold for 0.10 USD
	// sale-2 was owned already: ord_0
	// sale-3 was not sold: allowance_exceeded
}
