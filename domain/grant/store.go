package grant

import (
	"context"

	"farthing.dev/farthing/token"
)

// Store keeps clients, consents, grants and their tokens. What is not there is answered
// with CodeNotFound.
type Store interface {
	// AddClient adds a client.
	AddClient(ctx context.Context, client Client) error
	// Client returns a client that has not been removed.
	Client(ctx context.Context, id token.ClientID) (Client, error)
	// Clients returns a vendor's clients, newest first, at most a hundred.
	Clients(ctx context.Context, vendor token.VendorID) ([]Client, error)
	// SetClientSecret replaces the hash of a client's secret.
	SetClientSecret(ctx context.Context, vendor token.VendorID, id token.ClientID, secret Hash) error
	// RemoveClient removes a client, and ends everything that was issued to it at a
	// millisecond.
	RemoveClient(ctx context.Context, vendor token.VendorID, id token.ClientID, at int64) error

	// Consented reports whether a user has agreed to be known to a vendor.
	Consented(ctx context.Context, user token.UserID, vendor token.VendorID) (bool, error)
	// AddConsent remembers that she agreed; once more is no harm.
	AddConsent(ctx context.Context, user token.UserID, vendor token.VendorID, at int64) error
	// Consents returns what a user agreed to, newest first, at most two hundred.
	Consents(ctx context.Context, user token.UserID) ([]Consent, error)
	// Withdraw takes a consent back, ends at a millisecond everything that was issued to the
	// vendor for the user, and enqueues that its clients be told.
	Withdraw(ctx context.Context, user token.UserID, vendor token.VendorID, at int64) error

	// AddGrant adds a grant.
	AddGrant(ctx context.Context, g Grant) error
	// TakeCode marks a code as presented and does what follows from it, in one step. issue is
	// given the grant as it was before: CodeUsed and EndedAt tell whether the code was still
	// good. EndedAt is set also where the session behind the grant is over. An error of issue
	// is returned, and then nothing has happened.
	TakeCode(ctx context.Context, code Hash, at int64, issue func(Grant) (Verdict, error)) error
	// TakeRefresh marks a refresh token as used and does what follows from it, in one step.
	// issue is given the token as it was before, with its grant, and with the refresh token
	// whose hash is next, where there is one: UsedAt and EndedAt tell whether it was still
	// good. An error of issue is returned, and then nothing has happened.
	TakeRefresh(ctx context.Context, hash, next Hash, at int64, issue func(Taken) (Verdict, error)) error
	// FindToken returns a token with its grant.
	FindToken(ctx context.Context, hash Hash, at int64) (Token, Grant, error)
	// EndGrant ends a grant and forgets its tokens.
	EndGrant(ctx context.Context, id token.GrantID, at int64) error

	// EndLogins looks at up to `limit` grants of sessions not known to be over, after one, in
	// the sequence of their making, ends those whose session is over or whose code nobody
	// came for in time, and enqueues that their clients be told. It returns the last grant
	// looked at, or zero at the end.
	EndLogins(ctx context.Context, after token.GrantID, at int64, limit int) (last token.GrantID, err error)
	// Logout returns what a client is to be told of a grant that ended, or CodeNotFound if
	// the client has been removed.
	Logout(ctx context.Context, id token.GrantID) (Logout, error)
	// DropGrants forgets grants that ended, and tokens that expired, before a millisecond; but
	// not a grant whose client is still to be told.
	DropGrants(ctx context.Context, before int64) error
}
