package sdk

import (
	"context"
	"net/url"
	"time"
)

// Item is what is sold: its SKU (your own name for it; the URL where you give
// none), what the reader sees, and what a purchase gives. Of Times, Hours, Days
// and ExpiresAt all that are set hold together; none means for ever.
type Item struct {
	SKU         string    `json:"sku,omitempty"`
	Title       string    `json:"title"`
	Description string    `json:"description,omitempty"`
	URL         string    `json:"url,omitempty"`
	Times       int       `json:"times,omitempty"`      // views
	Hours       int       `json:"hours,omitempty"`      // from the first view
	Days        int       `json:"days,omitempty"`       // from the purchase
	ExpiresAt   time.Time `json:"expires_at,omitzero"`  // no view from then on
	Incentives  []string  `json:"incentives,omitempty"` // campaigns whose tokens may pay
	Repeatable  bool      `json:"repeatable,omitempty"` // each purchase is charged, also of what is owned
}

// NewOrder asks for an order. Give either Item with Price and Currency, or Offer.
type NewOrder struct {
	Item      *Item  `json:"item,omitempty"`
	Offer     string `json:"offer,omitempty"`
	Price     string `json:"price,omitempty"`
	Currency  string `json:"currency,omitempty"`
	Split     string `json:"split,omitempty"`
	Capture   string `json:"capture,omitempty"`    // "automatic" (the default) or "manual": paying places a hold
	HoldHours int    `json:"hold_hours,omitempty"` // with "manual": how long the hold lasts
	ExpiresIn int    `json:"expires_in,omitempty"` // seconds; 1800 where not given
	ReturnURL string `json:"return_url,omitempty"` // on a registered site; gets order, ticket and post
	CancelURL string `json:"cancel_url,omitempty"`
	Post      string `json:"post,omitempty"`     // given back on return
	Tracking  string `json:"tracking,omitempty"` // your own data, kept with the order
	Login     string `json:"login,omitempty"`    // which of your logins sells
	Session   string `json:"session,omitempty"`  // names the browser's session at your site: its tickets are good with the same one only
}

// Order is a transaction, as it stands.
type Order struct {
	ID            string      `json:"id"`
	Status        string      `json:"status"` // open, expired, held, paid, released, refunded, covered
	PayURL        string      `json:"pay_url,omitempty"`
	Price         string      `json:"price"`
	Currency      string      `json:"currency"`
	Item          Item        `json:"item"`
	Offer         string      `json:"offer,omitempty"`
	Split         string      `json:"split,omitempty"`
	SplitVersion  int         `json:"split_version,omitempty"`
	Capture       string      `json:"capture,omitempty"`    // "manual" where paying places a hold
	HoldHours     int         `json:"hold_hours,omitempty"` // how long such a hold lasts
	ReturnURL     string      `json:"return_url,omitempty"`
	CancelURL     string      `json:"cancel_url,omitempty"`
	Post          string      `json:"post,omitempty"`
	Tracking      string      `json:"tracking,omitempty"`
	Login         string      `json:"login,omitempty"`
	Authorisation string      `json:"authorisation,omitempty"` // the provider's authorising answer, once paid
	Reader        string      `json:"reader,omitempty"`        // your pseudonym for who paid
	Test          bool        `json:"test,omitempty"`
	CreatedAt     time.Time   `json:"created_at,omitzero"`
	ExpiresAt     time.Time   `json:"expires_at,omitzero"`
	PaidAt        time.Time   `json:"paid_at,omitzero"`
	HoldUntil     time.Time   `json:"hold_until,omitzero"` // capture before
	Charged       string      `json:"charged,omitempty"`   // what was paid or is held; less than Price after a capture of a part
	Refunded      string      `json:"refunded,omitempty"`
	Net           string      `json:"net,omitempty"` // what you keep: net + fee + royalties = charged - refunded
	Fee           string      `json:"fee,omitempty"`
	Royalties     []Royalty   `json:"royalties,omitempty"`
	Entitlement   Entitlement `json:"entitlement,omitzero"`
	CoveredBy     string      `json:"covered_by,omitempty"` // the purchase that made this one free
}

// Royalty is what one payee earns of one order.
type Royalty struct {
	Payee  string `json:"payee"`
	Amount string `json:"amount"`
}

