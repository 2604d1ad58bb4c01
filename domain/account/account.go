// Package account is who buys: users, who log in, and accounts, which own the
// wallets. A user may act for an account that she is a member of; every member
// has the same privileges. What an account owns stands in the journal and not
// here; here stands only who may use it.
package account

import (
	"context"
	"net/mail"
	"strings"

	"farthing.dev/farthing/token"
)

// User is a person who logs in, or the test reader of a vendor's sandbox, who
// has no e-mail address and no password and so cannot.
type User struct {
	ID        token.UserID
	Email     string // in lower case; unique
	Name      string
	Password  string          // an argon2id hash
	Account   token.AccountID // the account that a login opens
	CreatedAt int64
	Window    int64 // for how long after a login she wants to be able to buy, in milliseconds; 0 leaves it to the provider
}

// Account is what users own together.
type Account struct {
	ID        token.AccountID
	Referrer  token.VendorID // the vendor that brought it; zero for none
	Sandbox   token.VendorID // the vendor whose test reader owns it; zero for real ones
	CreatedAt int64
}

// Member says that a user acts for an account.
type Member struct {
	Account  token.AccountID
	User     token.UserID
	JoinedAt int64
}

// Store keeps users, accounts, members and sessions. What is not there is answered with
// CodeNotFound.
type Store interface {
	// AddUser adds a user, a new account and the membership, or CodeTaken for an
	// e-mail address that another user has.
	AddUser(ctx context.Context, user User, account Account) error
	User(ctx context.Context, id token.UserID) (User, error)
	UserByEmail(ctx context.Context, email string) (User, error)
	// AccountOf returns the account that a user's purchases are charged to: that of User,
	// and quicker. It never changes.
	AccountOf(ctx context.Context, id token.UserID) (token.AccountID, error)
	Account(ctx context.Context, id token.AccountID) (Account, error)
	Members(ctx context.Context, id token.AccountID) ([]Member, error)
	// SetPassword replaces the hash of a user's password, ends all her sessions and what
	// waits for her (logins under way, wishes for new passwords), and adds a session where
	// one is given.
	SetPassword(ctx context.Context, id token.UserID, hash string, session *Session) error

	// SetWindow sets for how long a user wants to be able to buy, in milliseconds.
	SetWindow(ctx context.Context, id token.UserID, window int64) error

	Session(ctx context.Context, hash SessionHash) (Session, error)
	// Sessions returns a user's sessions, the one used last first.
	Sessions(ctx context.Context, user token.UserID) ([]Session, error)
	// ReplaceSession ends the session with a hash, and writes another anew, which takes
	// its place. Where either is not there any more nothing changes, and the answer is
	// CodeNotFound: what has ended does not come back.
	ReplaceSession(ctx context.Context, before SessionHash, session Session) error
	// SeeSessions records when sessions were used last.
	SeeSessions(ctx context.Context, seen map[SessionHash]int64) error
	DropSession(ctx context.Context, hash SessionHash) error
	// DropSessionOf ends a session by its id, if it is the user's.
	DropSessionOf(ctx context.Context, user token.UserID, id token.SessionID) error
	// DropOtherSessions ends all of a user's sessions but one.
	DropOtherSessions(ctx context.Context, user token.UserID, kept token.SessionID) error
	// DropSessionsBefore forgets sessions that expired before a millisecond, and those that
	// were used last before another.
	DropSessionsBefore(ctx context.Context, expired, seen int64) error
}

// NormalEmail returns an e-mail address as it is stored and looked for.
func NormalEmail(email string) (string, error) {
	email = strings.ToLower(strings.TrimSpace(email))
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Address != email || len(email) > 254 || !strings.Contains(email, "@") {
		return "", token.Refuse(token.Unprocessable, "field_invalid.email")
	}
	return email, nil
}

// CheckName refuses names that are empty or too long, or that could be taken for another's.
func CheckName(name string) error { return token.CheckLabel("person_name", name, 100) }
