// Package staff is who runs the provider: people with a role, the keys of their programs,
// and the log of what both of them looked at and did.
package staff

import (
	"context"

	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/credential"
	"farthing.dev/farthing/token"
)

// Role is what somebody may do for the provider.
type Role string

// Member is a user in a role.
type Member struct {
	User    token.UserID
	Role    Role
	AddedAt int64 // milliseconds since 1970
}

// Key lets a program act as an operator. Of its secret only the hash is kept.
type Key struct {
	ID        token.KeyID
	Hash      [32]byte // SHA-256 of the secret
	Name      string
	Hint      string       // the secret's last four characters
	MadeBy    token.UserID // the person for whom the program acts; zero where a command made it
	CreatedAt int64
	RevokedAt int64 // 0: good
}

// ByCommand is the actor of what was done by a command on the provider's own machine.
const ByCommand = "command"

// The actions that the log tells of.
const (
	OperatorAdded     = "operator_added"
	OperatorRemoved   = "operator_removed"
	KeyMade           = "operator_key_made"
	KeyRevoked        = "operator_key_revoked"
	LoggedIn          = "staff_logged_in"
	ReaderLooked      = "reader_looked_at"
	DepositMade       = "deposit_made"
	IncentivesBounded = "incentives_bounded"
	StandingChanged   = "standing_changed"
	PolicyChanged     = "policy_changed"
	RequestLooked     = "request_looked_at"
	RequestApproved   = "request_approved"
	RequestRefused    = "request_refused"
	InvariantCleared  = "invariant_cleared"
	DeliveryRetried   = "delivery_retried"
	DeliveryDropped   = "delivery_dropped"
)

// Actions returns every action that the log tells of.
func Actions() []string {
	return []string{OperatorAdded, OperatorRemoved, KeyMade, KeyRevoked, LoggedIn, ReaderLooked, DepositMade, IncentivesBounded, StandingChanged, PolicyChanged,
		RequestLooked, RequestApproved, RequestRefused, InvariantCleared, DeliveryRetried, DeliveryDropped}
}

// Act is one line of the log. It holds ids and amounts, and no personal data.
type Act struct {
	ID      token.EventID
	At      int64  // milliseconds since 1970
	Actor   string // a user's or a key's id, or ByCommand
	Action  string
	Subject string // the id of what it was done to, "" for none
	Detail  string // one sentence for people
}

// BrokenInvariant is an invariant that a watchdog found not to hold. While there is one, no
// server sells.
type BrokenInvariant struct {
	Invariant int    // its number in docs/invariants.md
	Entry     uint64 // where that was found
	Detail    string // for the operator: it names accounts
	At        int64  // when, in milliseconds since 1970
}

// Store keeps staff, keys and the log. What is not there is answered with CodeNotFound.
type Store interface {
	// AddStaff gives a user a role, and writes that down. Who has it already keeps it, and
	// the answer is CodeTaken.
	AddStaff(ctx context.Context, m Member, act Act) error
	// RemoveStaff takes a role away, ends the user's sessions, and writes that down.
	RemoveStaff(ctx context.Context, user token.UserID, role Role, act Act) error
	// Roles returns the roles of a user.
	Roles(ctx context.Context, user token.UserID) ([]Role, error)
	// Staff returns everybody with a role, longest first, at most two hundred.
	Staff(ctx context.Context) ([]Member, error)

	// AddStaffSession is AddSession of [account.Store] for one of the staff, and writes the login
	// down in the same transaction.
	AddStaffSession(ctx context.Context, s account.Session, password string, act Act, spent ...credential.Spent) error

	AddOperatorKey(ctx context.Context, k Key, act Act) error
	// OperatorKeys returns the keys, newest first, at most two hundred.
	OperatorKeys(ctx context.Context) ([]Key, error)
	OperatorKeyByHash(ctx context.Context, hash [32]byte) (Key, error)
	// RevokeOperatorKey ends a key; one ended before stays as it is.
	RevokeOperatorKey(ctx context.Context, id token.KeyID, at int64, act Act) error

	// AddAct writes a line into the log. Nothing takes one out again.
	AddAct(ctx context.Context, act Act) error
	// Acts returns a page of the log, newest first.
	Acts(ctx context.Context, search Search, limit int) ([]Line, error)

	// Broken returns the invariant that was found not to hold, false where none was.
	Broken(ctx context.Context) (b BrokenInvariant, found bool, err error)
	// ClearBroken forgets it, and writes down who says that it is mended.
	ClearBroken(ctx context.Context, b BrokenInvariant, act Act) error
	// RetryDelivery has a message that was given up be tried again from a time on, and writes
	// that down. One that is erased, or expired by then, is answered with CodeStale.
	RetryDelivery(ctx context.Context, id token.DeliveryID, at int64, act Act) error
	// DropDelivery deletes a message that was given up, and writes that down.
	DropDelivery(ctx context.Context, id token.DeliveryID, act Act) error

	// Vendors returns a page of all vendors, newest first, below the id `before`.
	Vendors(ctx context.Context, before token.VendorID, limit int) ([]catalog.Vendor, error)
	// Count returns how many people log in, and how many vendors there are.
	Count(ctx context.Context) (people, vendors int64, err error)

	// Claim takes a request's key for what is about to be done, or answers CodeKeyReused
	// where it stands for another request. The same request may claim it again.
	Claim(ctx context.Context, request catalog.Request) error
	// Unclaim gives a key back whose request was refused.
	Unclaim(ctx context.Context, request catalog.Request) error
}
