// Package sdk lets a vendor's server sell through a Farthing provider. It needs
// nothing but the standard library.
//
// A Client calls the vendor API. The first sale:
//
//	client := &sdk.Client{BaseURL: "http://localhost:8402", Key: os.Getenv("FARTHING_KEY")}
//	order, err := client.CreateOrder(ctx, sdk.NewOrder{
//		Item:      &sdk.Item{SKU: "essay-1", Title: "On farthings", URL: "https://example.org/essay"},
//		Price:     "0.25",
//		Currency:  "USD",
//		ReturnURL: "https://example.org/essay",
//	})
//
// Send the reader's browser to order.PayURL. It comes back to the return URL with
// the parameters order and ticket; redeem the ticket, and serve the item:
//
//	redemption, err := client.Redeem(ctx, ticket, true)
//
// A Paywall does all of that around any http.Handler.
//
// Every call that moves money carries an idempotency key. The Client makes one
// where the caller gives none, and uses the same key when it tries again after a
// network failure or an answer of 503, so no reader is ever charged twice.
// Amounts are decimal strings of major units ("0.25"), never floating point.
package sdk
