package app

import (
	"time"

	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/entitlement"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/token"
)

// Viewer is a person with a session.
type Viewer struct {
	Session     token.SessionID
	User        token.UserID
	Account     token.AccountID
	Name, Email string
	LoginAt     time.Time
	AuthAt      int64            // the last full authentication, in milliseconds since 1970
	Methods     []account.Method // how that was done
	WindowUntil time.Time        // buying is allowed until here
	Vendors     []token.VendorID // that the person is a member of
	Operator    bool             // so pages offer what operators have; App.Operator decides
}

// CanBuy reports whether the login's purchase window is open.
func (v Viewer) CanBuy(now time.Time) bool { return now.Before(v.WindowUntil) }

// MemberOf reports whether the person acts for the vendor.
func (v Viewer) MemberOf(vendor token.VendorID) bool {
	for _, id := range v.Vendors {
		if id == vendor {
			return true
		}
	}
	return false
}

// Seller is a vendor's server.
type Seller struct {
	Vendor token.VendorID
	Key    token.KeyID
	Login  string // the name that the key was given: the vendor login of requirement 43
	Test   bool   // acts in the sandbox only
	looks  bool   // a member whose purchase window has ended: looks, and changes nothing that is dear
}

// OrderView is an order as its vendor sees it: with a pseudonym, never a person.
type OrderView struct {
	ID           token.OrderID
	Vendor       token.VendorID
	Status       string // open, expired, held, paid, released, refunded, covered
	PayURL       string // where the reader pays; empty for a direct purchase
	Price        token.Amount
	Currency     token.Currency
	Item         journal.Item
	Offer        token.OfferID
	Split        token.SplitID
	SplitVersion uint32
	Post         string
	Tracking     string
	Login        string
	ReturnURL    string
	CancelURL    string
	Test         bool
	Manual       bool // paying places a hold
	HoldHours    uint32

	CreatedAt time.Time
	ExpiresAt time.Time // zero for a direct purchase
	PaidAt    time.Time // when it was paid or held; zero before
	HoldUntil time.Time // while held

	Authorisation string         // the provider's authorising answer, once paid or held
	Reader        token.ReaderID // once paid or held
	Charged       token.Amount   // what was paid, or is held: less than Price after a capture of a part
	Refunded      token.Amount
	Net           token.Amount // what the vendor keeps: net + fee + royalties = charged - refunded
	Fee           token.Amount
	Royalties     []RoyaltyLine
	Entitlement   *EntitlementView // once paid, held or covered
	CoveredBy     token.OrderID    // the purchase that made a charge unnecessary
}

// RoyaltyLine is what one payee keeps of a purchase.
type RoyaltyLine struct {
	Payee  token.PayeeID
	Amount token.Amount
}

// EntitlementView is how far the right that a purchase gives has been used.
type EntitlementView struct {
	Order     token.OrderID // the purchase that gives it
	Terms     entitlement.Terms
	ViewsUsed uint32
	ViewsLeft uint32    // with Terms.Times only
	EndsAt    time.Time // zero for never, or not until the first view
	Usable    bool
	NotUsable token.Code // why not
	FirstView time.Time
	Unbounded bool // any number of views
}

// Redemption is what a ticket stood for.
type Redemption struct {
	Order       OrderView
	Reader      token.ReaderID
	Entitlement EntitlementView
}

// OrderInput is an order as a vendor's server asks for it: either Item, Price,
// Currency and Split, or Offer.
type OrderInput struct {
	Item      *journal.Item
	Offer     token.OfferID
	Price     token.Amount
	Currency  token.Currency
	Split     token.SplitID
	Manual    bool          // paying places a hold, to be captured
	HoldHours uint32        // 1 to 168; 24 where zero
	ExpiresIn time.Duration // 1 minute to 7 days; 30 minutes where zero
	ReturnURL string
	CancelURL string
	Post      string
	Tracking  string
	Login     string
	Session   string // names the browser's session at the vendor; tickets open with the same one only
}

