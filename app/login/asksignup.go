package login

import (
	"context"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"net/url"
	"time"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/keys"
	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/credential"
	"farthing.dev/farthing/token"
)

// The bounds of a sign-up that waits for its code.
const (
	signUpLife  = time.Hour
	signUpTries = 6
)

// signUpLetters is the kind of letters with codes to open a wallet.
const signUpLetters = "code to open a wallet"

// AskSignUp sends a code to the e-mail address of somebody who wants a wallet, and
// returns the secret for her browser to keep: only there the code opens the wallet. The
// answer is the same where the address has a login already; the mail says so.
func (a *Login) AskSignUp(ctx context.Context, d caller.Browser, in SignUp, next string) (pending string, err error) {
	if !a.canMail() {
		return "", errNoMail()
	}
	if _, err := a.pace.TakeNetwork(ctx, paceNetwork, "sign-ups", d); err != nil { // first: hashing a password is work
		return "", err
	}
	user, owned, err := a.newUser(ctx, in)
	if err != nil {
		return "", err
	}
	outgoing, err := a.letterTo(ctx, d, account.User{}, signUpLetters, user.Email)
	if err != nil {
		return "", err
	}
	known, err := a.directory.UserByEmail(ctx, user.Email)
	if err != nil {
		return "", err
	}
	if pending, err = a.random.Secret(); err != nil {
		return "", err
	}
	code, err := a.codeFor(outgoing, signUpLetters, user.Email)
	if err != nil {
		return "", err
	}
	waiting := account.SignUp{
		Hash: keys.HashOf(pending), Email: user.Email, Name: user.Name, Password: user.Password, Referrer: owned.Referrer, Next: next,
		ExpiresAt: a.clock.Now().Add(signUpLife).UnixMilli(),
	}
	letter := Mail{To: user.Email, Subject: "You have a wallet already", Text: `Somebody, perhaps you, wanted to open a wallet with this e-mail address. There is one
already, so nothing was opened. Log in here, or ask for a new password there:

` + a.baseURL + `/login

If it was not you, do nothing.
`}
	if known.ID.IsZero() {
		waiting.Code = codeHash(pending, code)
		note := ""
		if outgoing.crowded {
			note = outgoing.crowdNote()
		}
		letter = Mail{To: user.Email, Subject: "Your code to open a wallet", Text: "Your code is " + inGroups(code) + "\n\n" + note + `Enter it in the browser where you asked for the wallet, or open this address there:

` + a.baseURL + "/signup/confirm?" + url.Values{"code": {code}}.Encode() + `

It works for an hour. If it was not you who asked, do nothing: no wallet is opened.
`}
	}
	if !outgoing.send {
		return pending, a.catalog.AddSignUp(ctx, waiting)
	}
	message, err := a.outgoing(letter, user.Email, signUpLife)
	if err != nil {
		return "", err
	}
	return pending, a.enqueued(ctx, outgoing, message, a.catalog.AddSignUp(ctx, waiting, message))
}

// ConfirmSignUp opens the wallet that a browser asked for, by the code that was sent, and
// returns the session's secret and where she was going.
func (a *Login) ConfirmSignUp(ctx context.Context, d caller.Browser, pending, code string) (secret, next string, err error) {
	spent, err := a.pace.TakeNetwork(ctx, paceNetwork, "codes of sign-ups", d)
	if err != nil {
		return "", "", err
	}
	gone := token.Refuse(token.Gone, "signup_over.code")
	if len(pending) != 43 {
		return "", "", gone
	}
	waiting, err := a.catalog.TrySignUp(ctx, keys.HashOf(pending))
	if token.CodeOf(err) == token.CodeNotFound || err == nil && (a.clock.Now().UnixMilli() >= waiting.ExpiresAt || waiting.Tries > signUpTries) {
		return "", "", gone
	}
	if err != nil {
		return "", "", err
	}
	hash := codeHash(pending, plainCode(code))
	if subtle.ConstantTimeCompare(hash[:], waiting.Code[:]) != 1 {
		return "", "", token.Refuse(token.Unauthorised, "login_invalid.code_not_last")
	}
	now := a.clock.Now().UnixMilli()
	user := account.User{
		ID: token.NewID[token.UserKind](a.ids), Email: waiting.Email, Name: waiting.Name, Password: waiting.Password,
		Account: token.NewID[token.AccountKind](a.ids), CreatedAt: now,
	}
	err = a.catalog.AddUser(ctx, user, account.Account{ID: user.Account, Referrer: waiting.Referrer, CreatedAt: now})
	if token.CodeOf(err) == token.CodeTaken {
		user, err = a.signedUp(ctx, waiting, err)
	}
	if err != nil {
		return "", "", err
	}
	a.pace.GiveBack(ctx, spent)
	a.pace.GiveBack(ctx, a.pace.Try().From(paceLettersFrom, "letters", d).From(paceNetwork, "sign-ups", d))
	if secret, _, err = a.sessions.Start(ctx, user, credential.Spent{}, account.ByPassword, account.ByMail); err != nil {
		return "", "", err
	}
	a.noteSignUp(ctx, user.ID)
	if err := a.catalog.DropSignUp(ctx, waiting.Hash); err != nil {
		a.log.WarnContext(ctx, "a sign-up that is done was not forgotten", "error", err)
	}
	return secret, waiting.Next, nil
}

// signedUp returns who was made of a sign-up already, when something failed afterwards: she has
// the very hash of its password, which has a salt of its own, and nothing else to show. For
// anybody else it returns the refusal.
func (a *shared) signedUp(ctx context.Context, waiting account.SignUp, refusal error) (account.User, error) {
	user, err := a.directory.UserByEmail(ctx, waiting.Email)
	if err != nil {
		return user, err
	}
	second, err := a.hasSecond(ctx, user.ID)
	if err != nil {
		return user, err
	}
	if user.Password != waiting.Password || second {
		return user, refusal
	}
	return user, nil
}

// mailedCode returns a code of eight digits.
func (a *shared) mailedCode() (string, error) {
	var random [8]byte
	err := a.random.Fill(random[:])
	return fmt.Sprintf("%08d", binary.BigEndian.Uint64(random[:])%100_000_000), err
}

// ReturnTo reports whether a vendor may send people back to an address: one in a site
// that was shown to be the vendor's. It is how a link to sign up ends at the article.
func (a *Login) ReturnTo(ctx context.Context, vendor token.VendorID, address string) error {
	if _, err := a.directory.VendorByID(ctx, vendor); err != nil {
		return caller.Foreign(err, "not_found.shop")
	}
	err := a.directory.CheckAddress(ctx, vendor, address, true)
	a.directory.NoteAddress(ctx, vendor, "way_back_of_link", address, err)
	switch token.CodeOf(err) { // a reader sees it, who cannot mend it
	case token.CodeURLNotAllowed:
		return token.Refuse(token.Unprocessable, "url_not_registered.way_back")
	case token.CodeSiteUnproved:
		return token.Refuse(token.Unprocessable, "site_unproved.way_back")
	}
	return err
}
