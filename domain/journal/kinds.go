package journal

import (
	"slices"

	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

// Kind says what an entry tells. A kind is a row of the table below; docs/adding-a-kind.md
// says what else a new one needs.
type Kind uint8

// The kinds of entries. Numbers are stored and never given to another kind.
const (
	OrderOpened      Kind = 1  // a vendor's server created an order
	Purchased        Kind = 2  // an order was paid, or a purchase charged to an allowance
	HoldPlaced       Kind = 3  // the price was set aside for a later capture
	Captured         Kind = 4  // a hold was turned into a purchase
	Released         Kind = 5  // a hold was given back by the vendor
	HoldExpired      Kind = 6  // a hold was given back by itself
	Refunded         Kind = 7  // a purchase was reversed, wholly or in part
	Viewed           Kind = 8  // an item was opened
	Covered          Kind = 9  // an order needed no charge: the item was already bought
	Funded           Kind = 10 // tokens were issued against money
	Granted          Kind = 11 // incentive tokens were issued by a campaign
	Lapsed           Kind = 12 // incentive tokens expired
	Transferred      Kind = 13 // tokens went from one account's wallet to another's
	LimitSet         Kind = 20
	LimitRemoved     Kind = 21
	AllowanceGranted Kind = 22
	AllowanceRevoked Kind = 23
	ApprovalSet      Kind = 24
	CreditSet        Kind = 25 // a wallet's credit line
	StandingSet      Kind = 26 // an account was frozen or opened again
	IncentiveBound   Kind = 27 // what incentive tokens given at vendors' expense may come to

	ApprovalAsked   Kind = 30 // staff asked for something that needs a second person
	ApprovalGiven   Kind = 31
	ApprovalRefused Kind = 32
	ApprovalLapsed  Kind = 33
	PolicySet       Kind = 34 // which commands of staff need a second person
)

// row is what there is to know about a kind.
type row struct {
	name  string // as the API and exports write it
	tells string // what happened, for the table in the docs

	part   func(*Entry) bool           // whether the part is there that the kind is about; nil: it needs none
	moves  bool                        // tokens: it carries legs
	vendor bool                        // its vendor finds it
	lines  func(*Entry) []royalty.Line // the royalty lines that it posts or reverses, by whose payees it is found
	owns   bool                        // its account owns the item from now on
	paysIn bool                        // money came in by it: among its account's deposits it is found, unless it is for a test
	due    func(*Entry) int64          // when what it began is over, in milliseconds since 1970, beside Parts.Due

	// others appends the accounts that it changes beside Entry.Account; found says that their
	// owners find it, as the owner of Entry.Account does.
	others func(*Entry, []token.AccountID) []token.AccountID
	found  bool
}

// kinds is the table. What depends on the kind of an entry alone is asked of it, by everybody
// but the auditor, who states it anew.
var kinds = [...]row{
	OrderOpened: {name: "order.opened", tells: "A vendor's server created an order", part: hasOpened, vendor: true},
	Purchased:   {name: "order.paid", tells: "An order was paid, or a purchase charged to an allowance", part: hasSale, moves: true, vendor: true, lines: saleLines, owns: true},
	HoldPlaced:  {name: "hold.placed", tells: "A price was set aside for a later capture", part: hasSale, moves: true, vendor: true, owns: true, due: holdEnds},
	Captured:    {name: "hold.captured", tells: "A hold was turned into a purchase", part: hasSale, moves: true, vendor: true, lines: saleLines},
	Released:    {name: "hold.released", tells: "A vendor gave a hold back", part: hasBack, moves: true, vendor: true},
	HoldExpired: {name: "hold.expired", tells: "A hold was given back because its time was over", part: hasBack, moves: true, vendor: true},
	Refunded:    {name: "order.refunded", tells: "A purchase was reversed, wholly or in part", part: hasRefund, moves: true, vendor: true, lines: refundLines},
	Viewed:      {name: "order.viewed", tells: "An item was opened"},
	Covered:     {name: "order.covered", tells: "An order needed no charge, because the account owns the item", vendor: true},
	Funded:      {name: "wallet.funded", tells: "Tokens were issued against money that came in", part: hasFund, moves: true, paysIn: true},
	Granted:     {name: "incentive.granted", tells: "A campaign gave incentive tokens", part: hasGrant, moves: true, others: issuer},
	Lapsed:      {name: "incentive.lapsed", tells: "Incentive tokens expired", part: hasGrant, moves: true, others: issuer},
	Transferred: {name: "wallet.transferred", tells: "Tokens went from one account's wallet to another's", part: hasTransfer, moves: true, others: receiver, found: true},

	LimitSet:         {name: "limit.set", tells: "A spending limit was set", part: hasLimit},
	LimitRemoved:     {name: "limit.removed", tells: "A spending limit was removed", part: hasLimit},
	AllowanceGranted: {name: "allowance.granted", tells: "A user allowed a vendor to charge", part: hasAllowance},
	AllowanceRevoked: {name: "allowance.revoked", tells: "An allowance was taken back", part: hasAllowance},
	ApprovalSet:      {name: "approval.set", tells: "A user set up to what price purchases need no click", part: hasApproval},
	CreditSet:        {name: "credit.set", tells: "A wallet's credit line was set", part: hasCredit},
	StandingSet:      {name: "account.standing", tells: "An account was frozen or opened again"},
	IncentiveBound:   {name: "incentive.bound", tells: "What incentive tokens given at vendors' expense may come to was set", part: hasBound, others: issuersBefore},

	ApprovalAsked:   {name: "approval.asked", tells: "Staff asked for something that needs a second person", part: hasAsked, due: lapses},
	ApprovalGiven:   {name: "approval.given", tells: "A second person approved a request; the next entry does what was asked", part: hasDecision},
	ApprovalRefused: {name: "approval.refused", tells: "A request was refused, or taken back by who asked", part: hasDecision},
	ApprovalLapsed:  {name: "approval.lapsed", tells: "Nobody decided a request in time, or who asked or had approved may not do so any more", part: hasDecision},
	PolicySet:       {name: "approval.policy", tells: "Which commands of staff need a second person was set", part: hasPolicy},
}

func hasOpened(e *Entry) bool    { return e.Opened != nil }
func hasSale(e *Entry) bool      { return e.Sale != nil }
func hasBack(e *Entry) bool      { return e.Back != nil }
func hasRefund(e *Entry) bool    { return e.Refund != nil && e.Back != nil }
func hasFund(e *Entry) bool      { return e.Fund != nil }
func hasGrant(e *Entry) bool     { return e.Grant != nil }
func hasTransfer(e *Entry) bool  { return e.Transfer() != nil }
func hasLimit(e *Entry) bool     { return e.Limit != nil }
func hasAllowance(e *Entry) bool { return e.Allowance != nil }
func hasApproval(e *Entry) bool  { return e.Approval != nil }
func hasCredit(e *Entry) bool    { return e.Credit != nil }
func hasBound(e *Entry) bool     { return e.Bound != nil }
func hasAsked(e *Entry) bool     { return e.Asked() != nil }
func hasDecision(e *Entry) bool  { return e.Decision() != nil }
func hasPolicy(e *Entry) bool    { return e.Policy() != nil }

func saleLines(e *Entry) []royalty.Line   { return e.Sale.Lines }
func refundLines(e *Entry) []royalty.Line { return e.Refund.Lines }
func holdEnds(e *Entry) int64             { return e.Sale.Until }
func lapses(e *Entry) int64               { return e.Asked().LapsesAt }

// issuer is the account of the vendor at whose expense incentive tokens were given.
func issuer(e *Entry, ids []token.AccountID) []token.AccountID {
	if e.Grant.Owed {
		ids = append(ids, IssuerAccount(e.Grant.Issuer))
	}
	return ids
}

// issuersBefore are the accounts of vendors that had given incentive tokens before the first bound.
func issuersBefore(e *Entry, ids []token.AccountID) []token.AccountID {
	for i := range e.Bound.Debts {
		ids = append(ids, IssuerAccount(e.Bound.Debts[i].Issuer))
	}
	return ids
}

func receiver(e *Entry, ids []token.AccountID) []token.AccountID {
	return append(ids, e.Transfer().To)
}

// Kinds returns every kind that there is, ascending.
func Kinds() []Kind {
	var all []Kind
	for k := range kinds {
		if Kind(k).Known() {
			all = append(all, Kind(k))
		}
	}
	return all
}

// Known reports whether there is such a kind.
func (k Kind) Known() bool { return k.row().name != "" }

var unknown row

func (k Kind) row() *row {
	if int(k) < len(kinds) {
		return &kinds[k]
	}
	return &unknown
}

// String returns the kind's name as the API and exports write it.
func (k Kind) String() string {
	if k.Known() {
		return k.row().name
	}
	return "unknown"
}

// Tells says in a sentence what an entry of the kind tells.
func (k Kind) Tells() string { return k.row().tells }

// Moves reports whether entries of the kind carry legs.
func (k Kind) Moves() bool { return k.row().moves }

// Vendor reports whether an entry's vendor finds it.
func (k Kind) Vendor() bool { return k.row().vendor }

// Royalties reports whether entries of the kind post or reverse royalty lines.
func (k Kind) Royalties() bool { return k.row().lines != nil }

// Complete reports whether the entry has the part that its kind is about.
func (e *Entry) Complete() bool {
	part := e.Kind.row().part
	return part == nil || part(e)
}

// Accounts appends to buffer every account that the entry changes: those of Payers, then those of
// Owed.
func (e *Entry) Accounts(buffer []token.AccountID) []token.AccountID {
	return e.Owed(e.Payers(buffer))
}

// Payers appends to buffer the accounts of which the entry changes what they hold, owe or may do,
// Account first.
func (e *Entry) Payers(buffer []token.AccountID) []token.AccountID {
	if !e.Account.IsZero() {
		buffer = append(buffer, e.Account)
	}
	if others := e.Kind.row().others; others != nil {
		buffer = others(e, buffer)
	}
	return buffer
}

// Owed appends to buffer the accounts of the owners whose balances the legs of the entry change,
// wallets and what is held apart, and of the vendor whose sales it changes; each once, the
// provider's last. The provider's stands for all tokens but those of tests.
func (e *Entry) Owed(buffer []token.AccountID) []token.AccountID {
	from, provided := len(buffer), false
	if e.Kind.Royalties() {
		buffer = append(buffer, OwnerAccount(e.Vendor))
	}
	for i := range e.Legs {
		leg := &e.Legs[i].Account
		provided = provided || leg.Class.Kind != token.Test
		if !leg.Code.Owned() || leg.Owner == [16]byte{} {
			continue
		}
		if id := OwnerAccount(leg.Owner); !slices.Contains(buffer[from:], id) {
			buffer = append(buffer, id)
		}
	}
	if provided {
		buffer = append(buffer, Provider)
	}
	return buffer
}

// Owners appends to buffer the accounts whose owners find the entry.
func (e *Entry) Owners(buffer []token.AccountID) []token.AccountID {
	if e.Kind.row().found {
		return e.Payers(buffer)
	}
	if !e.Account.IsZero() {
		buffer = append(buffer, e.Account)
	}
	return buffer
}

// Lines returns the royalty lines that the entry posts or reverses: none for a hold,
// which pays nobody yet.
func (e *Entry) Lines() []royalty.Line {
	if lines := e.Kind.row().lines; lines != nil {
		return lines(e)
	}
	return nil
}

// Due appends to buffer when something is to be done about what the entry began, in
// milliseconds since 1970.
func (e *Entry) Due(buffer []int64) []int64 {
	if due := e.Kind.row().due; due != nil {
		buffer = append(buffer, due(e))
	}
	if e.Parts != nil {
		buffer = append(buffer, e.Parts.Due...)
	}
	return buffer
}

// PaysIn reports whether money came in by the entry, and not for a test.
func (e *Entry) PaysIn() bool { return e.Kind.row().paysIn && !e.Fund.Test }

// ItemKey returns what the entry makes the account own, if anything.
func (e *Entry) ItemKey() (ItemKey, bool) {
	if !e.Kind.row().owns || e.Sale.Item == (ItemHash{}) {
		return ItemKey{}, false
	}
	return ItemKey{Account: e.Account, Vendor: e.Vendor, Item: e.Sale.Item}, true
}
