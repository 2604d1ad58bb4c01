package app

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"strings"

	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/credential"
	"farthing.dev/farthing/token"
)

// SendLoginCode sends a code of eight digits to an address, if somebody logs in with
// it, and returns the secret of the attempt. The answer is the same where nobody does.
func (a *App) SendLoginCode(ctx context.Context, d Door, email string) (attempt string, err error) {
	if !a.CanMail() {
		return "", a.mail(ctx, Mail{})
	}
	if email, err = account.NormalEmail(email); err != nil {
		return "", err
	}
	user, err := a.userByEmail(ctx, email)
	if err != nil {
		return "", err
	}
	if err := a.take(ctx, a.posts, user, a.triesOf(user, email, d), d); err != nil {
		return "", err
	}
	code, err := a.mailedCode()
	if err != nil {
		return "", err
	}
	secret, err := a.dice.secret()
	if err != nil {
		return "", err
	}
	err = a.beginAs(ctx, secret, credential.Attempt{Kind: credential.MailCode, User: user.ID, Email: email, Code: codeHash(secret, code)})
	if err != nil || user.ID.IsZero() {
		return secret, err
	}
	err = a.mail(ctx, Mail{To: user.Email, Subject: "Your code to log in", Text: "Your code is " + code[:4] + " " + code[4:] + `

It works for ten minutes, once, in the browser where you asked for it. Nobody from us
will ever ask you for it. If it was not you who asked, do nothing: without the code
nobody gets in.

` + a.baseURL + "\n"})
	if err != nil { // the same answer as where there is nobody to send to
		a.log.ErrorContext(ctx, "a login code could not be sent", "user", user.ID.String(), "error", err)
	}
	return secret, nil
}

// codeHash binds a code to the browser that asked for it.
func codeHash(secret, code string) [32]byte { return sha256.Sum256([]byte(secret + " " + code)) }

// EnterByMailCode goes on with a login by the code that was sent.
func (a *App) EnterByMailCode(ctx context.Context, d Door, code string) (Entry, error) {
	attempt, err := a.attempt(ctx, d, credential.MailCode)
	if err != nil {
		return Entry{}, err
	}
	if err := a.takeAddress(d); err != nil {
		return Entry{}, err
	}
	if err := a.try(ctx, attempt); err != nil {
		return Entry{}, err
	}
	hash := codeHash(d.Attempt, strings.Join(strings.Fields(code), ""))
	user, err := a.userOf(ctx, attempt.User)
	if err != nil {
		return Entry{}, err
	}
	if subtle.ConstantTimeCompare(hash[:], attempt.Code[:]) != 1 || user.ID.IsZero() {
		a.refuseLogin(ctx, user, "somebody tried to log in as you with a wrong code of an e-mail")
		return Entry{}, token.New(token.Unauthorised, token.CodeLoginInvalid, "this is not the code that was sent last to this browser")
	}
	if err := a.finish(ctx, attempt); err != nil {
		return Entry{}, err
	}
	return a.firstFactor(ctx, d, user, account.ByMail)
}

// userOf returns a user, or the zero user for the zero id.
func (a *App) userOf(ctx context.Context, id token.UserID) (account.User, error) {
	user, err := a.catalog.User(ctx, id)
	if token.CodeOf(err) == token.CodeNotFound {
		return account.User{}, nil
	}
	return user, err
}
