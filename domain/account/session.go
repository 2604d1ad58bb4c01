package account

import (
	"strings"

	"farthing.dev/farthing/token"
)

// MaxSessions is how many sessions a user has at most.
const MaxSessions = 100

// SessionHash is SHA-256 of a session's secret, which only the browser knows.
type SessionHash [32]byte

// Session is one login in one browser. Who authenticates again keeps the session
// and gets a new secret.
type Session struct {
	ID        token.SessionID
	Hash      SessionHash
	User      token.UserID
	Account   token.AccountID
	LoginAt   int64 // milliseconds since 1970, as all below
	AuthAt    int64 // the last full authentication; the purchase window begins here
	SeenAt    int64 // the last time it was used, to some minutes
	ExpiresAt int64
	Methods   []Method
	Device    string // the browser and system in a few words, for its owner to know it by
}

// Method is one way in which somebody showed who she is, as RFC 8176 writes it in amr
// where it has a word for it.
type Method string

// The methods.
const (
	ByPassword Method = "pwd"
	ByOTP      Method = "otp"  // a time-based code, or a recovery code in its place
	ByKey      Method = "hwk"  // a passkey
	ByMail     Method = "mail" // a code that was sent to the e-mail address
)

// JoinMethods writes methods as one word each, with spaces between.
func JoinMethods(methods []Method) string {
	words := make([]string, len(methods))
	for i, m := range methods {
		words[i] = string(m)
	}
	return strings.Join(words, " ")
}

// SplitMethods is the way back from JoinMethods.
func SplitMethods(text string) []Method {
	var methods []Method
	for word := range strings.FieldsSeq(text) {
		methods = append(methods, Method(word))
	}
	return methods
}
