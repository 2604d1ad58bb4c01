package credential

import (
	"strings"
	"unicode/utf8"

	"farthing.dev/farthing/token"
)

// The bounds of passkeys.
const (
	MaxPasskeys     = 20   // of one user
	MaxPasskeyName  = 60   // characters
	MaxCredentialID = 1023 // bytes, as Web Authentication says
)

// Passkey is the public part of a discoverable credential (Web Authentication Level 3).
type Passkey struct {
	ID         []byte // chosen by the authenticator; unique
	User       token.UserID
	Name       string // what its owner calls it
	Public     []byte // the public key, as COSE (RFC 9052) writes it
	SignCount  uint32 // the last one seen; 0 where the authenticator does not count
	Transports string // how it can be reached, one word each
	Eligible   bool   // it can be backed up, such as one that a phone's maker synchronises
	BackedUp   bool
	CreatedAt  int64 // milliseconds since 1970, as below
	UsedAt     int64 // 0 for never
}

// CheckPasskeyName returns a name without the spaces around it, or refuses one that is
// empty, too long or not printable.
func CheckPasskeyName(name string) (string, error) {
	name = strings.TrimSpace(name)
	if n := utf8.RuneCountInString(name); n == 0 || n > MaxPasskeyName {
		return "", token.Refuse(token.Unprocessable, "field_invalid.passkey_name", token.Number("most", MaxPasskeyName), token.Number("got", int64(n)))
	}
	return name, token.CheckLabel("passkey_name", name, MaxPasskeyName)
}
