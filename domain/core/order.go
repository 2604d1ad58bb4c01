package core

import (
	"unicode/utf8"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// OpenOrder records an order that a vendor's server created. The caller has checked
// the vendor's key, the URLs and the item.
type OpenOrder struct {
	ID     token.OrderID
	Vendor token.VendorID
	Opened journal.Opened
	Key    journal.Key
}

var _ Command = (*OpenOrder)(nil)

// Need asks for the key.
func (c *OpenOrder) Need(s *State, f *Facts) { needKey(s, f, c.Key) }

// The longest that a hold lasts, and how long where the order does not say.
const (
	MaxHoldHours     = 7 * 24
	DefaultHoldHours = 24
)

// Decide checks, in order: key, that the id is new, price, currency, terms, hold,
// text, expiry.
func (c *OpenOrder) Decide(s *State, now int64) (Outcome, error) {
	if out, done, err := s.replay(c.Key); done || err != nil {
		return out, err
	}
	if c.ID.IsZero() || s.Orders[c.ID] != nil {
		return Outcome{}, token.Refuse(token.Conflict, "already_taken.order")
	}
	if err := priced(c.Opened.Price, c.Opened.Currency); err != nil {
		return Outcome{}, err
	}
	if err := c.Opened.Item.Terms.Validate(); err != nil {
		return Outcome{}, err
	}
	if c.Opened.HoldHours > MaxHoldHours {
		return Outcome{}, token.Refuse(token.Unprocessable, "field_invalid.hold_hours", token.Number("most", MaxHoldHours), token.Number("got", int64(c.Opened.HoldHours))).In("/hold_hours")
	}
	if err := c.readable(); err != nil {
		return Outcome{}, err
	}
	if c.Opened.ExpiresAt <= now {
		return Outcome{}, token.Refuse(token.Unprocessable, "field_invalid.order_ended")
	}
	return Outcome{Entry: &journal.Entry{Kind: journal.OrderOpened, Order: c.ID, Vendor: c.Vendor, Opened: &c.Opened, Key: c.Key}}, nil
}

func (c *OpenOrder) readable() error {
	o := &c.Opened
	return readable(o.Item.SKU, o.Item.Title, o.Item.Description, o.Item.URL, o.ReturnURL, o.CancelURL, o.Login, o.Post, o.Tracking)
}

// priced refuses what is no amount of a currency that could change hands.
func priced(amount token.Amount, currency token.Currency) error {
	if err := amount.Positive(); err != nil {
		return err
	}
	if currency.IsZero() {
		return token.Refuse(token.Unprocessable, "currency_invalid.amount")
	}
	return nil
}

// readable refuses text that is not UTF-8: the journal is kept for ever, and others
// must be able to read it.
func readable(texts ...string) error {
	for _, text := range texts {
		if !utf8.ValidString(text) {
			return token.Refuse(token.Unprocessable, "field_invalid.not_utf8")
		}
	}
	return nil
}
