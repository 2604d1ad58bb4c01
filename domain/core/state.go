package core

import (
	"farthing.dev/farthing/domain/entitlement"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// State is the part of what the journal stands for that is in memory. It is not
// safe for concurrent use.
type State struct {
	Accounts map[token.AccountID]*Account
	Orders   map[token.OrderID]*Order

	// Keys and Items are what was found for the batch at hand: the entries made
	// under idempotency keys, and the purchases that own items. What is not there
	// does not exist. The store clears both after each batch.
	Keys  map[journal.KeyName]*journal.Entry
	Items map[journal.ItemKey]token.OrderID

	// Seq is the number of the last entry decided or applied; Run numbers the next one.
	// The store sets it where it starts, to the end of the journal.
	Seq uint64

	// Partial says that accounts which are not in the State may have entries all the same: those of
	// a store that keeps only some in memory. Run then names what it lacks in Absent, and changes
	// nothing.
	Partial bool
	Absent  []token.AccountID

	changed  []token.AccountID // scratch space
	folding  []*Account        // the same: so many of them, which are payers, come first
	payers   int
	postings []posting    // and what the others are owed
	slab     []ledger.Leg // legs are cut from here, many at a time
	records  []record     // and entries from here
}

// NewState returns an empty State: that of an empty journal.
func NewState() *State {
	return &State{
		Accounts: map[token.AccountID]*Account{},
		Orders:   map[token.OrderID]*Order{},
		Keys:     map[journal.KeyName]*journal.Entry{},
		Items:    map[journal.ItemKey]token.OrderID{},
	}
}

// Facts are what a batch of commands must see. An account or item without any
// entry is a fact too: the store puts an empty Account into the State, and
// nothing for an order, key or item that does not exist.
type Facts struct {
	Accounts []token.AccountID
	Orders   []token.OrderID
	Keys     []journal.KeyName
	Items    []journal.ItemKey
}

// Account is one payer, with everything that bounds what it can buy, or another owner whom the
// ledger owes (see owner.go). It is the fold of the account's entries up to Seq, and is stored as a
// snapshot of them.
type Account struct {
	ID         token.AccountID   `cbor:"1,keyasint"`
	Seq        uint64            `cbor:"2,keyasint"` // the last entry applied
	Standing   journal.Standing  `cbor:"3,keyasint,omitzero"`
	Wallets    []Wallet          `cbor:"4,keyasint,omitempty"`
	Limits     []limit.Limit     `cbor:"5,keyasint,omitempty"`
	Allowances []limit.Allowance `cbor:"6,keyasint,omitempty"`
	Approvals  []limit.Approval  `cbor:"7,keyasint,omitempty"`
	Debts      []Debt            `cbor:"8,keyasint,omitempty"` // of a vendor's account, see journal.IssuerAccount
	Balances   []Balance         `cbor:"9,keyasint,omitempty"` // of an owner's account, see journal.OwnerAccount
	Sales      []Turnover        `cbor:"10,keyasint,omitempty"`
	Desk       *Desk             `cbor:"12,keyasint,omitempty"` // of journal.Approvals
}

// The bounds of what one account may hold, so that every loop over it is short. What others
// give is bounded apart from what the owner pays in, so that gifts keep no money out.
const (
	MaxWallets    = 256 // of purchased and test tokens: one per currency and class
	MaxGifts      = 64  // of incentive tokens: of all vendors, and of the provider; of both, expired ones too, 256
	MaxGiftsOfOne = 4   // of incentive tokens of one vendor
	MaxLimits     = 64
	MaxAllowances = 256
	MaxApprovals  = 64
)

// Wallet holds tokens of one currency and class. Of purchased tokens there is one
// wallet per currency; of incentive tokens one per campaign, with the terms of its grants.
type Wallet struct {
	Currency token.Currency `cbor:"1,keyasint"`
	Class    token.Class    `cbor:"2,keyasint,omitzero"`
	Balance  token.Amount   `cbor:"3,keyasint,omitzero"` // spendable: what is held is not in it
	Held     token.Amount   `cbor:"4,keyasint,omitzero"`
	Credit   token.Amount   `cbor:"5,keyasint,omitzero"` // how far below zero Balance may go

	// For incentive tokens: the terms of the grant.
	Issuer  token.VendorID   `cbor:"6,keyasint,omitzero"`
	Vendors []token.VendorID `cbor:"7,keyasint,omitempty"`
	Listed  bool             `cbor:"8,keyasint,omitzero"`
	Expiry  int64            `cbor:"9,keyasint,omitzero"`
}

// Spendable returns what the wallet can pay at most.
func (w *Wallet) Spendable() token.Amount { return w.Balance + w.Credit }

// Wallet returns the account's wallet of a currency and class, or nil.
func (a *Account) Wallet(currency token.Currency, class token.Class) *Wallet {
	for i := range a.Wallets {
		if a.Wallets[i].Currency == currency && a.Wallets[i].Class == class {
			return &a.Wallets[i]
		}
	}
	return nil
}

// wallet returns the wallet, made if it is not there.
func (a *Account) wallet(currency token.Currency, class token.Class) *Wallet {
	if w := a.Wallet(currency, class); w != nil {
		return w
	}
	a.Wallets = append(a.Wallets, Wallet{Currency: currency, Class: class})
	return &a.Wallets[len(a.Wallets)-1]
}

// Allowance returns the allowance that user gave vendor in a currency, or nil.
func (a *Account) Allowance(user token.UserID, vendor token.VendorID, currency token.Currency) *limit.Allowance {
	for i := range a.Allowances {
		p := &a.Allowances[i]
		if p.Vendor == vendor && p.User == user && p.Currency == currency {
			return p
		}
	}
	return nil
}

// Approval returns up to what price user buys in a currency without confirming.
func (a *Account) Approval(user token.UserID, currency token.Currency) token.Amount {
	for i := range a.Approvals {
		if a.Approvals[i].User == user && a.Approvals[i].Currency == currency {
			return a.Approvals[i].Max
		}
	}
	return 0
}

// usedUp reports whether an incentive wallet has nothing left to know it by.
func (w *Wallet) usedUp() bool {
	return w.Class.Kind == token.Incentive && w.Balance == 0 && w.Held == 0
}

// Expired reports whether the wallet's incentive tokens cannot be spent any more.
func (w *Wallet) Expired(now int64) bool { return w.Expiry != 0 && now >= w.Expiry }

func (w *Wallet) setTerms(g *journal.Grant) {
	w.Issuer, w.Vendors, w.Listed, w.Expiry = g.Issuer, g.Vendors, g.Listed, g.Expiry
}

// grant is the reverse of setTerms: the terms under which amount of the wallet's
// incentive tokens were given.
func (w *Wallet) grant(amount token.Amount) journal.Grant {
	return journal.Grant{Campaign: w.Class.Campaign, Amount: amount, Currency: w.Currency,
		Issuer: w.Issuer, Vendors: w.Vendors, Listed: w.Listed, Expiry: w.Expiry}
}

// Clone returns a copy that shares nothing with a that ever changes.
func (a *Account) Clone() *Account {
	c := *a
	c.Wallets = append([]Wallet(nil), a.Wallets...)
	c.Limits = append([]limit.Limit(nil), a.Limits...)
	c.Allowances = append([]limit.Allowance(nil), a.Allowances...)
	c.Approvals = append([]limit.Approval(nil), a.Approvals...)
	c.Debts = append([]Debt(nil), a.Debts...)
	c.Balances = append([]Balance(nil), a.Balances...)
	c.Sales = append([]Turnover(nil), a.Sales...)
	return &c
}

// Status is where an order stands. docs/states.md draws the ways between them.
type Status uint8

// The statuses of an order. A paid order may be refunded in part and stay paid.
const (
	Open     Status = 1 // waiting to be paid, until it expires
	OnHold   Status = 2 // the price is set aside
	Paid     Status = 3
	Freed    Status = 4 // the hold was released, or expired
	Reversed Status = 5 // refunded in full
	Covers   Status = 6 // needed no charge: another purchase covers it
)

// String returns the status as the API writes it.
func (s Status) String() string {
	switch s {
	case Open:
		return "open"
	case OnHold:
		return "held"
	case Paid:
		return "paid"
	case Freed:
		return "released"
	case Reversed:
		return "refunded"
	case Covers:
		return "covered"
	}
	return "unknown"
}

// Order is one transaction, known by its id: the fold of its entries. A direct
// purchase has an Order whose Opened says only what the Sale says.
type Order struct {
	ID     token.OrderID
	Vendor token.VendorID
	Status Status
	journal.Opened
	OpenedAt int64

	Account  token.AccountID // who paid or holds
	User     token.UserID
	PaidAt   int64 // when it was paid, or the hold placed
	PaidSeq  uint64
	Sale     journal.Sale // what was charged; while on hold, what was set aside
	Refunded token.Amount
	Back     royalty.Division // how much of net, fee and lines has been refunded
	Use      entitlement.Use
	By       token.OrderID // with Covers: the purchase that covers this order
	Seq      uint64        // the last entry applied
}

// Ends returns when the entitlement that the order gives ends, 0 for never.
func (o *Order) Ends() int64 { return o.Sale.Terms.Ends(o.Use, o.PaidAt) }

// Usable returns nil where the order entitles to one more view at the time at.
func (o *Order) Usable(at int64) error {
	switch o.Status {
	case OnHold:
		if at >= o.Sale.Until {
			return token.Refuse(token.Gone, "entitlement_revoked.hold")
		}
		return o.Sale.Terms.Check(o.Use, o.PaidAt, at)
	case Paid:
		return o.Sale.Terms.Check(o.Use, o.PaidAt, at)
	case Reversed, Freed:
		return token.Refuse(token.Gone, "entitlement_revoked.refunded")
	}
	return token.Refuse(token.Conflict, "order_state.not_paid")
}
