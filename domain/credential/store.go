package credential

import (
	"context"

	"farthing.dev/farthing/delivery"
	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/token"
)

// Store keeps credentials and attempts. What is not there is answered with CodeNotFound.
type Store interface {
	// AddSession adds a session, unless the hash of the user's password is another one by
	// now: then CodeStale. Beyond account.MaxSessions those that were used longest ago end.
	AddSession(ctx context.Context, session account.Session, password string, spent ...Spent) error

	// AddPasskey adds a passkey, or CodeTaken for one that is known already.
	AddPasskey(ctx context.Context, passkey Passkey, spent ...Spent) error
	Passkey(ctx context.Context, id []byte) (Passkey, error)
	// Passkeys returns a user's passkeys, oldest first.
	Passkeys(ctx context.Context, user token.UserID) ([]Passkey, error)
	// UsePasskey records the sign count, backup state and time of a use, or CodeStale
	// where the count is not above the last one (both may be 0).
	UsePasskey(ctx context.Context, used Passkey) error
	RenamePasskey(ctx context.Context, user token.UserID, id []byte, name string) error
	DropPasskey(ctx context.Context, user token.UserID, id []byte) error

	// SetAuthenticator replaces a user's authenticator and recovery codes.
	SetAuthenticator(ctx context.Context, authenticator Authenticator, codes []RecoveryHash, spent ...Spent) error
	Authenticator(ctx context.Context, user token.UserID) (Authenticator, error)
	// DropAuthenticator removes a user's authenticator and recovery codes.
	DropAuthenticator(ctx context.Context, user token.UserID) error
	SetRecoveryCodes(ctx context.Context, user token.UserID, codes []RecoveryHash) error
	RecoveryCodesLeft(ctx context.Context, user token.UserID) (int, error)

	AddAttempt(ctx context.Context, attempt Attempt, spent ...Spent) error
	// AddMailAttempt is AddAttempt with the letters that tell its code, in one step.
	AddMailAttempt(ctx context.Context, attempt Attempt, letters ...delivery.Message) error
	Attempt(ctx context.Context, hash AttemptHash) (Attempt, error)
	// TryAttempt uses up one of `most` tries, or CodeNotFound where none is left.
	TryAttempt(ctx context.Context, hash AttemptHash, most int64) error
	// Spend uses something up, for one caller only.
	Spend(ctx context.Context, spent Spent) error
	// DropAttemptsBefore forgets attempts that expired before a millisecond.
	DropAttemptsBefore(ctx context.Context, at int64) error
}
