package grant

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strings"

	"farthing.dev/farthing/delivery"
	"farthing.dev/farthing/token"
)

// Hash is SHA-256 of a code, token or secret, which only the client knows.
type Hash [32]byte

// HashOf returns the hash of a secret.
func HashOf(secret string) Hash { return sha256.Sum256([]byte(secret)) }

// IsZero reports whether it is the hash of nothing.
func (h Hash) IsZero() bool { return h == Hash{} }

// Equal compares in constant time.
func (h Hash) Equal(other Hash) bool { return subtle.ConstantTimeCompare(h[:], other[:]) == 1 }

// Grant is one login of a reader at a client, with everything that was issued for it.
type Grant struct {
	ID      token.GrantID
	Client  token.ClientID
	Vendor  token.VendorID
	User    token.UserID
	Session token.SessionID // the login at the provider that it came from, and that it ends with

	Code      Hash
	CodeUntil int64  // milliseconds since 1970
	CodeUsed  int64  // when the code was presented; zero for not yet
	Redirect  string // where the code was sent
	Challenge string // S256 of the verifier (RFC 7636)
	Nonce     string // of the request; goes into the ID token
	Offline   bool   // refresh tokens are issued
	AuthAt    int64  // when the reader proved who she is, as told to the client; zero for not told

	CreatedAt int64
	EndedAt   int64 // zero while it lives
}

// ProvenBy reports whether a verifier is the one that the challenge was made of (RFC
// 7636, 4.6, S256).
func (g Grant) ProvenBy(verifier string) bool {
	if len(verifier) < 43 || len(verifier) > 128 {
		return false
	}
	sum := sha256.Sum256([]byte(verifier))
	return subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(g.Challenge)) == 1
}

// IsChallenge reports whether text can be an S256 challenge.
func IsChallenge(text string) bool {
	sum, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return err == nil && len(sum) == sha256.Size
}

// Use is what a token is good for.
type Use string

// The uses of tokens.
const (
	Access  Use = "access"  // asks who the reader is
	Refresh Use = "refresh" // gets new tokens, once
)

// Token is what a client holds of a grant.
type Token struct {
	Hash      Hash
	Grant     token.GrantID
	Use       Use
	Until     int64 // milliseconds since 1970
	UsedAt    int64 // when a refresh token was changed for a new one; zero for not yet
	CreatedAt int64
}

// Taken is a refresh token that was presented, as it was before.
type Taken struct {
	Token Token
	Grant Grant
	Next  Token // the refresh token that it was changed for; zero where there is none
}

// Verdict is what follows when a code or a refresh token was presented: tokens are issued, or
// the grant ends and its tokens are forgotten. Where both are empty, nothing follows.
type Verdict struct {
	Tokens []Token
	End    bool
}

// Consent says since when a user agrees to be known to a vendor by her pseudonym.
type Consent struct {
	Vendor token.VendorID
	At     int64 // milliseconds since 1970
}

// Logout is what a client is still to be told: that a login ended.
type Logout struct {
	Grant       token.GrantID
	Client      token.ClientID
	Vendor      token.VendorID
	User        token.UserID
	Session     token.SessionID
	Backchannel string
}

// logoutLife is for how long a client is tried to be told of a logout, in milliseconds.
const logoutLife = 24 * 60 * 60 * 1000

// LogoutMessage has a client be told, at the address that it gave, that a grant ended at a
// millisecond. The message has the bits of the grant's id, so there is one for each grant.
func LogoutMessage(id token.GrantID, backchannel string, at int64) delivery.Message {
	receiver, _, _ := strings.Cut(backchannel, "?")
	return delivery.Message{ID: token.DeliveryID(id), Kind: delivery.Logout, Receiver: receiver, CreatedAt: at, Due: at, Expires: at + logoutLife}
}
