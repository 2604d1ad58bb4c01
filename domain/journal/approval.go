package journal

import (
	"crypto/sha256"

	"farthing.dev/farthing/token"
)

// Approvals is the account of what holds for the commands of staff: which of them need a second
// person, and the requests that wait for one. It holds no tokens.
var Approvals = token.AccountID{15: 3}

// IsNobodys reports whether an account is no reader's.
func IsNobodys(id token.AccountID) bool { return IsIssuerAccount(id) || id == Approvals }

// ByOperator is the payment method of money that staff say has come in.
const ByOperator = "operator"

// Action is what a command of staff does, as a policy names it. Numbers are stored and never
// given to another action.
type Action uint8

// The actions of staff that move tokens or lift a bound.
const (
	Deposit        Action = 1 // credits a wallet with money that came in outside
	GiveIncentives Action = 2 // gives incentive tokens at the provider's expense
	BoundVendors   Action = 3 // bounds what vendors' incentive tokens may come to
	CreditLine     Action = 4 // sets a wallet's credit line
	Freeze         Action = 5 // freezes an account
	Unfreeze       Action = 6 // opens a frozen account again
	ChangePolicy   Action = 7 // says which commands need a second person
)

var actions = [...]string{Deposit: "deposit", GiveIncentives: "incentives", BoundVendors: "incentive_bound", CreditLine: "credit_line",
	Freeze: "freeze", Unfreeze: "unfreeze", ChangePolicy: "policy"}

// Actions returns every action that there is, ascending.
func Actions() []Action {
	return []Action{Deposit, GiveIncentives, BoundVendors, CreditLine, Freeze, Unfreeze, ChangePolicy}
}

// String returns the action's name as the API writes it.
func (a Action) String() string {
	if a >= Deposit && int(a) < len(actions) {
		return actions[a]
	}
	return "unknown"
}

// ParseAction reads the name of an action.
func ParseAction(name string) (Action, error) {
	for _, a := range Actions() {
		if a.String() == name {
			return a, nil
		}
	}
	return 0, token.Refuse(token.Unprocessable, "field_invalid.action", token.Given("got", name))
}

// Role is what somebody may do for the provider; a higher one may do all that a lower one may.
// Numbers are stored.
type Role uint8

// The roles.
const (
	Representative Role = 1
	Supervisor     Role = 2
	Operator       Role = 3
)

// Staff is who acts for the provider.
type Staff struct {
	User token.UserID `cbor:"1,keyasint,omitzero"` // the person; zero where that is not known: a command on the machine, or a key that one made
	Key  token.KeyID  `cbor:"2,keyasint,omitzero"` // where a program acts by a key that the person made
	Role Role         `cbor:"3,keyasint"`
}

// Needs is how many persons have to approve a command beside the one who asked, and at least in
// what role.
type Needs struct {
	Persons uint8 `cbor:"1,keyasint,omitzero"` // 0: it needs nobody else
	Role    Role  `cbor:"2,keyasint,omitzero"`
}

// MaxPersons bounds how many have to approve.
const MaxPersons = 3

// Policy is one row of which commands need a second person.
type Policy struct {
	Action   Action         `cbor:"1,keyasint"`
	Currency token.Currency `cbor:"2,keyasint,omitzero"` // zero: every currency that has no row of its own
	Above    token.Amount   `cbor:"3,keyasint,omitzero"` // commands about more than this need approval
	Needs    Needs          `cbor:"4,keyasint,omitzero"` // without persons, the row is taken away
}

// Instruction is what staff want done: exactly one of its parts is set.
type Instruction struct {
	Account  token.AccountID `cbor:"1,keyasint,omitzero"` // whose wallet or standing
	Fund     *Fund           `cbor:"2,keyasint,omitempty"`
	Grant    *Grant          `cbor:"3,keyasint,omitempty"`
	Bound    *Bound          `cbor:"4,keyasint,omitempty"`
	Credit   *Credit         `cbor:"5,keyasint,omitempty"`
	Standing *Standing       `cbor:"6,keyasint,omitempty"`
	Policy   *Policy         `cbor:"7,keyasint,omitempty"`
	Vendor   token.VendorID  `cbor:"8,keyasint,omitzero"` // with Bound: of which vendor; zero for all
	Key      Key             `cbor:"9,keyasint,omitzero"` // with Grant: its idempotency key
}

// Subject returns what the instruction does, and about how much: zero where no amount counts. For
// an instruction without a part, or with several, the action is 0.
func (i *Instruction) Subject() (action Action, currency token.Currency, amount token.Amount) {
	parts := 0
	if i.Fund != nil {
		parts++
		action, currency, amount = Deposit, i.Fund.Currency, i.Fund.Amount
	}
	if i.Grant != nil {
		parts++
		action, currency, amount = GiveIncentives, i.Grant.Currency, i.Grant.Amount
	}
	if i.Bound != nil {
		parts++
		action, currency, amount = BoundVendors, i.Bound.Currency, i.Bound.Max
	}
	if i.Credit != nil {
		parts++
		action, currency, amount = CreditLine, i.Credit.Currency, i.Credit.Line
	}
	if i.Standing != nil {
		parts++
		action = Unfreeze
		if *i.Standing == Frozen {
			action = Freeze
		}
	}
	if i.Policy != nil {
		parts++
		action = ChangePolicy
	}
	if parts != 1 {
		return 0, token.Currency{}, 0
	}
	return action, currency, amount
}

// Digest returns SHA-256 of the encoded instruction: what was shown is what is done.
func (i *Instruction) Digest() ([32]byte, error) {
	encoded, err := Marshal(i)
	return sha256.Sum256(encoded), err
}

// Asked is a command of staff that waits for a second person. The number of the entry that
// tells of it is the number of the request.
type Asked struct {
	Instruction Instruction `cbor:"1,keyasint"`
	Digest      [32]byte    `cbor:"2,keyasint"` // of the instruction
	By          Staff       `cbor:"3,keyasint"`
	Why         string      `cbor:"4,keyasint,omitzero"`
	Needs       Needs       `cbor:"5,keyasint"`
	LapsesAt    int64       `cbor:"6,keyasint"` // from this millisecond on it cannot be approved
}

// Decision is what became of a request, or one of several approvals that it needs.
type Decision struct {
	Request uint64 `cbor:"1,keyasint"` // the number of the entry that asked
	By      Staff  `cbor:"2,keyasint,omitzero"`
	Why     string `cbor:"3,keyasint,omitzero"`
	Left    uint8  `cbor:"4,keyasint,omitzero"` // ApprovalGiven: how many more it needs

	// ApprovalGiven without any left: why the core refused what was asked. Where it did not, the
	// next entry does it.
	Refused string `cbor:"5,keyasint,omitzero"`

	// ApprovalLapsed before its time: who asked is not of the staff any more, or who approved may
	// not approve any more.
	Gone bool `cbor:"6,keyasint,omitzero"`
}

// AlreadySo stands in Decision.Refused where what was asked had been done already.
const AlreadySo = "already_so"

// Asked returns the entry's request, nil where it has none.
func (e *Entry) Asked() *Asked {
	if e.Parts == nil {
		return nil
	}
	return e.Parts.Asked
}

// Decision returns what the entry says became of a request, nil where it says nothing.
func (e *Entry) Decision() *Decision {
	if e.Parts == nil {
		return nil
	}
	return e.Parts.Decision
}

// Policy returns the row of a policy that the entry sets, nil where it sets none.
func (e *Entry) Policy() *Policy {
	if e.Parts == nil {
		return nil
	}
	return e.Parts.Policy
}
