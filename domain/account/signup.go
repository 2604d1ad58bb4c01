package account

import (
	"context"

	"farthing.dev/farthing/delivery"
	"farthing.dev/farthing/token"
)

// SignUp is somebody who asked for a wallet and has not yet shown that the e-mail address
// is hers.
type SignUp struct {
	Hash      [32]byte // SHA-256 of the secret that the browser holds
	Code      [32]byte // of that and the code in the mail; all zero where the address has a login already, so that none is right
	Email     string
	Name      string
	Password  string         // an argon2id hash
	Referrer  token.VendorID // the vendor that brought her; zero for none
	Next      string         // where she was going, on this site; may be empty
	Tries     int64          // of the code
	ExpiresAt int64
}

// Reset is a user's wish for a new password.
type Reset struct {
	Hash      [32]byte // SHA-256 of the secret that the mail says
	User      token.UserID
	ExpiresAt int64
}

// Waiting keeps what waits for an answer by e-mail. What is not there is answered with
// CodeNotFound.
type Waiting interface {
	// AddSignUp adds a sign-up, and enqueues letters about it in the same step.
	AddSignUp(ctx context.Context, s SignUp, letters ...delivery.Message) error
	// TrySignUp counts one try, and returns the sign-up as it stands then.
	TrySignUp(ctx context.Context, hash [32]byte) (SignUp, error)
	DropSignUp(ctx context.Context, hash [32]byte) error

	// AddReset adds a wish for a new password, and enqueues letters about it in the same step.
	AddReset(ctx context.Context, r Reset, letters ...delivery.Message) error
	Reset(ctx context.Context, hash [32]byte) (Reset, error)
	// UseReset replaces the password of the user, once: with it goes what goes with
	// SetPassword.
	UseReset(ctx context.Context, hash [32]byte, password string) error
	// DropWaitingBefore forgets what expired before a millisecond.
	DropWaitingBefore(ctx context.Context, at int64) error
}
