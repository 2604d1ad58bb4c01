package credential

import (
	"crypto/sha256"
	"strings"

	"farthing.dev/farthing/token"
)

// Authenticator is a program that shows time-based codes (RFC 6238): 6 digits, 30
// seconds, HMAC-SHA-1, which is what all such programs can do.
type Authenticator struct {
	User      token.UserID
	Sealed    []byte // the shared secret, encrypted under the provider's
	Step      int64  // the last time step whose code was used; none up to it can be used again
	CreatedAt int64
}

// RecoveryCodes is how many recovery codes are made at a time.
const RecoveryCodes = 10

// RecoveryBytes is how much randomness a recovery code has: 128 bits, as everything that opens a login by
// itself. Codes of 80 bits were made before; they work until they are used or replaced.
const RecoveryBytes = 16

// RecoveryHash is SHA-256 of a recovery code without its hyphens. There is too much randomness in
// a code for a slow hash to protect more.
type RecoveryHash [32]byte

// HashRecovery returns the hash of a recovery code as somebody typed it.
func HashRecovery(code string) RecoveryHash {
	return sha256.Sum256([]byte("recovery " + Typed(code)))
}

// Typed returns a code as it was meant: without spaces and hyphens, in upper case, and
// without the letters that look like digits.
func Typed(code string) string {
	return strings.NewReplacer(" ", "", "-", "", "\t", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(strings.TrimSpace(code)))
}
