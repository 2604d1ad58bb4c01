package credential

import (
	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/token"
)

// AttemptHash is SHA-256 of an attempt's secret, which only one browser knows.
type AttemptHash [32]byte

// Kind is what an attempt waits for.
type Kind string

// The kinds.
const (
	MailCode   Kind = "mail"          // the code that was sent
	SharedCode Kind = "mail shared"   // the long code that all are sent who ask for an address in one half hour
	Second     Kind = "second"        // the second factor, after the first
	Assertion  Kind = "passkey"       // the signature of any passkey
	Enrolment  Kind = "enrol"         // the public key of a new passkey
	NewSecrets Kind = "authenticator" // the first code of a new authenticator
)

// Attempt is a login, or a change to the ways of logging in, that is under way in one
// browser. It opens nothing.
type Attempt struct {
	Hash      AttemptHash
	Kind      Kind
	User      token.UserID     // zero where nobody has the address, or where the passkey will tell
	Email     string           // the address as it was typed, which tries are counted by
	Methods   []account.Method // what has been shown already
	Code      [32]byte         // for MailCode and SharedCode: SHA-256 of the secret and the code
	State     []byte           // what the kind needs besides: a challenge, a sealed secret
	Tries     int64
	ExpiresAt int64 // milliseconds since 1970
}
