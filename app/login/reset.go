package login

import (
	"context"
	"net/url"
	"time"

	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/keys"
	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/token"
)

// resetLife is how long a new password can be set after it was asked for.
const resetLife = 30 * time.Minute

// resetLetters is the kind of letters with links for a new password.
const resetLetters = "new password"

// AskReset sends a link for a new password to an address, if somebody logs in with it.
// The answer is the same where nobody does.
func (a *Login) AskReset(ctx context.Context, d caller.Browser, email string) error {
	if !a.canMail() {
		return errNoMail()
	}
	email, err := account.NormalEmail(email)
	if err != nil {
		return err
	}
	user, err := a.directory.UserByEmail(ctx, email)
	if err != nil {
		return err
	}
	letter, err := a.letterTo(ctx, d, user, resetLetters, email)
	if err != nil {
		return err
	}
	secret, err := a.secretFor(letter, resetLetters, email, user.Password)
	if err != nil {
		return err
	}
	// Where there is nobody, a wish of nobody's is written, which takes as long. Its secret is
	// told to nobody either.
	until := a.clock.Now().Add(resetLife)
	if letter.crowded {
		until = letter.until().Add(resetLife)
	}
	wish := account.Reset{Hash: keys.HashOf(secret), User: user.ID, ExpiresAt: until.UnixMilli()}
	if !letter.send {
		return letter.asked(a.catalog.AddReset(ctx, wish))
	}
	message, err := a.outgoing(Mail{To: user.Email, Subject: "A new password", Text: `Somebody, hopefully you, asked for a new password. Set it here within half an hour:

` + a.baseURL + "/reset/new?" + url.Values{"token": {secret}}.Encode() + `

If it was not you, do nothing: the present password stays.
`}, email, until.Sub(a.clock.Now()))
	if err != nil {
		return err
	}
	return a.enqueued(ctx, letter, message, a.catalog.AddReset(ctx, wish, message))
}

// ResetPassword sets the password of whoever was sent a secret, once, and ends all her
// sessions. She logs in with it then, with her second factor where she has one.
func (a *Login) ResetPassword(ctx context.Context, d caller.Browser, secret, password string) error {
	spent, err := a.pace.TakeNetwork(ctx, paceNetwork, "new passwords", d)
	if err != nil {
		return err
	}
	gone := token.Refuse(token.Gone, "reset_over.link")
	if len(secret) != 43 {
		return gone
	}
	wish, err := a.catalog.Reset(ctx, keys.HashOf(secret))
	if token.CodeOf(err) == token.CodeNotFound || err == nil && a.clock.Now().UnixMilli() >= wish.ExpiresAt {
		return gone
	}
	if err != nil {
		return err
	}
	user, err := a.catalog.User(ctx, wish.User)
	if err != nil {
		return err
	}
	if err := a.checkPassword(password, user.Email, user.Name); err != nil {
		return err
	}
	hash, err := a.hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	err = a.catalog.UseReset(ctx, wish.Hash, hash)
	a.sessions.Forget()
	if token.CodeOf(err) == token.CodeNotFound {
		return gone
	}
	if err == nil {
		a.pace.GiveBack(ctx, spent)
		a.activity.Record(ctx, activity.Event{Code: "password_changed", User: user.ID, Detail: "A new password was set by e-mail, and all sessions were ended."})
		a.mailOwner(ctx, user.ID, user.Email, "a new password was set by a link that was sent to this address, and all sessions were ended")
	}
	return err
}
