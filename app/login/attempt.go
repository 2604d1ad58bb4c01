package login

import (
	"context"
	"crypto/sha256"
	"slices"
	"time"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/domain/credential"
	"farthing.dev/farthing/token"
)

// The bounds of a login that is under way.
const (
	attemptLife  = 10 * time.Minute
	attemptTries = 5
)

// begin writes a login that is under way down, and returns its secret, which only the
// browser is given. Together with it something is used up.
func (a *shared) begin(ctx context.Context, attempt credential.Attempt, spent ...credential.Spent) (secret string, err error) {
	if secret, err = a.random.Secret(); err != nil {
		return "", err
	}
	attempt.Hash, attempt.ExpiresAt = sha256.Sum256([]byte(secret)), a.clock.Now().Add(attemptLife).UnixMilli()
	return secret, a.catalog.AddAttempt(ctx, attempt, spent...)
}

func loginOver() error {
	return token.Refuse(token.Unauthorised, "login_over.too_long")
}

// attempt returns the login of one of some kinds that is under way in a browser.
func (a *shared) attempt(ctx context.Context, d caller.Browser, kinds ...credential.Kind) (credential.Attempt, error) {
	if len(d.Attempt) != 43 {
		return credential.Attempt{}, loginOver()
	}
	attempt, err := a.catalog.Attempt(ctx, sha256.Sum256([]byte(d.Attempt)))
	switch {
	case token.CodeOf(err) == token.CodeNotFound:
		return credential.Attempt{}, loginOver()
	case err != nil:
		return credential.Attempt{}, err
	case !slices.Contains(kinds, attempt.Kind), attempt.Tries >= attemptTries, a.clock.Now().UnixMilli() >= attempt.ExpiresAt:
		return credential.Attempt{}, loginOver()
	}
	return attempt, nil
}

// try uses up one of the tries of an attempt.
func (a *shared) try(ctx context.Context, attempt credential.Attempt) error {
	return orOver(a.catalog.TryAttempt(ctx, attempt.Hash, attemptTries))
}

// finish ends an attempt, for one caller only.
func (a *shared) finish(ctx context.Context, attempt credential.Attempt) error {
	return a.catalog.Spend(ctx, credential.Spent{Attempt: attempt.Hash})
}

func orOver(err error) error {
	if token.CodeOf(err) == token.CodeNotFound {
		return loginOver()
	}
	return err
}
