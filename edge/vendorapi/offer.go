package vendorapi

import (
	"context"
	"net/http"
	"time"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/offering"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/token"
)

type offers interface {
	CreateOffer(ctx context.Context, s caller.Seller, in offering.OfferInput, key string, digest []byte) (catalog.Offer, bool, error)
	Offer(ctx context.Context, s caller.Seller, id token.OfferID) (catalog.Offer, error)
	Offers(ctx context.Context, s caller.Seller, before string, limit int) ([]catalog.Offer, string, error)
}

// newOffer is an item at a price, to sell again and again.
type newOffer struct {
	Item     item           `json:"item"`
	Price    string         `json:"price" doc:"In major units, with at most six decimals" example:"0.25"`
	Currency token.Currency `json:"currency" pattern:"^[A-Z]{3}$" example:"USD"`
	Split    token.SplitID  `json:"split,omitzero" doc:"How the price is divided, by its newest version at the time of each sale"`
}

// offer is an item at a price, as it travels.
type offer struct {
	ID        token.OfferID  `json:"id"`
	Version   uint32         `json:"version"`
	Item      item           `json:"item"`
	Price     string         `json:"price"`
	Currency  token.Currency `json:"currency"`
	Split     token.SplitID  `json:"split,omitzero"`
	CreatedAt time.Time      `json:"created_at"`
}

func offerOf(o catalog.Offer) offer {
	return offer{ID: o.ID, Version: o.Version, Item: itemOf(&o.Item), Price: money(o.Price, o.Currency), Currency: o.Currency, Split: o.Split, CreatedAt: moment(o.CreatedAt)}
}

func (a *api) addOffers() {
	route(a, operation{
		method: http.MethodPost, path: "/v1/offers", id: "createOffer", tag: "Offers", status: http.StatusCreated,
		summary: "Create an offer",
		refuses: []token.Code{token.CodeAmountInvalid, token.CodeOverflow, token.CodeCurrencyInvalid, token.CodeFieldInvalid, token.CodeNotFound},
	}, func(ctx context.Context, c *call, in *newOffer) (answer[offer], error) {
		item, err := in.Item.domain()
		if err != nil {
			return answer[offer]{}, token.In("/item", err)
		}
		price, err := token.ParseAmount(in.Price)
		if err != nil {
			return answer[offer]{}, token.In("/price", err)
		}
		made, replayed, err := a.app.CreateOffer(ctx, c.seller, offering.OfferInput{Item: item, Price: price, Currency: in.Currency, Split: in.Split}, c.key, c.digest)
		return answer[offer]{body: offerOf(made), replayed: replayed}, err
	})
	route(a, operation{
		method: http.MethodGet, path: "/v1/offers", id: "listOffers", tag: "Offers", list: true, summary: "List your offers, newest first",
	}, func(ctx context.Context, c *call, _ *none) (answer[list[offer]], error) {
		found, next, err := a.app.Offers(ctx, c.seller, c.cursor, c.limit)
		return page(found, next, offerOf), err
	})
	route(a, operation{
		method: http.MethodGet, path: "/v1/offers/{id}", id: "getOffer", tag: "Offers", summary: "Get an offer", refuses: []token.Code{token.CodeNotFound},
	}, func(ctx context.Context, c *call, _ *none) (answer[offer], error) {
		id, err := pathID[token.OfferKind](c)
		if err != nil {
			return answer[offer]{}, err
		}
		found, err := a.app.Offer(ctx, c.seller, id)
		return answer[offer]{body: offerOf(found)}, err
	})
}
