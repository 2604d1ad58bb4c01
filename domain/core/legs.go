package core

import (
	"time"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/token"
)

// saleLegs are the legs of a price taken from the payer's wallets (from is Wallet)
// or holds (Held) and given to vendor, payees and provider.
//
// Incentive tokens do not travel on: spent, they go back to where they were issued
// from, and whoever issued them pays the same amount in purchased tokens.
func saleLegs(s *State, from ledger.Code, account token.AccountID, vendor token.VendorID, sale *journal.Sale) []ledger.Leg {
	earned := token.PurchasedClass
	if sale.Test {
		earned = token.TestClass
	}
	legs := s.legs(2*max(1, len(sale.Sources)) + len(sale.Lines) + 3)
	if len(sale.Sources) == 0 {
		legs = add(legs, from, account, sale.Currency, earned, -sale.Price)
	}
	for i := range sale.Sources {
		source := &sale.Sources[i]
		legs = add(legs, from, account, sale.Currency, source.Class, -source.Amount)
		if source.Class.Kind == token.Incentive {
			legs = spendIncentive(legs, sale.Currency, source.Class, source.Issuer, source.Amount)
		}
	}
	legs = add(legs, ledger.VendorPayable, vendor, sale.Currency, earned, sale.Net)
	legs = add(legs, ledger.Fee, [16]byte{}, sale.Currency, earned, sale.Fee)
	for _, line := range sale.Lines {
		legs = add(legs, ledger.PayeePayable, line.Payee, sale.Currency, earned, line.Amount)
	}
	return legs
}

// spendIncentive sends spent incentive tokens back to their campaign and lets the
// issuer pay. A negative amount undoes that.
func spendIncentive(legs []ledger.Leg, currency token.Currency, class token.Class, issuer token.VendorID, amount token.Amount) []ledger.Leg {
	legs = add(legs, ledger.IncentiveIssued, class.Campaign, currency, class, amount)
	if issuer.IsZero() {
		return add(legs, ledger.Promotion, [16]byte{}, currency, token.PurchasedClass, -amount)
	}
	return add(legs, ledger.VendorPayable, issuer, currency, token.PurchasedClass, -amount)
}

// holdLegs move a price from wallets to holds, or back.
func holdLegs(s *State, account token.AccountID, sale *journal.Sale, back bool) []ledger.Leg {
	legs := s.legs(2 * max(1, len(sale.Sources)))
	move := func(class token.Class, amount token.Amount) {
		if back {
			amount = -amount
		}
		legs = add(legs, ledger.Wallet, account, sale.Currency, class, -amount)
		legs = add(legs, ledger.Held, account, sale.Currency, class, amount)
	}
	if len(sale.Sources) == 0 {
		move(token.PurchasedClass, sale.Price)
	}
	for i := range sale.Sources {
		move(sale.Sources[i].Class, sale.Sources[i].Amount)
	}
	return legs
}

// add appends a leg unless it is zero.
func add(legs []ledger.Leg, code ledger.Code, owner [16]byte, currency token.Currency, class token.Class, amount token.Amount) []ledger.Leg {
	if amount == 0 {
		return legs
	}
	legs = append(legs, ledger.Leg{})
	leg := &legs[len(legs)-1]
	leg.Account.Code, leg.Account.Owner, leg.Account.Currency, leg.Account.Class, leg.Amount = code, owner, currency, class, amount
	return legs
}

// millis turns the journal's time into a time.Time.
func millis(at int64) time.Time { return time.UnixMilli(at).UTC() }
