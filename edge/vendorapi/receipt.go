package vendorapi

import (
	"context"
	"net/http"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/token"
)

type receipts interface {
	Receipt(ctx context.Context, s caller.Seller, id token.OrderID) (string, error)
}

// receipt is a signed receipt, as it travels.
type receipt struct {
	Order   token.OrderID `json:"order"`
	Receipt string        `json:"receipt" doc:"A JWS in compact form, signed with EdDSA, of type farthing-receipt+jwt; the keys are at /.well-known/jwks.json"`
}

func (a *api) addReceipts() {
	route(a, operation{
		method: http.MethodGet, path: "/v1/orders/{id}/receipt", id: "getReceipt", tag: "Orders",
		summary: "Get the signed receipt of a sale",
		explain: "It proves without asking us that this reader bought this item at this price and time, and holds no personal data. Refunds are not in it: ask for the order.",
		refuses: []token.Code{token.CodeNotFound, token.CodeOrderState},
	}, func(ctx context.Context, c *call, _ *none) (answer[receipt], error) {
		id, err := pathID[token.OrderKind](c)
		if err != nil {
			return answer[receipt]{}, err
		}
		text, err := a.app.Receipt(ctx, c.seller, id)
		return answer[receipt]{body: receipt{Order: id, Receipt: text}}, err
	})
}
