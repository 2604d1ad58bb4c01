package vendorapi

import (
	"context"
	"net/http"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/selling"
	"farthing.dev/farthing/token"
)

type purchases interface {
	CreatePurchase(ctx context.Context, s caller.Seller, in selling.PurchaseInput, key string, digest []byte) (selling.OrderView, bool, error)
}

// newPurchase charges a reader who gave an allowance.
type newPurchase struct {
	Reader   token.ReaderID `json:"reader" doc:"Who pays, by your pseudonym"`
	Offer    token.OfferID  `json:"offer" doc:"What is bought"`
	Version  uint32         `json:"offer_version,omitzero" doc:"The version of the offer that you saw: where it is at another by now, nothing is bought (offer_changed); absent: the newest"`
	Tracking string         `json:"tracking,omitzero" maxLength:"500" doc:"Your own data, kept with the order"`
}

var (
	_ written = (*newPurchase)(nil)
	_ quick   = (*newPurchase)(nil)
)

func (n *newPurchase) write(w *writer) {
	w.begin("")
	writeAnyID(w, "reader", n.Reader)
	writeAnyID(w, "offer", n.Offer)
	w.number("offer_version", int64(n.Version))
	w.text("tracking", n.Tracking)
	w.end()
}

func (n *newPurchase) read(body []byte) bool {
	r, seen := reader{rest: body}, uint(0)
	r.object(func(name []byte) {
		switch string(name) {
		case "reader":
			r.once(&seen, 1)
			r.odd = n.Reader.UnmarshalText(r.text()) != nil || r.odd
		case "offer":
			r.once(&seen, 2)
			r.odd = n.Offer.UnmarshalText(r.text()) != nil || r.odd
		case "offer_version":
			r.once(&seen, 4)
			n.Version = r.number()
		case "tracking":
			r.once(&seen, 8)
			n.Tracking = string(r.text())
		default:
			r.odd = true
		}
	})
	if !r.done() {
		*n = newPurchase{}
		return false
	}
	return true
}

// app returns what CreatePurchase takes.
func (n *newPurchase) app() (selling.PurchaseInput, error) {
	if n.Reader.IsZero() || n.Offer.IsZero() {
		return selling.PurchaseInput{}, token.Refuse(token.Unprocessable, "field_invalid.purchase_incomplete")
	}
	return selling.PurchaseInput{Reader: n.Reader, Offer: n.Offer, Version: n.Version, Tracking: n.Tracking}, nil
}

// purchaseStatus tells a sale from what was owned already.
func purchaseStatus(o *order) int {
	if o.CoveredBy.IsZero() {
		return http.StatusCreated
	}
	return http.StatusOK
}

const purchasesPath = "/v1/purchases"

func (a *api) addPurchases() {
	route(a, operation{
		method: http.MethodPost, path: purchasesPath, id: "createPurchase", tag: "Purchases", status: http.StatusCreated,
		summary: "Sell an offer under the reader's allowance",
		explain: "One call from server to server, without a browser. The answer is 201 where the reader was charged, and 200 with the earlier order where the reader owns the item already.",
		refuses: []token.Code{
			token.CodeNotFound, token.CodeOfferChanged, token.CodeAllowanceMissing, token.CodeAllowanceSpent, token.CodeLimitExceeded,
			token.CodeFundsMissing, token.CodeAccountClosed, token.CodeModeMismatch, token.CodeFieldInvalid,
		},
	}, func(ctx context.Context, c *call, in *newPurchase) (answer[order], error) {
		input, err := in.app()
		if err != nil {
			return answer[order]{}, err
		}
		out, err := orderAnswer(a.app.CreatePurchase(ctx, c.seller, input, c.key, c.digest))
		out.status = purchaseStatus(&out.body)
		return out, err
	})
}
