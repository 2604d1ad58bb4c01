package app

import (
	"context"
	"crypto/sha256"
	"net/url"
	"strings"

	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/credential"
	"farthing.dev/farthing/token"
)

// OpenWallet opens a user, an account and a session, without asking whose the e-mail
// address is: for providers that send no e-mail.
func (a *App) OpenWallet(ctx context.Context, d Door, in SignUp) (secret string, viewer Viewer, err error) {
	if _, err := a.takeNetwork(ctx, paceNetwork, "sign-ups", d); err != nil { // first: hashing a password is work
		return "", Viewer{}, err
	}
	if secret, viewer, err = a.SignUp(ctx, in); err == nil {
		a.noteSignUp(ctx, viewer.User)
	}
	return secret, viewer, err
}

// SignUp is OpenWallet for callers that are no browser.
func (a *App) SignUp(ctx context.Context, in SignUp) (secret string, viewer Viewer, err error) {
	user, owned, err := a.newUser(ctx, in)
	if err != nil {
		return "", Viewer{}, err
	}
	if err := a.catalog.AddUser(ctx, user, owned); err != nil {
		return "", Viewer{}, err
	}
	return a.startSession(ctx, user, credential.Spent{}, account.ByPassword)
}

// noteSignUp writes down that a wallet was opened.
func (a *App) noteSignUp(ctx context.Context, user token.UserID) {
	a.Note(ctx, SecurityEvent{Code: token.CodeSignedUp, User: user, Detail: "Your wallet was opened, and you were logged in."})
}

// newUser checks what somebody wants to sign up with, and returns who she would be.
func (a *App) newUser(ctx context.Context, in SignUp) (user account.User, owned account.Account, err error) {
	email, err := account.NormalEmail(in.Email)
	if err != nil {
		return user, owned, err
	}
	name := strings.TrimSpace(in.Name)
	if name == "" {
		name, _, _ = strings.Cut(email, "@")
		if account.CheckName(name) != nil {
			name = "Reader"
		}
	}
	if err := account.CheckName(name); err != nil {
		return user, owned, err
	}
	if err := a.checkPassword(in.Password, email, name); err != nil {
		return user, owned, err
	}
	hash, err := a.hasher.Hash(ctx, in.Password)
	if err != nil {
		return user, owned, err
	}
	now := a.clock.Now().UnixMilli()
	user = account.User{
		ID: token.NewID[token.UserKind](a.ids), Email: email, Name: name, Password: hash,
		Account: token.NewID[token.AccountKind](a.ids), CreatedAt: now,
	}
	return user, account.Account{ID: user.Account, Referrer: a.referrer(ctx, in.VendorRef), CreatedAt: now}, nil
}

// checkPassword refuses a password that guessers try first.
func (a *App) checkPassword(password, email, name string) error {
	context := []string{email, name, a.name, "farthing"}
	if base, err := url.Parse(a.baseURL); err == nil {
		context = append(context, base.Hostname())
	}
	return account.CheckPassword(password, context...)
}

// referrer returns the vendor that a sign-up names, if there is such a vendor.
func (a *App) referrer(ctx context.Context, text string) token.VendorID {
	id, err := token.ParseID[token.VendorKind](text)
	if err != nil {
		return token.VendorID{}
	}
	vendor, err := a.vendor(ctx, id)
	if err != nil {
		return token.VendorID{}
	}
	return vendor.ID
}

// ChangePassword replaces the viewer's password and ends all other sessions of hers:
// whoever else was logged in is not any more. The present one goes on under a new secret.
func (a *App) ChangePassword(ctx context.Context, v Viewer, before, after string) (secret string, err error) {
	user, err := a.catalog.User(ctx, v.User)
	if err != nil {
		return "", err
	}
	spent := a.tries().by(paceKnown, "present password", user.ID.String())
	if refused, retryAt, err := spent.take(ctx, a.clock.Now()); err != nil || refused >= 0 {
		if err == nil {
			err = tooOften(retryAt, "too_many_requests.passwords")
		}
		return "", err
	}
	same, err := a.hasher.Matches(ctx, before, user.Password)
	if err != nil {
		return "", err
	}
	if !same {
		a.Note(ctx, SecurityEvent{Code: token.CodeLoginInvalid, User: v.User, Detail: "A new password was refused: the present one was wrong."})
		return "", token.Refuse(token.Forbidden, "login_invalid.present_password")
	}
	a.giveBack(ctx, spent)
	if err := a.checkPassword(after, user.Email, user.Name); err != nil {
		return "", err
	}
	hash, err := a.hasher.Hash(ctx, after)
	if err != nil {
		return "", err
	}
	session, err := a.sessionOf(ctx, v)
	if err != nil {
		return "", err
	}
	if secret, err = a.dice.secret(); err != nil {
		return "", err
	}
	session.Hash = sha256.Sum256([]byte(secret))
	if err := a.catalog.SetPassword(ctx, user.ID, hash, &session); err != nil {
		return "", err
	}
	a.forgetSessions()
	a.Note(ctx, SecurityEvent{Code: "password_changed", User: v.User, Detail: "The password was changed, and all other sessions were ended."})
	a.mailOwner(ctx, user.ID, user.Email, "your password was changed, and all other sessions were ended")
	return secret, nil
}

// sessionOf returns the viewer's session as it is kept.
func (a *App) sessionOf(ctx context.Context, v Viewer) (account.Session, error) {
	sessions, err := a.catalog.Sessions(ctx, v.User)
	if err != nil {
		return account.Session{}, err
	}
	for i := range sessions {
		if sessions[i].ID == v.Session {
			return sessions[i], nil
		}
	}
	return account.Session{}, token.Refuse(token.Unauthorised, "unauthorised.not_logged_in")
}

// PasswordsHashed returns how many passwords were hashed or compared since the start.
func (a *App) PasswordsHashed() uint64 { return a.hasher.Done() }
