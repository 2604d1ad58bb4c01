package ledger_test

import (
	"testing"

	"pgregory.net/rapid"

	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/token"
)

func leg(currency string, class token.Class, amount token.Amount) ledger.Leg {
	return ledger.Leg{Account: ledger.Account{Code: ledger.Wallet, Currency: token.MustCurrency(currency), Class: class}, Amount: amount}
}

func TestCheckBalanced(t *testing.T) {
	bought, test := token.PurchasedClass, token.TestClass
	for _, c := range []struct {
		name string
		legs []ledger.Leg
		ok   bool
	}{
		{"nothing", nil, true},
		{"two legs", []ledger.Leg{leg("USD", bought, 5), leg("USD", bought, -5)}, true},
		{"two currencies, each balanced", []ledger.Leg{leg("USD", bought, 5), leg("EUR", bought, 3), leg("USD", bought, -5), leg("EUR", bought, -3)}, true},
		{"one leg", []ledger.Leg{leg("USD", bought, 5)}, false},
		{"across currencies", []ledger.Leg{leg("USD", bought, 5), leg("EUR", bought, -5)}, false},
		{"across classes", []ledger.Leg{leg("USD", bought, 5), leg("USD", test, -5)}, false},
		{"a leg of zero", []ledger.Leg{leg("USD", bought, 5), leg("USD", bought, -5), leg("USD", test, 0)}, false},
		{"an overflow that comes round to zero", []ledger.Leg{leg("USD", bought, 1<<62), leg("USD", bought, 1<<62), leg("USD", bought, -1<<63)}, false},
		{"the last of many", []ledger.Leg{leg("USD", bought, 5), leg("USD", bought, -5), leg("EUR", bought, 1)}, false},
	} {
		if err := ledger.CheckBalanced(c.legs); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// Any legs are balanced by their counterparts, and by nothing else.
func TestCounterpartsBalance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var legs []ledger.Leg
		for range rapid.IntRange(1, 20).Draw(t, "legs") {
			l := leg(rapid.SampledFrom([]string{"USD", "EUR", "JPY"}).Draw(t, "currency"),
				token.Class{Kind: token.ClassKind(rapid.IntRange(0, 2).Draw(t, "class"))},
				token.Amount(rapid.Int64Range(1, int64(token.MaxAmount)).Draw(t, "amount")))
			legs = append(legs, l)
			l.Amount = -l.Amount
			legs = append(legs, l)
		}
		legs = rapid.Permutation(legs).Draw(t, "order")
		if err := ledger.CheckBalanced(legs); err != nil {
			t.Fatal(err)
		}
		i := rapid.IntRange(0, len(legs)-1).Draw(t, "which")
		legs[i].Amount++
		if legs[i].Amount != 0 && ledger.CheckBalanced(legs) == nil {
			t.Fatal("one token more is still balanced")
		}
	})
}

// What payers have is in wallets and holds; every other row of the chart that has an owner is what
// the provider owes somebody else.
func TestWhatPayersHaveIsInWallets(t *testing.T) {
	for _, c := range []ledger.Code{ledger.Cash, ledger.VendorPayable, ledger.PayeePayable, ledger.Fee, ledger.Breakage,
		ledger.Promotion, ledger.Referral, ledger.Chargeback, ledger.IncentiveIssued, ledger.TestIssued} {
		if !c.Owned() {
			t.Errorf("%s is a payer's", c)
		}
	}
	if ledger.Wallet.Owned() || ledger.Held.Owned() {
		t.Error("what payers have is no owner's")
	}
}
