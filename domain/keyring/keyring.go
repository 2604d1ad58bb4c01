// Package keyring is when keys are made, used, published and destroyed. It computes
// with times and names only; the keys themselves it never looks into.
//
// Signing keys sign what others check without asking us: receipts and logins. A key
// is published before it signs for longer than anybody remembers the old set, and
// stays published after it for as long as what it signed matters. Its private part
// is destroyed as soon as another key signs.
package keyring

import (
	"context"
	"time"
)

// Use is what a key signs. Keys of different uses are never exchanged.
type Use string

// The uses.
const (
	Receipt Use = "receipt" // receipts of purchases: Ed25519, EdDSA
	Login   Use = "login"   // OpenID Connect's tokens: RSA of 2048 bits, RS256
)

// Uses lists all of them.
func Uses() []Use { return []Use{Receipt, Login} }

// Lead is how long a key is published before it signs. It is much longer than others
// may keep the published set (PublishedFor).
const Lead = 24 * time.Hour

// PublishedFor is how long others may keep the published set before they ask again.
const PublishedFor = time.Hour

// Grace is how long the private part of a key is kept after the next one signs, for
// replicas whose clock is behind.
const Grace = time.Hour

// Policy is how keys of one use rotate.
type Policy struct {
	Every time.Duration // a new key begins so often
	Keep  time.Duration // it stays published for so long after it has signed for the last time
}

// PolicyOf returns how keys of a use rotate. A receipt is looked at as long as books
// must be kept, ten years; a login is over with its session, which lasts a month.
func PolicyOf(use Use) Policy {
	if use == Receipt {
		return Policy{Every: 90 * 24 * time.Hour, Keep: 3653 * 24 * time.Hour}
	}
	return Policy{Every: 30 * 24 * time.Hour, Keep: 45 * 24 * time.Hour}
}

// Key is a signing key as it is stored.
type Key struct {
	Use       Use
	Slot      int64  // the number of the period that it was made for; one key per use and slot
	ID        string // the kid: the public key's thumbprint (RFC 7638)
	Public    []byte // SubjectPublicKeyInfo, DER (RFC 5280)
	Sealed    []byte // the private part, encrypted; empty once it is destroyed
	CreatedAt int64  // from when it is published, in milliseconds since 1970
}

// Store keeps keys.
type Store interface {
	// AddSigningKey adds a key, unless its use has one of the same slot already.
	AddSigningKey(ctx context.Context, key Key) error
	// SigningKeys returns the keys of a use, newest slot first, at most 200.
	SigningKeys(ctx context.Context, use Use) ([]Key, error)
	// RetireSigningKeys destroys the private parts of keys of slots below wipe, and
	// forgets keys of slots below drop altogether.
	RetireSigningKeys(ctx context.Context, use Use, wipe, drop int64) error
}

// Plan is what is to be done with the keys of one use.
type Plan struct {
	Make bool  // a key of slot Slot is missing
	Slot int64 // the slot of the newest key that there should be
	Sign int   // which of the keys signs; -1 for none
	Wipe int64 // private parts of slots below are not needed any more
	Drop int64 // keys of slots below are not needed any more
}

// Decide returns what is to be done with the keys of a use, newest first, at a time
// in milliseconds since 1970.
func Decide(policy Policy, keys []Key, now int64) Plan {
	plan := Plan{Slot: floor(now+Lead.Milliseconds(), policy.Every.Milliseconds()), Sign: -1}
	plan.Make = len(keys) == 0 || keys[0].Slot < plan.Slot
	for i, key := range keys {
		if len(key.Sealed) == 0 {
			break
		}
		plan.Sign = i
		if signsFrom(key) <= now {
			break
		}
	}
	if plan.Sign < 0 {
		return plan
	}
	signer := keys[plan.Sign]
	if signsFrom(signer)+Grace.Milliseconds() <= now {
		plan.Wipe = signer.Slot
	}
	for i := plan.Sign + 1; i < len(keys); i++ {
		if signsFrom(keys[i-1])+policy.Keep.Milliseconds() <= now {
			plan.Drop = keys[i-1].Slot
			break
		}
	}
	return plan
}

// signsFrom is from when a key may sign, where there is an older one that can.
func signsFrom(key Key) int64 { return key.CreatedAt + Lead.Milliseconds() }

// floor divides and rounds down, also before 1970.
func floor(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
