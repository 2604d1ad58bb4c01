package buying

import (
	"time"

	"farthing.dev/farthing/app/funding"
	"farthing.dev/farthing/domain/entitlement"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/token"
)

// WalletView is the status of an account.
type WalletView struct {
	Balances   []funding.Balance
	Limits     []LimitView
	Allowances []AllowanceView
	Approvals  []ApprovalView
	Recent     []Purchase
	Deposits   []funding.Deposit // money that came in, newest first
	Frozen     bool
}

// LimitView is a spending limit and how much of it is used.
type LimitView struct {
	ID         token.LimitID
	Vendor     token.VendorID // zero for all vendors
	VendorName string
	Currency   token.Currency
	Period     limit.Period
	Max        token.Amount
	Spent      token.Amount // in the present period
	FreesAt    time.Time    // when the period ends; zero for a limit per purchase
}

// AllowanceView is an allowance and how much of it is used.
type AllowanceView struct {
	ID          token.AllowanceID
	Vendor      token.VendorID
	VendorName  string
	Currency    token.Currency
	PerPurchase token.Amount
	Period      limit.Period
	Max         token.Amount
	Spent       token.Amount
	FreesAt     time.Time
	Until       time.Time
}

// ApprovalView is up to which price a person buys without being asked.
type ApprovalView struct {
	Currency token.Currency
	Max      token.Amount
}

// Purchase is an order as its buyer sees it.
type Purchase struct {
	Order      token.OrderID
	At         time.Time
	Vendor     token.VendorID
	VendorName string
	Title      string
	URL        string
	Price      token.Amount
	Currency   token.Currency
	Status     string
	Refunded   token.Amount
	Consent    string // click, approval, allowance, test
	ViewsUsed  uint32
	ViewsTotal uint32 // zero for any number
	Ends       time.Time
	Usable     bool
	Test       bool
}

// LimitInput is a limit to set. It replaces the one for the same vendor, currency and period.
type LimitInput struct {
	Vendor   token.VendorID // zero for all vendors
	Currency token.Currency
	Period   limit.Period
	Max      token.Amount
}

// AllowanceInput is an allowance to give. It replaces the one for the same vendor and currency.
type AllowanceInput struct {
	Vendor      token.VendorID
	Currency    token.Currency
	PerPurchase token.Amount
	Period      limit.Period // day, week or month
	Max         token.Amount
	Days        int // from now; 1 to 3660
}

// BuyInput is what a browser brings that comes to buy an offer from a plain form.
type BuyInput struct {
	Offer    token.OfferID
	Tracking string // the vendor's own words, at most 500 characters; they came through the browser, so they prove nothing
	Session  string // names the browser's session at the vendor, where the form did: the ticket opens with the same one only
	Version  uint32 // of the offer, as the page showed it: no other is bought; zero takes the newest
}

// Price is what everybody may know of an offer who has its id.
type Price struct {
	Offer    token.OfferID
	Title    string
	Amount   token.Amount
	Currency token.Currency
}

// Checkout is an order as the person who is asked to pay it sees it.
type Checkout struct {
	Order         token.OrderID // zero where there is none yet: see Buy
	Buy           BuyInput      // the offer that becomes an order when it is confirmed
	Version       uint32        // of the offer that it is of; zero for none
	Vendor        token.VendorID
	Form          string // for the page that asks to confirm; see CheckConfirmation. Empty without a viewer
	VendorName    string
	VendorSite    string // the origin that the reader came from and goes back to
	Title         string
	Description   string
	ItemURL       string
	Price         token.Amount
	Currency      token.Currency
	Terms         entitlement.Terms
	Status        string
	Expired       bool
	ExpiresAt     time.Time
	CancelURL     string
	Test          bool
	Manual        bool
	HoldHours     uint32
	Owned         bool           // already bought: paying charges nothing
	CanPay        bool           // Pay would succeed as things stand
	Problem       *token.Error   // why not: funds, limit, window, login
	WithoutAsking bool           // owned, or under the approval limit: pay with journal.ByApproval at once
	Balance       token.Amount   // what the person could spend on it
	Paid          bool           // by this person: Pay returns the way back again
	Allowance     *AllowanceView // what the person allowed the vendor in this currency; nil for nothing
}
