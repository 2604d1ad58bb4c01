package audit

import (
	"testing"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// A bound of all shops is one in every currency: a row of any of them holds for it.
func TestABoundOfEveryCurrencyNeedsWhatEachNeeds(t *testing.T) {
	usd := token.MustCurrency("USD")
	d := desk{rows: []journal.Policy{
		{Action: journal.Deposit, Needs: journal.Needs{Persons: 3, Role: journal.Operator}},
		{Action: journal.BoundVendors, Above: 500, Needs: journal.Needs{Persons: 2, Role: journal.Supervisor}},
		{Action: journal.BoundVendors, Currency: usd, Above: 100, Needs: journal.Needs{Persons: 1, Role: journal.Operator}},
	}}
	for _, test := range []struct {
		currency token.Currency
		most     token.Amount
		persons  uint8
		role     journal.Role
	}{
		{token.Currency{}, 100, 0, 0},
		{token.Currency{}, 101, 1, journal.Operator},
		{token.Currency{}, 501, 2, journal.Operator},
		{usd, 501, 1, journal.Operator},
		{token.MustCurrency("EUR"), 500, 0, 0},
		{token.MustCurrency("EUR"), 501, 2, journal.Supervisor},
	} {
		if persons, role := d.persons(journal.BoundVendors, test.currency, test.most); persons != test.persons || role != test.role {
			t.Errorf("%s %d needs %d in role %d, want %d in role %d", test.currency, test.most, persons, role, test.persons, test.role)
		}
	}
}
