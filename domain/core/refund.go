package core

import (
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// Refund reverses Amount of a paid order. Each leg goes back in proportion to all
// that has been refunded so far, rounded down, the vendor's net making up the
// rest; so a full refund, in however many parts, is an exact reversal.
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
		return Outcome{}, token.Newf(token.Conflict, token.CodeOrderState, "the order is %s, so there is nothing to refund", o.Status)
	}
	amount := c.Amount
	if amount == 0 {
		amount = o.Sale.Price - o.Refunded
	}
	if err := amount.Positive(); err != nil {
		return Outcome{}, err
	}
	if amount > o.Sale.Price-o.Refunded {
		return Outcome{}, token.New(token.Unprocessable, token.CodeRefundTooLarge, "the amount is more than what is left of the purchase")
	}
	refund := divideRefund(o, amount)
	refund.Reason = c.Reason
	return Outcome{Entry: &journal.Entry{
		Kind: journal.Refunded, Order: o.ID, Account: o.Account, User: o.User, Vendor: o.Vendor, Key: c.Key,
		Refund: &refund, Legs: refundLegs(s, o, &refund),
	}}, nil
}

// divideRefund says how much of fee, royalties and net an amount takes back.
func divideRefund(o *Order, amount token.Amount) journal.Refund {
	price, total := o.Sale.Price, o.Refunded+amount
	refund := journal.Refund{Amount: amount, Currency: o.Currency, Total: total}
	refund.Fee = o.Sale.Fee.Portion(total, price) - o.Back.Fee
	refund.Net = amount - refund.Fee
	for i, line := range o.Sale.Lines {
		var before token.Amount
		if i < len(o.Back.Lines) {
			before = o.Back.Lines[i].Amount
		}
		back := line.Amount.Portion(total, price) - before
		refund.Lines = append(refund.Lines, royalty.Line{Payee: line.Payee, Amount: back})
		refund.Net -= back
	}
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
	last := len(o.Sale.Sources) - 1
	for i, source := range o.Sale.Sources {
		part := source.Amount.Portion(refund.Total, o.Sale.Price) - source.Amount.Portion(o.Refunded, o.Sale.Price)
		if i == last {
			part = rest
		}
		rest -= part
		legs = add(legs, ledger.Wallet, o.Account, o.Currency, source.Class, part)
		if source.Class.Kind == token.Incentive {
			legs = spendIncentive(legs, o.Currency, source.Class, source.Issuer, -part)
		}
	}
	return legs
}
