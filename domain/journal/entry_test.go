package journal

import (
	"reflect"
	"testing"

	"farthing.dev/farthing/domain/entitlement"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// Every part that an entry can have comes back as it was, whoever encodes it, also
// text that nobody should have let in.
func TestEveryPartOfAnEntryComesBack(t *testing.T) {
	usd := token.MustCurrency("USD")
	grant := Grant{Campaign: token.CampaignID{1}, Amount: 5, Currency: usd, Issuer: token.VendorID{2}, Vendors: []token.VendorID{{3}, {4}}, Listed: true, Expiry: 6}
	incentive := token.Class{Kind: token.Incentive, Campaign: token.CampaignID{1}}
	legs := []ledger.Leg{{Account: ledger.Account{Code: ledger.Wallet, Owner: [16]byte{1}, Currency: usd, Class: incentive}, Amount: -5},
		{Account: ledger.Account{Code: ledger.IncentiveIssued, Owner: [16]byte{1}, Currency: usd, Class: incentive}, Amount: 5}}
	back := &Back{Amount: 5, Currency: usd, PaidAt: 7, Allowance: token.AllowanceID{8}, Grants: []Grant{grant}}
	entries := []*Entry{
		{Kind: OrderOpened, Order: token.OrderID{1}, Vendor: token.VendorID{2}, Key: NewKey([16]byte{1}, "p", "k", []byte("r")), Opened: &Opened{
			Item: Item{SKU: "\xff", Title: "t", Terms: entitlement.Terms{Times: 3, Hours: 4, Days: 5, Expiry: 6}, Campaigns: []token.CampaignID{{1}}}, Price: 5, Currency: usd,
			Rule: Rule{Split: token.SplitID{1}, Version: 2, Fee: royalty.FeeRule{PPM: 3, Fixed: 4}}, Manual: true, HoldHours: 7, ExpiresAt: 8, Test: true}},
		{Kind: Purchased, Legs: legs, Sale: &Sale{Price: 5, Currency: usd, Sources: []Source{{Class: incentive, Amount: 5, Issuer: token.VendorID{2}}}, Grants: []Grant{grant}}},
		{Kind: Captured, Legs: legs, Sale: &Sale{Price: 5, Currency: usd, Net: 5}, Back: back},
		{Kind: Released, Legs: legs, Back: back},
		{Kind: Refunded, Legs: legs, Back: back, Refund: &Refund{Amount: 5, Currency: usd, Total: 5, Net: -1, Lines: []royalty.Line{{Payee: token.PayeeID{1}, Amount: 6}}, Reason: "r"}},
		{Kind: Granted, Grant: &grant},
		{Kind: LimitSet, Limit: &limit.Limit{ID: token.LimitID{1}, Currency: usd, Period: limit.Week, Max: 5, Counter: limit.Counter{Start: 1, End: 2, Spent: 3}}},
		{Kind: AllowanceGranted, Allowance: &limit.Allowance{ID: token.AllowanceID{1}, Currency: usd, Period: limit.Day, Max: 5, Until: 6}},
		{Kind: ApprovalSet, Approval: &limit.Approval{User: token.UserID{1}, Currency: usd, Max: 5}},
		{Kind: CreditSet, Credit: &Credit{Currency: usd, Line: 5}},
		{Kind: StandingSet, Standing: Frozen},
		{Kind: Covered, Order: token.OrderID{1}, By: token.OrderID{2}},
	}
	block, err := Seal(Head{}, 9, entries)
	if err != nil {
		t.Fatal(err)
	}
	got, err := block.Entries()
	if err != nil {
		t.Fatal(err)
	}
	for i := range entries {
		if !reflect.DeepEqual(got[i], entries[i]) {
			t.Errorf("entry %d came back as\n%+v, was\n%+v", i+1, got[i], entries[i])
		}
	}
}

func TestABlockThatCannotHoldItsEntriesIsRefused(t *testing.T) {
	for _, count := range []int{-1, 2, 1 << 40} {
		if _, err := (&Block{First: 1, Count: count, Body: []byte{0xa0}}).Entries(); err == nil {
			t.Errorf("one byte holds %d entries", count)
		}
	}
}
