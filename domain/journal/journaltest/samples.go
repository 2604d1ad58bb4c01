// Package journaltest has a sample of each kind of entry, for tests that must not forget one.
package journaltest

import (
	"farthing.dev/farthing/domain/entitlement"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// The parties of the samples.
var (
	Payer    = token.AccountID{1, 15: 1}
	Receiver = token.AccountID{1, 15: 2}
	User     = token.UserID{2}
	Vendor   = token.VendorID{3}
	Payee    = token.PayeeID{4}
	Order    = token.OrderID{5}
	Item     = journal.HashItem("an article")
)

// Until is when the sample's hold ends and its incentive tokens expire, in milliseconds since 1970.
const Until = 1_790_003_600_000

// Samples returns an entry of each kind, complete, in the order of journal.Kinds. The legs are
// there where a kind has some, and move nothing sensible.
func Samples() []*journal.Entry {
	usd := token.MustCurrency("USD")
	lines := []royalty.Line{{Payee: Payee, Amount: 5}}
	sale := journal.Sale{Price: 20, Currency: usd, Net: 10, Fee: 5, Lines: lines, Item: Item, Consent: journal.Consent{Method: journal.ByClick}, Terms: entitlement.Terms{Times: 3}}
	hold := sale
	hold.Lines, hold.Until = nil, Until
	back := &journal.Back{Amount: 20, Currency: usd, PaidAt: 7}
	grant := &journal.Grant{Campaign: token.CampaignID{6}, Amount: 5, Currency: usd, Issuer: Vendor, Expiry: Until, Owed: true}
	allowance := &limit.Allowance{ID: token.AllowanceID{7}, User: User, Vendor: Vendor, Currency: usd, Period: limit.Day, Max: 5, Until: 6}
	cap := &limit.Limit{ID: token.LimitID{8}, Currency: usd, Period: limit.Week, Max: 5}
	decision := &journal.Decision{Request: 1, By: journal.Staff{User: User, Role: journal.Supervisor}}
	moved := []ledger.Leg{{Account: ledger.Account{Code: ledger.Wallet, Owner: Payer, Currency: usd}, Amount: -5},
		{Account: ledger.Account{Code: ledger.Wallet, Owner: Receiver, Currency: usd}, Amount: 5}}
	return []*journal.Entry{
		{Kind: journal.OrderOpened, Order: Order, Vendor: Vendor, Opened: &journal.Opened{Price: 20, Currency: usd, ExpiresAt: 9}},
		{Kind: journal.Purchased, Order: Order, Account: Payer, User: User, Vendor: Vendor, Legs: moved, Sale: &sale, Key: journal.NewKey(Vendor, "purchase", "k", nil)},
		{Kind: journal.HoldPlaced, Order: Order, Account: Payer, User: User, Vendor: Vendor, Legs: moved, Sale: &hold},
		{Kind: journal.Captured, Order: Order, Account: Payer, User: User, Vendor: Vendor, Legs: moved, Sale: &sale, Back: back},
		{Kind: journal.Released, Order: Order, Account: Payer, User: User, Vendor: Vendor, Legs: moved, Back: back},
		{Kind: journal.HoldExpired, Order: Order, Account: Payer, User: User, Vendor: Vendor, Legs: moved, Back: back},
		{Kind: journal.Refunded, Order: Order, Account: Payer, User: User, Vendor: Vendor, Legs: moved, Back: back,
			Refund: &journal.Refund{Amount: 20, Currency: usd, Total: 20, Lines: lines}, Parts: &journal.Parts{Due: []int64{1, Until}}},
		{Kind: journal.Viewed, Order: Order, Vendor: Vendor, View: 1},
		{Kind: journal.Covered, Order: Order, By: token.OrderID{9}, Account: Payer, User: User, Vendor: Vendor},
		{Kind: journal.Funded, Account: Payer, User: User, Legs: moved, Fund: &journal.Fund{Amount: 5, Currency: usd, Method: "check", Reference: "r"}},
		{Kind: journal.Granted, Account: Payer, Legs: moved, Grant: grant, Parts: &journal.Parts{Due: []int64{Until}}},
		{Kind: journal.Lapsed, Account: Payer, Legs: moved, Grant: grant},
		{Kind: journal.Transferred, Account: Payer, User: User, Legs: moved, Parts: &journal.Parts{Transfer: &journal.Transfer{To: Receiver, Amount: 5, Currency: usd}}},
		{Kind: journal.LimitSet, Account: Payer, User: User, Limit: cap},
		{Kind: journal.LimitRemoved, Account: Payer, User: User, Limit: cap},
		{Kind: journal.AllowanceGranted, Account: Payer, User: User, Vendor: Vendor, Allowance: allowance},
		{Kind: journal.AllowanceRevoked, Account: Payer, User: User, Vendor: Vendor, Allowance: allowance},
		{Kind: journal.ApprovalSet, Account: Payer, User: User, Approval: &limit.Approval{User: User, Currency: usd, Max: 5}},
		{Kind: journal.CreditSet, Account: Payer, Credit: &journal.Credit{Currency: usd, Line: 5}},
		{Kind: journal.StandingSet, Account: Payer, Standing: journal.Frozen},
		{Kind: journal.IncentiveBound, Account: journal.AllIssuers, Bound: &journal.Bound{Max: 5, Debts: []journal.Debt{{Issuer: Vendor, Currency: usd, Amount: 5}}}},
		{Kind: journal.ApprovalAsked, Account: journal.Approvals, Parts: &journal.Parts{Asked: asked()}},
		{Kind: journal.ApprovalGiven, Account: journal.Approvals, Parts: &journal.Parts{Decision: decision}},
		{Kind: journal.ApprovalRefused, Account: journal.Approvals, Parts: &journal.Parts{Decision: decision}},
		{Kind: journal.ApprovalLapsed, Account: journal.Approvals, Parts: &journal.Parts{Decision: decision}},
		{Kind: journal.PolicySet, Account: journal.Approvals, Parts: &journal.Parts{Policy: &journal.Policy{Action: journal.Freeze, Needs: needs}}},
	}
}

var needs = journal.Needs{Persons: 1, Role: journal.Supervisor}

func asked() *journal.Asked {
	a := &journal.Asked{By: journal.Staff{User: User, Role: journal.Operator}, Needs: needs, LapsesAt: Until}
	frozen := journal.Frozen
	a.Instruction = journal.Instruction{Account: Payer, Standing: &frozen}
	a.Digest, _ = a.Instruction.Digest()
	return a
}
