package core

import (
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// Refund reverses Amount of a paid order. What provider, payees and vendor give back
// is in proportion to what each has left of the sale, see divideRefund; the payer gets
// purchased tokens back before incentive ones, as if the price had been lower from the
// start. A full refund, in however many parts, is an exact reversal.
type Refund struct {
	Order  token.OrderID
	Vendor token.VendorID
	Amount token.Amount // zero means all that is left
	Reason string
	Key    journal.Key
}

var _ Command = (*Refund)(nil)

// Need asks for the key, the order and its payer.
func (c *Refund) Need(s *State, f *Facts) {
	needKey(s, f, c.Key)
	needOrder(s, f, c.Order)
}

// Decide checks, in order: key, order, that it is paid, the amount.
func (c *Refund) Decide(s *State, now int64) (Outcome, error) {
	if out, done, err := s.replay(c.Key); done || err != nil {
		return out, err
	}
	o, err := s.order(c.Order, c.Vendor)
	if err != nil {
		return Outcome{}, err
	}
	if o.Status != Paid {
		return Outcome{}, token.Refuse(token.Conflict, "order_state.no_refund", token.Word("status", o.Status.String()))
	}
	if _, err := s.account(o.Account); err != nil {
		return Outcome{}, err
	}
	if err := readable(c.Reason); err != nil {
		return Outcome{}, err
	}
	amount := c.Amount
	if amount == 0 {
		amount = o.Sale.Price - o.Refunded
	}
	if err := amount.Positive(); err != nil {
		return Outcome{}, err
	}
	if amount > o.Sale.Price-o.Refunded {
		return Outcome{}, token.Refuse(token.Unprocessable, "refund_too_large.amount")
	}
	refund := divideRefund(o, amount)
	refund.Reason = c.Reason
	back := givenBack(o, amount)
	return Outcome{Entry: &journal.Entry{
		Kind: journal.Refunded, Order: o.ID, Account: o.Account, User: o.User, Vendor: o.Vendor, Key: c.Key,
		Refund: &refund, Legs: refundLegs(s, o, &refund), Back: back, Parts: expiringBack(now, back),
	}}, nil
}

// divideRefund says how much of fee, royalties and net an amount takes back. Fee,
// lines in their order, and net are laid end to end, as much of each as is left, and
// the amount is cut from all of it evenly, each cut rounded down. So nobody ever gives
// back more than is left, no part is negative, and the last refund takes all the rest.
func divideRefund(o *Order, amount token.Amount) journal.Refund {
	left := o.Sale.Price - o.Refunded
	refund := journal.Refund{Amount: amount, Currency: o.Currency, Total: o.Refunded + amount}
	var end, cut token.Amount // of the parts so far: how far they reach, how much was taken
	take := func(part token.Amount) token.Amount {
		end += part
		upTo := amount.Portion(end, left)
		taken := upTo - cut
		cut = upTo
		return taken
	}
	refund.Fee = take(o.Sale.Fee - o.Back.Fee)
	for i, line := range o.Sale.Lines {
		if i < len(o.Back.Lines) {
			line.Amount -= o.Back.Lines[i].Amount
		}
		refund.Lines = append(refund.Lines, royalty.Line{Payee: line.Payee, Amount: take(line.Amount)})
	}
	refund.Net = amount - cut
	return refund
}

func refundLegs(s *State, o *Order, refund *journal.Refund) []ledger.Leg {
	earned := token.PurchasedClass
	if o.Sale.Test {
		earned = token.TestClass
	}
	legs := s.legs(3*max(1, len(o.Sale.Sources)) + len(refund.Lines) + 3)
	legs = add(legs, ledger.VendorPayable, o.Vendor, o.Currency, earned, -refund.Net)
	legs = add(legs, ledger.Fee, [16]byte{}, o.Currency, earned, -refund.Fee)
	for _, line := range refund.Lines {
		legs = add(legs, ledger.PayeePayable, line.Payee, o.Currency, earned, -line.Amount)
	}
	if len(o.Sale.Sources) == 0 {
		return add(legs, ledger.Wallet, o.Account, o.Currency, earned, refund.Amount)
	}
	rest := refund.Amount
	before := o.Refunded // what earlier refunds gave back of the sources from the last to the first
	for i := len(o.Sale.Sources) - 1; i >= 0; i-- {
		source := &o.Sale.Sources[i]
		gone := min(before, source.Amount)
		part := min(rest, source.Amount-gone)
		before, rest = before-gone, rest-part
		legs = add(legs, ledger.Wallet, o.Account, o.Currency, source.Class, part)
		if source.Class.Kind == token.Incentive {
			legs = spendIncentive(legs, o.Currency, source.Class, source.Issuer, -part)
		}
	}
	return legs
}
