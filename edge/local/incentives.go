package local

import (
	"context"
	"strings"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/token"
)

// Debt is what a vendor's incentive tokens of one currency come to, and may come to.
type Debt struct {
	Currency string `json:"currency"`
	Owed     string `json:"owed"`
	Max      string `json:"max"`
	Own      bool   `json:"own"` // the vendor has a bound of its own, else the one of all vendors holds
}

// incentives sets a vendor's bound, where that is asked for, and tells what holds.
func incentives(ctx context.Context, a App, r Request) (Answer, error) {
	vendor, err := token.ParseID[token.VendorKind](r.Vendor)
	if err != nil {
		return Answer{}, err
	}
	if r.Do == BoundVendor {
		currency, err := token.ParseCurrency(strings.TrimSpace(r.Currency))
		if err != nil {
			return Answer{}, err
		}
		most, err := token.ParseAmount(r.Amount)
		if err != nil {
			return Answer{}, err
		}
		request, err := a.SetIncentiveBound(ctx, caller.ByCommand(), vendor, currency, most)
		if err != nil || request != 0 {
			return waits(request), err
		}
	}
	debts, err := a.IncentiveDebts(ctx, vendor)
	if err != nil {
		return Answer{}, err
	}
	answer := Answer{Debts: make([]Debt, 0, len(debts))}
	for _, d := range debts {
		digits := d.Currency.Digits()
		answer.Debts = append(answer.Debts, Debt{Currency: d.Currency.String(), Owed: d.Owed.Decimal(digits), Max: d.Max.Decimal(digits), Own: d.Own})
	}
	return answer, nil
}
