package sdk

import (
	"context"
	"time"
)

// RoyaltyLine is one posting to somebody's earnings.
type RoyaltyLine struct {
	Order        string    `json:"order"`
	At           time.Time `json:"at"`
	Kind         string    `json:"kind"`            // order.paid, hold.captured or order.refunded
	Payee        string    `json:"payee,omitempty"` // empty: your own net
	PayeeName    string    `json:"payee_name,omitempty"`
	Amount       string    `json:"amount"` // negative for refunds
	Currency     string    `json:"currency"`
	Split        string    `json:"split,omitempty"`
	SplitVersion int       `json:"split_version,omitempty"`
	Test         bool      `json:"test,omitempty"`
}

// Balance is what is owed in one currency.
type Balance struct {
	Currency string `json:"currency"`
	Class    string `json:"class"` // "purchased", or "test" for the sandbox
	Amount   string `json:"amount"`
}

// Royalties returns a page of postings to your own and your payees' earnings.
func (c *Client) Royalties(ctx context.Context, page Page) (List[RoyaltyLine], error) {
	var list List[RoyaltyLine]
	err := c.get(ctx, "/v1/royalties"+page.query(), &list)
	return list, err
}

// Earnings returns what the provider owes you, per currency.
func (c *Client) Earnings(ctx context.Context) ([]Balance, error) {
	var list List[Balance]
	err := c.get(ctx, "/v1/earnings", &list)
	return list.Data, err
}
