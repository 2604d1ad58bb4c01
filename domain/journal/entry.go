// Package journal is the one way money moves: an append-only sequence of entries
// in hash-chained blocks. Everything else that Farthing knows about money
// (balances, limits spent, orders, entitlements, royalties) is derived from it
// and can be derived again.
//
// An entry is one fact: an order was opened, a purchase was paid, a limit was set. Entries that
// move tokens carry the legs of their ledger transaction. An entry is also the
// event that tells the world about itself, so an event can neither be lost nor
// invented: it is in the same commit as what it tells.
//
// Entries are stored as a CBOR sequence (RFC 8742) with integer keys. Numbers once
// given to a kind or field are never given to another.
package journal

import (
	"farthing.dev/farthing/domain/entitlement"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// Entry is one fact in the journal. Which of the parts are set depends on Kind.
type Entry struct {
	Seq uint64 `cbor:"-"` // its number, from 1 without a gap; the block knows
	At  int64  `cbor:"-"` // milliseconds since 1970; the block knows

	Kind    Kind            `cbor:"1,keyasint"`
	Order   token.OrderID   `cbor:"2,keyasint,omitzero"`
	Account token.AccountID `cbor:"3,keyasint,omitzero"` // whose tokens, or whose permission
	User    token.UserID    `cbor:"4,keyasint,omitzero"` // who acted for the account
	Vendor  token.VendorID  `cbor:"5,keyasint,omitzero"`
	Legs    []ledger.Leg    `cbor:"6,keyasint,omitempty"`
	Key     Key             `cbor:"7,keyasint,omitzero"`

	Opened    *Opened          `cbor:"8,keyasint,omitempty"`  // OrderOpened
	Sale      *Sale            `cbor:"9,keyasint,omitempty"`  // Purchased, HoldPlaced, Captured
	Refund    *Refund          `cbor:"10,keyasint,omitempty"` // Refunded
	View      uint32           `cbor:"11,keyasint,omitzero"`  // Viewed: which view of this purchase, from 1
	By        token.OrderID    `cbor:"12,keyasint,omitzero"`  // Covered: the purchase that covers the order
	Fund      *Fund            `cbor:"13,keyasint,omitempty"` // Funded
	Grant     *Grant           `cbor:"14,keyasint,omitempty"` // Granted, Lapsed
	Limit     *limit.Limit     `cbor:"15,keyasint,omitempty"` // LimitSet, LimitRemoved
	Allowance *limit.Allowance `cbor:"16,keyasint,omitempty"` // AllowanceGranted, AllowanceRevoked
	Approval  *limit.Approval  `cbor:"17,keyasint,omitempty"` // ApprovalSet
	Credit    *Credit          `cbor:"18,keyasint,omitempty"` // CreditSet
	Standing  Standing         `cbor:"19,keyasint,omitzero"`  // StandingSet
	Back      *Back            `cbor:"20,keyasint,omitempty"` // Captured in part, Released, HoldExpired, Refunded
	Bound     *Bound           `cbor:"22,keyasint,omitempty"` // IncentiveBound
	First     int64            `cbor:"21,keyasint,omitzero"`  // Viewed: when the first view was, in milliseconds since 1970; zero for the first
	Parts     *Parts           `cbor:"23,keyasint,omitempty"` // of the kinds that came later
}

// Parts holds the parts of kinds that came when Entry had given away all keys of one byte.
type Parts struct {
	Transfer *Transfer `cbor:"1,keyasint,omitempty"` // Transferred
	Due      []int64   `cbor:"2,keyasint,omitempty"` // when incentive tokens expire that came by the entry, in milliseconds since 1970

	Asked    *Asked    `cbor:"10,keyasint,omitempty"` // ApprovalAsked
	Decision *Decision `cbor:"11,keyasint,omitempty"` // ApprovalGiven, ApprovalRefused, ApprovalLapsed
	Policy   *Policy   `cbor:"12,keyasint,omitempty"` // PolicySet
}

// Transfer is tokens that go from the wallet of the entry's account to another account's.
type Transfer struct {
	To       token.AccountID `cbor:"1,keyasint"`
	Amount   token.Amount    `cbor:"2,keyasint"`
	Currency token.Currency  `cbor:"3,keyasint"`
}

// Transfer returns the entry's Transfer, nil where it has none.
func (e *Entry) Transfer() *Transfer {
	if e.Parts == nil {
		return nil
	}
	return e.Parts.Transfer
}

// TellsFirst reports whether a view says when the first one was. The first one does not,
// nor did those that were written before views said it: then all of them have to be looked at.
func (e *Entry) TellsFirst() bool { return e.View == 0 || e.First != 0 }

// Item is what an order is for, as the vendor's server tells it.
type Item struct {
	SKU         string             `cbor:"1,keyasint,omitzero"` // the vendor's own name for the item; its URL where none is given
	Title       string             `cbor:"2,keyasint,omitzero"`
	Description string             `cbor:"3,keyasint,omitzero"`
	URL         string             `cbor:"4,keyasint,omitzero"`
	Terms       entitlement.Terms  `cbor:"5,keyasint,omitzero"`
	Campaigns   []token.CampaignID `cbor:"6,keyasint,omitempty"` // incentive tokens of these may pay for it
	Repeatable  bool               `cbor:"7,keyasint,omitzero"`  // each purchase is charged, also while another still holds
}

// Hash returns what stands for the item where an account can own it: zero for a
// repeatable item, and for one that has no name to be known by again.
func (i *Item) Hash() ItemHash {
	if i.Repeatable || i.SKU == "" {
		return ItemHash{}
	}
	return HashItem(i.SKU)
}

// Rule names the rules by which a price is divided.
type Rule struct {
	Split   token.SplitID   `cbor:"1,keyasint,omitzero"`
	Version uint32          `cbor:"2,keyasint,omitzero"`
	Fee     royalty.FeeRule `cbor:"3,keyasint,omitzero"`
}

// Opened is an order as the vendor's server created it (requirements 42 to 44).
type Opened struct {
	Item      Item           `cbor:"1,keyasint"`
	Price     token.Amount   `cbor:"2,keyasint"`
	Currency  token.Currency `cbor:"3,keyasint"`
	Offer     token.OfferID  `cbor:"4,keyasint,omitzero"` // where the item came from the vendor's offers
	OfferVer  uint32         `cbor:"5,keyasint,omitzero"`
	Rule      Rule           `cbor:"6,keyasint,omitzero"`
	Manual    bool           `cbor:"7,keyasint,omitzero"` // paying places a hold; the vendor captures
	HoldHours uint32         `cbor:"8,keyasint,omitzero"` // how long such a hold lasts
	ExpiresAt int64          `cbor:"9,keyasint"`          // not payable from this millisecond on
	ReturnURL string         `cbor:"10,keyasint,omitzero"`
	CancelURL string         `cbor:"11,keyasint,omitzero"`
	Login     string         `cbor:"12,keyasint,omitzero"` // vendor login that created it
	Post      string         `cbor:"13,keyasint,omitzero"` // form post parameter, given back on return
	Tracking  string         `cbor:"14,keyasint,omitzero"` // the vendor's own tracking data
	Test      bool           `cbor:"15,keyasint,omitzero"` // sandbox: payable by test tokens only
	Session   SessionMark    `cbor:"16,keyasint,omitzero"` // the browser session at the vendor that tickets are bound to
}

// Consent is how the user agreed to a purchase.
type Consent struct {
	Method    ConsentMethod     `cbor:"1,keyasint"`
	Login     int64             `cbor:"2,keyasint,omitzero"` // when the user logged in, milliseconds since 1970
	Until     int64             `cbor:"3,keyasint,omitzero"` // when the login's purchase window ends
	Allowance token.AllowanceID `cbor:"4,keyasint,omitzero"` // with ByAllowance
}

// ConsentMethod says how a user agreed.
type ConsentMethod uint8

// The ways to agree: a click on the confirm button, the user's own approval
// limit, an allowance given to the vendor before, or the sandbox's test reader.
const (
	ByClick     ConsentMethod = 1
	ByApproval  ConsentMethod = 2
	ByAllowance ConsentMethod = 3
	ByTest      ConsentMethod = 4
)

// Source is a part of a price and the class of tokens that pays it.
type Source struct {
	_      struct{} `cbor:",toarray"`
	Class  token.Class
	Amount token.Amount
	Issuer token.VendorID // of incentive tokens: the vendor who pays for them, zero for the provider
}

// Sale is a price charged or held. Net + Fee + Lines = Price = the sum of Sources.
// Item details stand here only where no OrderOpened entry holds them.
type Sale struct {
	Price    token.Amount      `cbor:"1,keyasint"`
	Currency token.Currency    `cbor:"2,keyasint"`
	Consent  Consent           `cbor:"3,keyasint"`
	Sources  []Source          `cbor:"4,keyasint,omitempty"` // omitted where one source of purchased tokens pays all
	Rule     Rule              `cbor:"5,keyasint,omitzero"`
	Net      token.Amount      `cbor:"6,keyasint,omitzero"`
	Fee      token.Amount      `cbor:"7,keyasint,omitzero"`
	Lines    []royalty.Line    `cbor:"8,keyasint,omitempty"`
	Item     ItemHash          `cbor:"9,keyasint,omitzero"` // zero for a repeatable item
	Terms    entitlement.Terms `cbor:"10,keyasint,omitzero"`
	Offer    token.OfferID     `cbor:"11,keyasint,omitzero"` // a direct purchase of an offer
	OfferVer uint32            `cbor:"12,keyasint,omitzero"`
	Until    int64             `cbor:"13,keyasint,omitzero"` // HoldPlaced: released by itself from here on
	Tracking string            `cbor:"14,keyasint,omitzero"` // a direct purchase's tracking data
	Test     bool              `cbor:"15,keyasint,omitzero"`
	Grants   []Grant           `cbor:"16,keyasint,omitempty"` // the terms of the incentive tokens among the sources, for when they come back
}

// Back is what an entry gives back to the payer of a purchase or hold: all that the
// payer's account must know to count it, so that an account is the fold of its own
// entries and of nothing else.
type Back struct {
	Amount    token.Amount      `cbor:"1,keyasint"`
	Currency  token.Currency    `cbor:"2,keyasint"`
	PaidAt    int64             `cbor:"3,keyasint"`           // when it was spent: limits of that period are freed, and no others
	Allowance token.AllowanceID `cbor:"4,keyasint,omitzero"`  // under which it was spent
	Grants    []Grant           `cbor:"5,keyasint,omitempty"` // the terms of incentive tokens that come back
}

// Refund reverses Amount of a purchase. When all of the price has been refunded, in
// however many parts, every leg of the purchase has been reversed exactly.
type Refund struct {
	Amount   token.Amount   `cbor:"1,keyasint"`
	Currency token.Currency `cbor:"2,keyasint"`
	Total    token.Amount   `cbor:"3,keyasint"` // refunded of this purchase so far, this one included
	Net      token.Amount   `cbor:"4,keyasint,omitzero"`
	Fee      token.Amount   `cbor:"5,keyasint,omitzero"`
	Lines    []royalty.Line `cbor:"6,keyasint,omitempty"`
	Reason   string         `cbor:"7,keyasint,omitzero"`
}

// Fund is money that came in through a payment method.
type Fund struct {
	Amount    token.Amount   `cbor:"1,keyasint"`
	Currency  token.Currency `cbor:"2,keyasint"`
	Method    string         `cbor:"3,keyasint"`          // the payment method's name
	Reference string         `cbor:"4,keyasint,omitzero"` // unique at the method: one credit per outside event
	Channel   token.VendorID `cbor:"5,keyasint,omitzero"` // the vendor on whose site it was bought
	Test      bool           `cbor:"6,keyasint,omitzero"`
}

// Grant is incentive tokens given by a campaign.
type Grant struct {
	Campaign token.CampaignID `cbor:"1,keyasint"`
	Amount   token.Amount     `cbor:"2,keyasint"`
	Currency token.Currency   `cbor:"3,keyasint"`
	Issuer   token.VendorID   `cbor:"4,keyasint,omitzero"`  // who pays when they are spent; zero for the provider
	Vendors  []token.VendorID `cbor:"5,keyasint,omitempty"` // where they can be spent; none means everywhere
	Listed   bool             `cbor:"6,keyasint,omitzero"`  // only for items that list the campaign
	Expiry   int64            `cbor:"7,keyasint,omitzero"`  // not spendable from this millisecond on; zero for never
	Owed     bool             `cbor:"8,keyasint,omitzero"`  // Granted, Lapsed: changes what the issuer's tokens come to
}

// Bound is the most that a vendor's incentive tokens may come to: those outstanding and
// those spent, as the provider stands for what payees earn by them. The entry's account is
// the vendor's, see IssuerAccount, or AllIssuers where it is about every vendor that has none
// of its own.
type Bound struct {
	Currency token.Currency `cbor:"1,keyasint,omitzero"` // zero for AllIssuers: the same number in every currency
	Max      token.Amount   `cbor:"2,keyasint,omitzero"`

	// The first bound of all says what vendors' tokens came to before there were bounds.
	Debts []Debt `cbor:"3,keyasint,omitempty"`
}

// Debt is what a vendor's incentive tokens come to: granted less lapsed.
type Debt struct {
	Issuer   token.VendorID `cbor:"1,keyasint"`
	Currency token.Currency `cbor:"2,keyasint"`
	Amount   token.Amount   `cbor:"3,keyasint,omitzero"`
}

// AllIssuers is the account of what holds for every vendor that gives incentive tokens.
var AllIssuers = token.AccountID{15: 1}

// Provider is the account of the provider's own balances, and of what all owners have together
// on each row of the chart of accounts.
var Provider = token.AccountID{15: 2}

// OwnerAccount is the account under which the balances of a vendor, payee or campaign are kept
// that are no wallets, and the sales of a vendor; Provider for the zero owner. It is nobody's
// wallet: its id is the owner's with the second bit flipped, which ids of real accounts, that begin
// with the time they were made at, have not set.
func OwnerAccount(owner [16]byte) token.AccountID {
	if owner == [16]byte{} {
		return Provider
	}
	owner[0] ^= 0x40
	return owner
}

// IssuerAccount is the account under which a vendor's incentive tokens are counted. It holds
// no tokens, and nobody buys with it. Its id is the vendor's with the first bit set, which no
// account has: ids begin with the time they were made at.
func IssuerAccount(vendor token.VendorID) token.AccountID {
	vendor[0] |= 0x80
	return token.AccountID(vendor)
}

// IsIssuerAccount reports whether an account is one under which incentive tokens are counted,
// and no reader's.
func IsIssuerAccount(id token.AccountID) bool { return id[0]&0x80 != 0 || id == AllIssuers }

// Credit is a wallet's credit line: how far below zero it may go.
type Credit struct {
	Currency token.Currency `cbor:"1,keyasint"`
	Line     token.Amount   `cbor:"2,keyasint,omitzero"`
}

// Standing says what an account may do.
type Standing uint8

// An account in GoodStanding buys; a Frozen one does not.
const (
	GoodStanding Standing = 0
	Frozen       Standing = 1
)
