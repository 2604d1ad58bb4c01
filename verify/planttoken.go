package verify

import (
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/entitlement"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/token"
)

// otherIssuer writes into a sale that the provider gave the tokens, and lets it pay.
func otherIssuer(e *journal.Entry, _ []*journal.Entry) bool {
	if e.Kind != journal.Purchased || len(e.Sale.Sources) == 0 || e.Sale.Sources[0].Issuer.IsZero() {
		return false
	}
	source := &e.Sale.Sources[0]
	source.Issuer, e.Sale.Grants[0].Issuer = token.VendorID{}, token.VendorID{}
	for i := range e.Legs {
		if leg := &e.Legs[i]; leg.Account.Code == ledger.VendorPayable && leg.Amount == -source.Amount {
			leg.Account.Code, leg.Account.Owner = ledger.Promotion, [16]byte{}
		}
	}
	return true
}

func earlierEnd(e *journal.Entry, _ []*journal.Entry) bool {
	if e.Kind != journal.Granted || len(e.Grant.Vendors) == 0 {
		return false
	}
	e.Grant.Expiry = e.At + 1
	return true
}

func otherOrder(e *journal.Entry, _ []*journal.Entry) bool {
	if e.Kind != journal.Purchased || len(e.Sale.Grants) != 2 {
		return false
	}
	sources, grants := e.Sale.Sources, e.Sale.Grants
	sources[0], sources[1], grants[0], grants[1] = sources[1], sources[0], grants[1], grants[0]
	return true
}

func otherScope(e *journal.Entry, _ []*journal.Entry) bool {
	if e.Kind != journal.Granted || len(e.Grant.Vendors) == 0 {
		return false
	}
	e.Grant.Vendors = []token.VendorID{{7}}
	return true
}

// onlyListed says of tokens that were spent for an item that does not list their campaign
// that they are good for those that do.
func onlyListed(e *journal.Entry, _ []*journal.Entry) bool {
	if e.Kind != journal.Granted || e.Grant.Listed {
		return false
	}
	e.Grant.Listed = true
	return true
}

// chargedAgain makes a direct purchase one of what the account bought before.
func chargedAgain(e *journal.Entry, before []*journal.Entry) bool {
	if e.Kind != journal.Purchased || e.Sale.Offer.IsZero() {
		return false
	}
	for _, other := range before {
		if other.Kind == journal.Purchased && other.Account == e.Account && other.Sale.Item != (journal.ItemHash{}) {
			e.Sale.Item = other.Sale.Item
			return true
		}
	}
	return false
}

func largerLapse(e *journal.Entry, _ []*journal.Entry) bool {
	if e.Kind != journal.Lapsed {
		return false
	}
	e.Grant.Amount++
	for i := range e.Legs {
		if e.Legs[i].Account.Code == ledger.Wallet {
			e.Legs[i].Amount--
		} else {
			e.Legs[i].Amount++
		}
	}
	return true
}

func otherItem(e *journal.Entry, _ []*journal.Entry) bool {
	if e.Kind != journal.Purchased || e.Sale.Consent.Method != journal.ByClick {
		return false
	}
	e.Sale.Item = journal.HashItem("something else")
	return true
}

func otherTerms(e *journal.Entry, _ []*journal.Entry) bool {
	if e.Kind != journal.Purchased || e.Sale.Offer.IsZero() {
		return false
	}
	e.Sale.Terms = entitlement.Terms{Times: 1}
	return true
}

func longerHold(e *journal.Entry, _ []*journal.Entry) bool {
	if e.Kind != journal.HoldPlaced {
		return false
	}
	e.Sale.Until++
	return true
}

// forgottenHold makes a hold that is left open one of an hour, which is over before the end.
func forgottenHold() func(e *journal.Entry, _ []*journal.Entry) bool {
	var order token.OrderID
	return func(e *journal.Entry, _ []*journal.Entry) bool {
		if e.Kind == journal.OrderOpened && e.Opened.HoldHours == openHours && order.IsZero() {
			e.Opened.HoldHours, order = 1, e.Order
		}
		if e.Kind != journal.HoldPlaced || e.Order != order {
			return false
		}
		e.Sale.Until = e.At + 3_600_000
		return true
	}
}

func otherLimit(a *core.Account) bool {
	if len(a.Limits) == 0 {
		return false
	}
	a.Limits[0].Vendor = token.VendorID{7}
	return true
}

func longerAllowance(a *core.Account) bool {
	if len(a.Allowances) == 0 {
		return false
	}
	a.Allowances[0].Until++
	return true
}
