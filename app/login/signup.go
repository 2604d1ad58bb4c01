package login

import (
	"context"
	"crypto/sha256"
	"net/url"
	"strings"

	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/pace"
	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/credential"
	"farthing.dev/farthing/token"
)

// OpenWallet opens a user, an account and a session, without asking whose the e-mail
// address is: for providers that send no e-mail.
func (a *Login) OpenWallet(ctx context.Context, d caller.Browser, in SignUp) (secret string, viewer caller.Viewer, err error) {
	if _, err := a.pace.TakeNetwork(ctx, paceNetwork, "sign-ups", d); err != nil { // first: hashing a password is work
		return "", caller.Viewer{}, err
	}
	if secret, viewer, err = a.SignUp(ctx, in); err == nil {
		a.noteSignUp(ctx, viewer.User)
	}
	return secret, viewer, err
}

// SignUp is OpenWallet for callers that are no browser.
func (a *Login) SignUp(ctx context.Context, in SignUp) (secret string, viewer caller.Viewer, err error) {
	user, owned, err := a.newUser(ctx, in)
	if err != nil {
		return "", caller.Viewer{}, err
	}
	if err := a.catalog.AddUser(ctx, user, owned); err != nil {
		return "", caller.Viewer{}, err
	}
	return a.sessions.Start(ctx, user, credential.Spent{}, account.ByPassword)
}

// noteSignUp writes down that a wallet was opened.
func (a *shared) noteSignUp(ctx context.Context, user token.UserID) {
	a.activity.Record(ctx, activity.Event{Code: token.CodeSignedUp, User: user, Detail: "Your wallet was opened, and you were logged in."})
}

// newUser checks what somebody wants to sign up with, and returns who she would be.
func (a *shared) newUser(ctx context.Context, in SignUp) (user account.User, owned account.Account, err error) {
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
func (a *shared) checkPassword(password, email, name string) error {
	context := []string{email, name, a.name, "farthing"}
	if base, err := url.Parse(a.baseURL); err == nil {
		context = append(context, base.Hostname())
	}
	return account.CheckPassword(password, context...)
}

// referrer returns the vendor that a sign-up names, if there is such a vendor.
func (a *shared) referrer(ctx context.Context, text string) token.VendorID {
	id, err := token.ParseID[token.VendorKind](text)
	if err != nil {
		return token.VendorID{}
	}
	vendor, err := a.directory.VendorByID(ctx, id)
	if err != nil {
		return token.VendorID{}
	}
	return vendor.ID
}

// ChangePassword replaces the viewer's password and ends all other sessions of hers:
// whoever else was logged in is not any more. The present one goes on under a new secret.
func (a *Methods) ChangePassword(ctx context.Context, v caller.Viewer, before, after string) (secret string, err error) {
	user, err := a.catalog.User(ctx, v.User)
	if err != nil {
		return "", err
	}
	spent := a.pace.Try().By(paceKnown, "present password", user.ID.String())
	if refused, retryAt, err := spent.Take(ctx, a.clock.Now()); err != nil || refused >= 0 {
		if err == nil {
			err = pace.TooOften(retryAt, "too_many_requests.passwords")
		}
		return "", err
	}
	same, err := a.hasher.Matches(ctx, before, user.Password)
	if err != nil {
		return "", err
	}
	if !same {
		a.activity.Record(ctx, activity.Event{Code: token.CodeLoginInvalid, User: v.User, Detail: "A new password was refused: the present one was wrong."})
		return "", token.Refuse(token.Forbidden, "login_invalid.present_password")
	}
	a.pace.GiveBack(ctx, spent)
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
	if secret, err = a.random.Secret(); err != nil {
		return "", err
	}
	session.Hash = sha256.Sum256([]byte(secret))
	if err := a.catalog.SetPassword(ctx, user.ID, hash, &session); err != nil {
		return "", err
	}
	a.sessions.Forget()
	a.activity.Record(ctx, activity.Event{Code: "password_changed", User: v.User, Detail: "The password was changed, and all other sessions were ended."})
	a.mailOwner(ctx, user.ID, user.Email, "your password was changed, and all other sessions were ended")
	return secret, nil
}

// sessionOf returns the viewer's session as it is kept.
func (a *shared) sessionOf(ctx context.Context, v caller.Viewer) (account.Session, error) {
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
func (a *Login) PasswordsHashed() uint64 { return a.hasher.Done() }

// SignUp is what opens a user and an account.
type SignUp struct {
	Email     string
	Password  string
	Name      string
	VendorRef string // the vendor that brought the person, by id; ignored where there is none such
}
