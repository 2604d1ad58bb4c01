package sdk

import "context"

// Payee is somebody who earns royalties: an author, a publisher.
type Payee struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// CreatePayee makes a payee.
func (c *Client) CreatePayee(ctx context.Context, name string, options ...Option) (Payee, error) {
	var made Payee
	_, err := c.post(ctx, "/v1/payees", struct {
		Name string `json:"name"`
	}{name}, &made, options)
	return made, err
}

// Payees returns a page of your payees.
func (c *Client) Payees(ctx context.Context, page Page) (List[Payee], error) {
	var list List[Payee]
	err := c.get(ctx, "/v1/payees"+page.query(), &list)
	return list, err
}
