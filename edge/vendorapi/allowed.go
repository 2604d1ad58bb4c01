package vendorapi

import (
	"context"
	"net/http"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/selling"
	"farthing.dev/farthing/token"
)

type allowances interface {
	Allowed(ctx context.Context, s caller.Seller, offer token.OfferID, reader token.ReaderID) (selling.Coverage, error)
}

// allowed says whether a reader can be charged without a click.
type allowed struct {
	Allowed bool   `json:"allowed" doc:"The reader's allowance to you would cover the offer now. A purchase may still be refused, for funds or the reader's own limits"`
	Version uint32 `json:"offer_version" doc:"The version of the offer that was looked at; a purchase that names it buys that one, or nothing"`
}

func (a *api) addAllowed() {
	route(a, operation{
		method: http.MethodGet, path: "/v1/offers/{id}/readers/{reader}", id: "getAllowed", tag: "Purchases",
		summary: "See whether a reader's allowance covers an offer",
		explain: "Yes or no, so that your page can say what a click does. Nothing is charged, and the allowance's bounds stay the reader's own.",
		refuses: []token.Code{token.CodeNotFound, token.CodeModeMismatch},
	}, func(ctx context.Context, c *call, _ *none) (answer[allowed], error) {
		offer, err := pathID[token.OfferKind](c)
		if err != nil {
			return answer[allowed]{}, err
		}
		reader, err := token.ParseID[token.ReaderKind](c.request.PathValue("reader"))
		if err != nil {
			return answer[allowed]{}, errNotHere
		}
		found, err := a.app.Allowed(ctx, c.seller, offer, reader)
		return answer[allowed]{body: allowed{Allowed: found.Allowed, Version: found.Version}}, err
	})
}
