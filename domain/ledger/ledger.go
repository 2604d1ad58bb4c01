// Package ledger is Farthing's double-entry bookkeeping: the chart of accounts
// and the legs of a ledger transaction.
//
// A leg adds an amount to one ledger account. Positive amounts are credits: what
// the provider owes or has earned. Negative amounts are debits: what it holds or
// has spent. So a wallet of 5.00 stands at +5.00 and the cash behind it at -5.00, and the
// legs of every transaction sum to zero per currency and class of token.
//
// The chart with an example of every transaction is docs/chart-of-accounts.md.
package ledger

import (
	"farthing.dev/farthing/token"
)

// Code is a row in the chart of accounts.
type Code uint8

// The chart of accounts. Codes are stored in the journal and never change.
const (
	Cash            Code = 1  // asset: money at a payment method; owner none
	Wallet          Code = 10 // liability: tokens that an account can spend; owner account
	Held            Code = 11 // liability: tokens set aside by holds; owner account
	VendorPayable   Code = 12 // liability: what a vendor has earned; owner vendor
	PayeePayable    Code = 13 // liability: what an author or publisher has earned; owner payee
	Fee             Code = 20 // income: the provider's fee
	Breakage        Code = 21 // income: tokens that expired unspent
	Promotion       Code = 30 // expense: incentive tokens that were spent, paid for by the provider
	Referral        Code = 31 // expense: rewards for vendors who brought a user
	Chargeback      Code = 32 // expense: money lost to charge-backs
	IncentiveIssued Code = 40 // contra: the other side of incentive tokens in wallets; owner campaign
	TestIssued      Code = 41 // contra: the other side of test tokens in sandboxes
)

// String returns the code's name in the chart of accounts.
func (c Code) String() string {
	switch c {
	case Cash:
		return "cash"
	case Wallet:
		return "wallet"
	case Held:
		return "held"
	case VendorPayable:
		return "vendor_payable"
	case PayeePayable:
		return "payee_payable"
	case Fee:
		return "fee"
	case Breakage:
		return "breakage"
	case Promotion:
		return "promotion"
	case Referral:
		return "referral"
	case Chargeback:
		return "chargeback"
	case IncentiveIssued:
		return "incentive_issued"
	case TestIssued:
		return "test_issued"
	}
	return "unknown"
}

// Owned reports whether the row's owner, where it has one, is a vendor, payee or campaign, and no
// payer: what payers have is in their wallets.
func (c Code) Owned() bool { return c != Wallet && c != Held }

// Account is one ledger account: a row of the chart, for one owner, in one
// currency and class of token. Owner is the id of the account, vendor, payee or
// campaign, or zero where the row belongs to the provider.
type Account struct {
	_        struct{} `cbor:",toarray"`
	Code     Code
	Owner    [16]byte
	Currency token.Currency
	Class    token.Class
}

// Leg adds Amount to an Account.
type Leg struct {
	_       struct{} `cbor:",toarray"`
	Account Account
	Amount  token.Amount
}

// CheckBalanced returns an error unless the legs sum to zero per currency and
// class and no leg is zero. It allocates nothing for up to four such pairs.
func CheckBalanced(legs []Leg) error {
	for i := range legs {
		if legs[i].Amount == 0 {
			return token.Fault("a leg of a ledger transaction is zero")
		}
		var sum token.Amount
		for j := range legs {
			if legs[j].Account.Currency != legs[i].Account.Currency || legs[j].Account.Class != legs[i].Account.Class {
				continue
			}
			if j < i {
				sum = 0
				break // this pair was summed at its first leg
			}
			var err error
			if sum, err = sum.Add(legs[j].Amount); err != nil {
				return err
			}
		}
		if sum != 0 {
			return token.Fault("the legs of a ledger transaction do not sum to zero")
		}
	}
	return nil
}