// Entitlement is how far what was bought has been used.
type Entitlement struct {
	ViewsUsed int       `json:"views_used"`
	ViewsLeft *int      `json:"views_left,omitempty"` // nil where views are not bounded
	EndsAt    time.Time `json:"ends_at,omitzero"`     // zero where time is not bounded, or not yet
	Usable    bool      `json:"usable"`               // one more view is allowed now
	NotUsable string    `json:"not_usable,omitempty"` // the code of why not
}

// Redemption is what a ticket stood for: this reader may have the order's item.
type Redemption struct {
	Order  Order  `json:"order"`
	Reader string `json:"reader"`
}

// Viewing is the answer to a counted view.
type Viewing struct {
	Order       string      `json:"order"`
	Entitlement Entitlement `json:"entitlement"`
}

// CreateOrder creates an order. Send the reader to its PayURL.
func (c *Client) CreateOrder(ctx context.Context, order NewOrder, options ...Option) (Order, error) {
	var made Order
	_, err := c.post(ctx, "/v1/orders", order, &made, options)
	return made, err
}

// Order returns one of your orders.
func (c *Client) Order(ctx context.Context, id string) (Order, error) {
	var order Order
	err := c.get(ctx, "/v1/orders/"+url.PathEscape(id), &order)
	return order, err
}

// Orders returns a page of your orders, newest first.
func (c *Client) Orders(ctx context.Context, page Page) (List[Order], error) {
	var list List[Order]
	err := c.get(ctx, "/v1/orders"+page.query(), &list)
	return list, err
}

// Arrival is a ticket as a reader's browser brought it.
type Arrival struct {
	Ticket  string `json:"ticket"`
	URL     string `json:"url,omitempty"`     // the ReturnURL of orders for the page that it came to
	Session string `json:"session,omitempty"` // as in the order
	View    bool   `json:"view"`              // also count a view of the item
}

// Redeem uses up the ticket that a reader's browser brought back. With view it also
// counts a view of the item. A ticket is good for seconds and for one use: check
// that the order is the one for what you are about to serve.
func (c *Client) Redeem(ctx context.Context, ticket string, view bool) (Redemption, error) {
	return c.RedeemAt(ctx, Arrival{Ticket: ticket, View: view})
}

// RedeemAt is Redeem for a ticket of which you say where it came to and in which browser
// session. One that was made for another is refused (TicketElsewhere) and stays good,
// so whoever copies the link, or is sent it, opens nothing.
func (c *Client) RedeemAt(ctx context.Context, arrival Arrival) (Redemption, error) {
	body, err := encode(arrival)
	if err != nil {
		return Redemption{}, err
	}
	var redemption Redemption
	err = c.do(ctx, &call{method: "POST", path: "/v1/tickets/redeem", body: body, oneShot: true, into: &redemption})
	return redemption, err
}

// View counts a view of what an order entitles to, and refuses it where none is
// left: see EntitlementUsedUp, EntitlementExpired and EntitlementRevoked.
func (c *Client) View(ctx context.Context, id string, options ...Option) (Viewing, error) {
	var viewing Viewing
	_, err := c.post(ctx, "/v1/orders/"+url.PathEscape(id)+"/views", struct{}{}, &viewing, options)
	return viewing, err
}

// Capture turns a hold into a sale of amount; "" means all that is held.
func (c *Client) Capture(ctx context.Context, id, amount string, options ...Option) (Order, error) {
	var order Order
	_, err := c.post(ctx, "/v1/orders/"+url.PathEscape(id)+"/capture", struct {
		Amount string `json:"amount,omitempty"`
	}{amount}, &order, options)
	return order, err
}

// Release gives a hold back to the reader.
func (c *Client) Release(ctx context.Context, id string, options ...Option) (Order, error) {
	var order Order
	_, err := c.post(ctx, "/v1/orders/"+url.PathEscape(id)+"/release", struct{}{}, &order, options)
	return order, err
}

// Refund gives amount of a sale back to the reader; "" means all that is left.
func (c *Client) Refund(ctx context.Context, id, amount, reason string, options ...Option) (Order, error) {
	var order Order
	_, err := c.post(ctx, "/v1/orders/"+url.PathEscape(id)+"/refund", struct {
		Amount string `json:"amount,omitempty"`
		Reason string `json:"reason,omitempty"`
	}{amount, reason}, &order, options)
	return order, err
}