// Arrival is a ticket as a browser brought it to the vendor.
type Arrival struct {
	Ticket    string
	URL       string // the return URL of orders for the page it came to; empty where the vendor does not say
	Session   string // what the vendor named the browser's session
	CountView bool   // count a view in the same commit
}

// PurchaseInput is a purchase of an offer under the reader's allowance.
type PurchaseInput struct {
	Reader   token.ReaderID
	Offer    token.OfferID
	Version  uint32 // of the offer, as the vendor saw it: no other is bought; zero takes the newest
	Tracking string
}

// CaptureInput says how much of a hold to take; zero takes all of it.
type CaptureInput struct {
	Amount token.Amount
}

// RefundInput says how much of a purchase to give back; zero gives back all that is left.
type RefundInput struct {
	Amount token.Amount
	Reason string
}

// RoyaltyView is one royalty transaction: what one payee, or the vendor itself,
// earned of a purchase, or gave back of it.
type RoyaltyView struct {
	Order        token.OrderID
	At           time.Time
	Kind         string        // order.paid, hold.captured, order.refunded
	Payee        token.PayeeID // zero for the vendor's own net
	PayeeName    string
	Amount       token.Amount // negative for refunds
	Currency     token.Currency
	Split        token.SplitID
	SplitVersion uint32
	Test         bool
}

// Balance is an amount of one currency and class.
type Balance struct {
	Currency  token.Currency
	Class     token.Class
	Amount    token.Amount // spendable now, without the credit line
	Held      token.Amount
	Credit    token.Amount
	Issuer    string           // of incentive tokens: the vendor's name, or empty for the provider
	Vendors   []token.VendorID // of incentive tokens: where they can be spent; none means everywhere
	ExpiresAt time.Time        // of incentive tokens
}

// WalletView is the status of an account.
type WalletView struct {
	Balances   []Balance
	Limits     []LimitView
	Allowances []AllowanceView
	Approvals  []ApprovalView
	Recent     []Purchase
	Deposits   []Deposit // money that came in, newest first
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
	Form          string // for the page that asks to confirm; see CheckShown. Empty without a viewer
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

// KeyView is a key without its secret.
type KeyView struct {
	ID        token.KeyID
	Login     string
	Hint      string // the secret's last characters
	Test      bool
	CreatedAt time.Time
	RevokedAt time.Time // zero while it is good
}

// VendorView is a vendor as its members see it.
type VendorView struct {
	ID            token.VendorID
	Name          string
	CreatedAt     time.Time
	SandboxReader token.ReaderID
	Sites         []SiteView
}

// Me is who a key belongs to.
type Me struct {
	Vendor        token.VendorID
	Name          string
	Login         string
	Key           token.KeyID
	Test          bool
	SandboxReader token.ReaderID // who pays for test orders
}

// SignUp is what opens a user and an account.
type SignUp struct {
	Email     string
	Password  string
	Name      string
	VendorRef string // the vendor that brought the person, by id; ignored where there is none such
}

// SplitInput is a rule for dividing a price.
type SplitInput struct {
	Name   string
	Shares []ShareInput
}

// ShareInput is one payee's part of it.
type ShareInput struct {
	Payee   token.PayeeID
	PPM     int64 // parts per million of the base
	Fixed   token.Amount
	Minimum token.Amount
	Of      int // 0 for a share of the price, else the number (from 1) of the share it is a part of
}

// OfferInput is a thing for sale.
type OfferInput struct {
	Item     journal.Item
	Price    token.Amount
	Currency token.Currency
	Split    token.SplitID
}

// GrantInput is incentive tokens for one reader, out of a campaign.
type GrantInput struct {
	Campaign token.CampaignID
	Reader   token.ReaderID
	Amount   token.Amount
}

// CampaignInput is a campaign of incentive tokens.
type CampaignInput struct {
	Name      string
	Currency  token.Currency
	Listed    bool      // only for items that list the campaign
	ExpiresAt time.Time // zero for never
}
