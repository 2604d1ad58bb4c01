package sdk

import (
	"context"
	"net/url"
)

// NewPurchase charges a reader who gave you an allowance for one of your offers.
type NewPurchase struct {
	Reader   string `json:"reader"`
	Offer    string `json:"offer"`
	Version  int    `json:"offer_version,omitempty"` // that you saw: where the offer has another by now, nothing is bought (offer_changed); 0 buys the newest
	Tracking string `json:"tracking,omitempty"`
}

// Purchase is the answer to NewPurchase: the order that now entitles the reader.
type Purchase struct {
	Order
	Charged  bool // false: the reader owned the item already, and Order is that purchase
	Replayed bool // the answer to an earlier call with the same idempotency key
}

// CreatePurchase buys an offer for a reader, without a browser.
func (c *Client) CreatePurchase(ctx context.Context, purchase NewPurchase, options ...Option) (Purchase, error) {
	var made Purchase
	one, err := c.post(ctx, "/v1/purchases", purchase, &made.Order, options)
	if err != nil {
		return Purchase{}, err
	}
	made.Charged, made.Replayed = one.status == 201, one.replayed
	return made, nil
}

// Allowed reports whether a reader gave you an allowance that covers one of your offers
// now. CreatePurchase may still refuse: for funds, or the reader's own limits.
func (c *Client) Allowed(ctx context.Context, offer, reader string) (bool, error) {
	yes, _, err := c.AllowedVersion(ctx, offer, reader)
	return yes, err
}

// AllowedVersion is Allowed with the version of the offer that was looked at. Where
// NewPurchase names it, that one is bought, or nothing.
func (c *Client) AllowedVersion(ctx context.Context, offer, reader string) (allowed bool, version int, err error) {
	var answer struct {
		Allowed bool `json:"allowed"`
		Version int  `json:"offer_version"`
	}
	err = c.get(ctx, "/v1/offers/"+url.PathEscape(offer)+"/readers/"+url.PathEscape(reader), &answer)
	return answer.Allowed, answer.Version, err
}
