package login

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/pace"
	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/credential"
	"farthing.dev/farthing/token"
)

// codeLetters is the kind of letters with codes to log in.
const codeLetters = "code to log in"

// SendLoginCode sends a code to an address, if somebody logs in with it, and returns the
// secret of the attempt. The answer is the same where nobody does.
func (a *Login) SendLoginCode(ctx context.Context, d caller.Browser, email string) (opens string, err error) {
	if !a.canMail() {
		return "", errNoMail()
	}
	if email, err = account.NormalEmail(email); err != nil {
		return "", err
	}
	user, err := a.directory.UserByEmail(ctx, email)
	if err != nil {
		return "", err
	}
	letter, err := a.letterTo(ctx, d, user, codeLetters, email)
	if err != nil {
		return "", err
	}
	code, err := a.codeFor(letter, codeLetters, email)
	if err != nil {
		return "", err
	}
	secret, until, err := a.attemptFor(letter, codeLetters, email)
	if err != nil {
		return "", err
	}
	attempt := credential.Attempt{Kind: credential.MailCode, User: user.ID, Email: email, Code: codeHash(secret, code)}
	if letter.crowded {
		attempt.Kind = credential.SharedCode
	}
	attempt.Hash, attempt.ExpiresAt = sha256.Sum256([]byte(secret)), until.UnixMilli()
	if !letter.send {
		return secret, letter.asked(a.catalog.AddAttempt(ctx, attempt))
	}
	about := "It works for ten minutes, once, in the browser where you asked for it. "
	if letter.crowded {
		about = letter.crowdNote() + "It works in the browser where you ask for a code. "
	}
	message, err := a.outgoing(Mail{To: user.Email, Subject: "Your code to log in", Text: "Your code is " + inGroups(code) + "\n\n" + about + `Nobody from us
will ever ask you for it. If it was not you who asked, do nothing: without the code
nobody gets in.

` + a.baseURL + "\n"}, email, until.Sub(a.clock.Now()))
	if err != nil {
		return "", err
	}
	return secret, a.enqueued(ctx, letter, message, a.catalog.AddMailAttempt(ctx, attempt, message))
}

// codeHash binds a code to the browser that asked for it.
func codeHash(secret, code string) [32]byte { return sha256.Sum256([]byte(secret + " " + code)) }

// LoginByMailCode goes on with a login by the code that was sent.
func (a *Login) LoginByMailCode(ctx context.Context, d caller.Browser, code string) (Step, error) {
	attempt, err := a.attempt(ctx, d, credential.MailCode, credential.SharedCode)
	if err != nil {
		return Step{}, err
	}
	shared := attempt.Kind == credential.SharedCode
	if !shared { // the code of a shared one is too long to be guessed, and strangers shall not use up its tries
		if err := a.try(ctx, attempt); err != nil {
			return Step{}, err
		}
	}
	hash := codeHash(d.Attempt, plainCode(code))
	user, err := a.userOf(ctx, attempt.User)
	if err != nil {
		return Step{}, err
	}
	if subtle.ConstantTimeCompare(hash[:], attempt.Code[:]) != 1 || user.ID.IsZero() {
		a.refuseLogin(ctx, user, "somebody tried to log in as you with a wrong code of an e-mail")
		return Step{}, token.Refuse(token.Unauthorised, "login_invalid.code_not_last")
	}
	used := a.pace.Try().By(paceShared, "shared code used", hex.EncodeToString(attempt.Code[:]))
	if shared { // it can be asked for again, so that it was used must be known elsewhere
		refused, retryAt, err := used.Take(ctx, a.clock.Now())
		if err != nil {
			return Step{}, err
		}
		if refused >= 0 {
			return Step{}, pace.TooOften(retryAt, "too_many_requests.code_used")
		}
	}
	entry, err := a.firstFactor(ctx, d, user, credential.Spent{Attempt: attempt.Hash}, account.ByMail)
	if shared && token.CodeOf(err) == token.CodeUnavailable { // nothing was written
		a.pace.GiveBack(ctx, used)
	}
	if err != nil {
		return Step{}, err
	}
	a.pace.GiveBack(ctx, a.pace.Try().From(paceLettersFrom, "letters", d))
	return entry, nil
}

// userOf returns a user, or the zero user for the zero id.
func (a *shared) userOf(ctx context.Context, id token.UserID) (account.User, error) {
	user, err := a.catalog.User(ctx, id)
	if token.CodeOf(err) == token.CodeNotFound {
		return account.User{}, nil
	}
	return user, err
}
