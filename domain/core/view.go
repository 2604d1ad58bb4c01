package core

import (
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// View counts one opening of what an order entitles to. With a key (of a ticket, or
// the vendor's own) it counts once, however often it is asked.
type View struct {
	Order  token.OrderID
	Vendor token.VendorID
	Key    journal.Key
	Once   bool // a second use of the key is refused, not answered again: a ticket
	Peek   bool // count nothing unless there is a key to use up; only check
}

var _ Command = (*View)(nil)

// Need asks for the key and the order, and the purchase that covers it.
func (c *View) Need(s *State, f *Facts) {
	needKey(s, f, c.Key)
	f.Orders = append(f.Orders, c.Order)
	if o := s.Orders[c.Order]; o != nil && !o.By.IsZero() {
		f.Orders = append(f.Orders, o.By)
	}
}

// Decide checks, in order: key, order, entitlement.
func (c *View) Decide(s *State, now int64) (Outcome, error) {
	out, done, err := s.replay(c.Key)
	if done && c.Once {
		return Outcome{}, token.Refuse(token.Conflict, "ticket_used.ticket")
	}
	if done || err != nil {
		return out, err
	}
	o, err := s.order(c.Order, c.Vendor)
	if err != nil {
		return Outcome{}, err
	}
	if o.Status == Covers {
		if o = s.Orders[o.By]; o == nil {
			return Outcome{}, token.Refuse(token.NotFound, "not_found.covering_purchase")
		}
	}
	if err := o.Usable(now); err != nil {
		return Outcome{}, err
	}
	if c.Peek && c.Key.IsZero() {
		return Outcome{Order: o}, nil
	}
	entry := &journal.Entry{Kind: journal.Viewed, Order: o.ID, Vendor: o.Vendor, Key: c.Key, View: o.Use.Views + 1, First: o.Use.FirstView}
	if c.Peek {
		entry.View = o.Use.Views
	}
	return Outcome{Entry: entry}, nil
}
