package core

import (
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

// Decide checks, in order: key, price, expiry.
func (c *OpenOrder) Decide(s *State, now int64) (Outcome, error) {
	if out, done, err := s.replay(c.Key); done || err != nil {
		return out, err
	}
	if err := c.Opened.Price.Positive(); err != nil {
		return Outcome{}, err
	}
	if c.Opened.ExpiresAt <= now {
		return Outcome{}, token.New(token.Unprocessable, token.CodeFieldInvalid, "the order would have expired before it was created")
	}
	return Outcome{Entry: &journal.Entry{Kind: journal.OrderOpened, Order: c.ID, Vendor: c.Vendor, Opened: &c.Opened, Key: c.Key}}, nil
}
