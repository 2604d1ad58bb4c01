package session

import (
	"context"

	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/credential"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/token"
)

// Catalog is what the package needs of the tables of who is who and what is for sale.
type Catalog interface {
	AddSession(ctx context.Context, session account.Session, password string, spent ...credential.Spent) error
	AddStaffSession(ctx context.Context, session account.Session, password string, act staff.Act, spent ...credential.Spent) error
	DropAttemptsBefore(ctx context.Context, at int64) error
	DropOtherSessions(ctx context.Context, user token.UserID, kept token.SessionID) error
	DropSession(ctx context.Context, hash account.SessionHash) error
	DropSessionOf(ctx context.Context, user token.UserID, id token.SessionID) error
	DropSessionsBefore(ctx context.Context, expired int64, seen int64) error
	DropTriesBefore(ctx context.Context, at int64) error
	DropWaitingBefore(ctx context.Context, at int64) error
	ReplaceSession(ctx context.Context, before account.SessionHash, session account.Session) error
	Roles(ctx context.Context, user token.UserID) ([]staff.Role, error)
	SeeSessions(ctx context.Context, seen map[account.SessionHash]int64) error
	Session(ctx context.Context, hash account.SessionHash) (account.Session, error)
	Sessions(ctx context.Context, user token.UserID) ([]account.Session, error)
	SetWindow(ctx context.Context, id token.UserID, window int64) error
	User(ctx context.Context, id token.UserID) (account.User, error)
}
