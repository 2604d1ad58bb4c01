package selling

import (
	"time"

	"farthing.dev/farthing/domain/entitlement"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

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
