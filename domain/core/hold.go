package core

import (
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// Capture turns a hold into a purchase of Amount, at most what is held; the rest
// goes back to the payer.
type Capture struct {
	Order  token.OrderID
	Vendor token.VendorID
	Amount token.Amount // zero means all that is held
	Split  royalty.Split
	Key    journal.Key
}

// Release gives a hold back. Expire gives it back because its time is over, and is
// refused before.
type Release struct {
	Order  token.OrderID
	Vendor token.VendorID
	Expire bool
	Key    journal.Key
}

var (
	_ Command = (*Capture)(nil)
	_ Command = (*Release)(nil)
)

// needOrder asks for an order and for the account that paid it.
func needOrder(s *State, f *Facts, id token.OrderID) {
	f.Orders = append(f.Orders, id)
	if o := s.Orders[id]; o != nil && !o.Account.IsZero() {
		f.Accounts = append(f.Accounts, o.Account)
	}
}

// Need asks for the key, the order, its payer, and whose incentive tokens pay.
func (c *Capture) Need(s *State, f *Facts) {
	needKey(s, f, c.Key)
	needOrder(s, f, c.Order)
	if o := s.Orders[c.Order]; o != nil {
		for i := range o.Sale.Sources {
			needIssuer(f, o.Sale.Sources[i].Issuer)
		}
	}
}

// Decide checks, in order: key, order, that it is on hold, the amount, the time, that the
// incentive tokens that pay are backed.
func (c *Capture) Decide(s *State, now int64) (Outcome, error) {
	if out, done, err := s.replay(c.Key); done || err != nil {
		return out, err
	}
	o, err := s.order(c.Order, c.Vendor)
	if err != nil {
		return Outcome{}, err
	}
	if err := onHold(o); err != nil {
		return Outcome{}, err
	}
	amount := c.Amount
	if amount == 0 {
		amount = o.Sale.Price
	}
	if err := amount.Positive(); err != nil {
		return Outcome{}, err
	}
	if _, err := s.account(o.Account); err != nil {
		return Outcome{}, err
	}
	if now >= o.Sale.Until {
		return Outcome{}, token.Refuse(token.Gone, "order_expired.hold")
	}
	if amount > o.Sale.Price {
		return Outcome{}, token.Refuse(token.Unprocessable, "hold_too_small.amount")
	}
	sale := o.Sale
	sale.Price, sale.Until = amount, 0
	sale.Lines = nil
	sale.Sources = takeSources(o.Sale.Sources, amount)
	for i := range sale.Sources {
		if issuer := sale.Sources[i].Issuer; !s.backed(issuer, sale.Currency) {
			return Outcome{}, refuseDebt(s.IncentiveDebt(issuer, sale.Currency), "incentive_debt_exceeded.unpaid")
		}
	}
	if err := divide(&sale, &c.Split); err != nil {
		return Outcome{}, err
	}
	legs := saleLegs(s, ledger.Held, o.Account, o.Vendor, &sale)
	legs = append(legs, restLegs(s, o, &sale)...)
	back := givenBack(o, o.Sale.Price-amount)
	return Outcome{Entry: &journal.Entry{
		Kind: journal.Captured, Order: o.ID, Account: o.Account, User: o.User, Vendor: o.Vendor, Key: c.Key, Sale: &sale, Legs: legs,
		Back: back, Parts: expiringBack(now, back),
	}}, nil
}

// takeSources takes amount out of held sources in their order: incentive first.
func takeSources(held []journal.Source, amount token.Amount) []journal.Source {
	var taken []journal.Source
	for _, source := range held {
		source.Amount = min(source.Amount, amount)
		if source.Amount == 0 {
			break
		}
		amount -= source.Amount
		taken = append(taken, source)
	}
	return taken
}

// restLegs give back to the wallets what was held and is not captured.
func restLegs(s *State, o *Order, captured *journal.Sale) []ledger.Leg {
	rest := o.Sale
	rest.Price = o.Sale.Price - captured.Price
	if len(o.Sale.Sources) > 0 {
		rest.Sources = nil
		for i, source := range o.Sale.Sources {
			if i < len(captured.Sources) {
				source.Amount -= captured.Sources[i].Amount
			}
			if source.Amount > 0 {
				rest.Sources = append(rest.Sources, source)
			}
		}
	}
	if rest.Price == 0 {
		return nil
	}
	return holdLegs(s, o.Account, &rest, true)
}

// givenBack says what the payer's account must know about amount coming back to it.
func givenBack(o *Order, amount token.Amount) *journal.Back {
	if amount == 0 {
		return nil
	}
	return &journal.Back{Amount: amount, Currency: o.Currency, PaidAt: o.PaidAt, Allowance: o.Sale.Consent.Allowance, Grants: o.Sale.Grants}
}

// onHold refuses an order that is not on hold.
func onHold(o *Order) error {
	if o.Status == OnHold {
		return nil
	}
	return token.Refuse(token.Conflict, "order_state.no_hold", token.Word("status", o.Status.String()))
}

// Need asks for the key, the order and its payer.
func (c *Release) Need(s *State, f *Facts) {
	needKey(s, f, c.Key)
	needOrder(s, f, c.Order)
}

// Decide checks, in order: key, order, that it is on hold, and for an expiry the time.
func (c *Release) Decide(s *State, now int64) (Outcome, error) {
	if out, done, err := s.replay(c.Key); done || err != nil {
		return out, err
	}
	o, err := s.order(c.Order, c.Vendor)
	if err != nil {
		return Outcome{}, err
	}
	if err := onHold(o); err != nil {
		return Outcome{}, err
	}
	if _, err := s.account(o.Account); err != nil {
		return Outcome{}, err
	}
	kind := journal.Released
	if c.Expire {
		if now < o.Sale.Until {
			return Outcome{}, token.Refuse(token.Conflict, "order_state.hold_not_over")
		}
		kind = journal.HoldExpired
	}
	back := givenBack(o, o.Sale.Price)
	return Outcome{Entry: &journal.Entry{
		Kind: kind, Order: o.ID, Account: o.Account, User: o.User, Vendor: o.Vendor, Key: c.Key,
		Legs: holdLegs(s, o.Account, &o.Sale, true), Back: back, Parts: expiringBack(now, back),
	}}, nil
}
