package sdk

import (
	"context"
	"net/url"
	"time"
)

// NewOffer is an item at a price, to sell again and again.
type NewOffer struct {
	Item     Item   `json:"item"`
	Price    string `json:"price"`
	Currency string `json:"currency"`
	Split    string `json:"split,omitempty"`
}

// Offer is an item at a price.
type Offer struct {
	ID      string `json:"id"`
	Version int    `json:"version"`
	NewOffer
	CreatedAt time.Time `json:"created_at,omitzero"`
}

// CreateOffer makes an offer.
func (c *Client) CreateOffer(ctx context.Context, offer NewOffer, options ...Option) (Offer, error) {
	var made Offer
	_, err := c.post(ctx, "/v1/offers", offer, &made, options)
	return made, err
}

// Offer returns one of your offers.
func (c *Client) Offer(ctx context.Context, id string) (Offer, error) {
	var offer Offer
	err := c.get(ctx, "/v1/offers/"+url.PathEscape(id), &offer)
	return offer, err
}

// Offers returns a page of your offers.
func (c *Client) Offers(ctx context.Context, page Page) (List[Offer], error) {
	var list List[Offer]
	err := c.get(ctx, "/v1/offers"+page.query(), &list)
	return list, err
}
