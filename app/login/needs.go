package login

import (
	"context"

	"farthing.dev/farthing/delivery"
	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/credential"
	"farthing.dev/farthing/token"
)

// Catalog is what the package needs of the tables of who is who and what is for sale.
type Catalog interface {
	AddAttempt(ctx context.Context, attempt credential.Attempt, spent ...credential.Spent) error
	AddMailAttempt(ctx context.Context, attempt credential.Attempt, letters ...delivery.Message) error
	AddPasskey(ctx context.Context, passkey credential.Passkey, spent ...credential.Spent) error
	AddReset(ctx context.Context, r account.Reset, letters ...delivery.Message) error
	AddSignUp(ctx context.Context, s account.SignUp, letters ...delivery.Message) error
	AddUser(ctx context.Context, user account.User, account account.Account) error
	Attempt(ctx context.Context, hash credential.AttemptHash) (credential.Attempt, error)
	Authenticator(ctx context.Context, user token.UserID) (credential.Authenticator, error)
	DropAuthenticator(ctx context.Context, user token.UserID) error
	DropPasskey(ctx context.Context, user token.UserID, id []byte) error
	DropSignUp(ctx context.Context, hash [32]byte) error
	Enqueue(ctx context.Context, messages ...delivery.Message) error
	Passkey(ctx context.Context, id []byte) (credential.Passkey, error)
	Passkeys(ctx context.Context, user token.UserID) ([]credential.Passkey, error)
	RecoveryCodesLeft(ctx context.Context, user token.UserID) (int, error)
	RenamePasskey(ctx context.Context, user token.UserID, id []byte, name string) error
	Reset(ctx context.Context, hash [32]byte) (account.Reset, error)
	Sessions(ctx context.Context, user token.UserID) ([]account.Session, error)
	SetAuthenticator(ctx context.Context, authenticator credential.Authenticator, codes []credential.RecoveryHash, spent ...credential.Spent) error
	SetPassword(ctx context.Context, id token.UserID, hash string, session *account.Session) error
	SetRecoveryCodes(ctx context.Context, user token.UserID, codes []credential.RecoveryHash) error
	Spend(ctx context.Context, spent credential.Spent) error
	TryAttempt(ctx context.Context, hash credential.AttemptHash, most int64) error
	TrySignUp(ctx context.Context, hash [32]byte) (account.SignUp, error)
	UsePasskey(ctx context.Context, used credential.Passkey) error
	UseReset(ctx context.Context, hash [32]byte, password string) error
	User(ctx context.Context, id token.UserID) (account.User, error)
}
