package app

import (
	"context"
	"crypto/sha256"
	"strings"
	"time"

	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/token"
)

// SignUp opens a user, an account and a session.
func (a *App) SignUp(ctx context.Context, in SignUp) (secret string, viewer Viewer, err error) {
	email, err := account.NormalEmail(in.Email)
	if err != nil {
		return "", Viewer{}, err
	}
	name := strings.TrimSpace(in.Name)
	if name == "" {
		name, _, _ = strings.Cut(email, "@")
	}
	if err := account.CheckName(name); err != nil {
		return "", Viewer{}, err
	}
	if err := account.CheckPassword(in.Password, email); err != nil {
		return "", Viewer{}, err
	}
	hash, err := a.hasher.Hash(ctx, in.Password)
	if err != nil {
		return "", Viewer{}, err
	}
	now := a.clock.Now().UnixMilli()
	user := account.User{
		ID: token.NewID[token.UserKind](a.ids), Email: email, Name: name, Password: hash,
		Account: token.NewID[token.AccountKind](a.ids), CreatedAt: now,
	}
	owned := account.Account{ID: user.Account, Referrer: a.referrer(ctx, in.VendorRef), CreatedAt: now}
	if err := a.catalog.AddUser(ctx, user, owned); err != nil {
		return "", Viewer{}, err
	}
	return a.startSession(ctx, user)
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

// LogIn opens a session. An unknown address and a wrong password get the same answer,
// after the same time.
func (a *App) LogIn(ctx context.Context, email, password string) (secret string, viewer Viewer, err error) {
	refused := token.New(token.Unauthorised, token.CodeLoginInvalid, "the e-mail address or the password is wrong")
	email, err = account.NormalEmail(email)
	if err != nil || len(password) > 4*account.MaxPassword {
		return "", Viewer{}, refused
	}
	if err := a.logins.take(email, a.clock.Now()); err != nil {
		return "", Viewer{}, err
	}
	user, err := a.catalog.UserByEmail(ctx, email)
	if err != nil && token.CodeOf(err) != token.CodeNotFound {
		return "", Viewer{}, err
	}
	same, err := a.hasher.Matches(ctx, password, user.Password)
	if err != nil {
		return "", Viewer{}, err
	}
	if !same {
		a.log.InfoContext(ctx, "login refused", "user", user.ID.String())
		return "", Viewer{}, refused
	}
	a.logins.forget(email)
	return a.startSession(ctx, user)
}

func (a *App) startSession(ctx context.Context, user account.User) (string, Viewer, error) {
	secret, err := a.dice.secret()
	if err != nil {
		return "", Viewer{}, err
	}
	now := a.clock.Now()
	session := account.Session{
		ID: token.NewID[token.SessionKind](a.ids), Hash: sha256.Sum256([]byte(secret)), User: user.ID, Account: user.Account,
		LoginAt: now.UnixMilli(), ExpiresAt: now.Add(a.sessionLife).UnixMilli(),
	}
	if err := a.catalog.AddSession(ctx, session); err != nil {
		return "", Viewer{}, err
	}
	viewer, err := a.Viewer(ctx, secret)
	return secret, viewer, err
}

// LogOut ends a session; one that is not there is ended already.
func (a *App) LogOut(ctx context.Context, secret string) error {
	hash := account.SessionHash(sha256.Sum256([]byte(secret)))
	err := a.catalog.DropSession(ctx, hash)
	a.sessions.drop(hash)
	return err
}

// ChangePassword replaces the viewer's password. It ends all of her sessions, also the
// one that asks: whoever else was logged in is not any more.
func (a *App) ChangePassword(ctx context.Context, v Viewer, before, after string) error {
	user, err := a.catalog.User(ctx, v.User)
	if err != nil {
		return err
	}
	if err := a.logins.take(user.Email, a.clock.Now()); err != nil {
		return err
	}
	same, err := a.hasher.Matches(ctx, before, user.Password)
	if err != nil {
		return err
	}
	if !same {
		return token.New(token.Forbidden, token.CodeLoginInvalid, "the present password is wrong")
	}
	a.logins.forget(user.Email)
	if err := account.CheckPassword(after, user.Email); err != nil {
		return err
	}
	hash, err := a.hasher.Hash(ctx, after)
	if err != nil {
		return err
	}
	err = a.catalog.SetPassword(ctx, user.ID, hash)
	a.sessions.dropAll()
	return err
}

// login is a session with whose it is.
type login struct {
	session account.Session
	user    account.User
}

// Viewer returns who a session's secret belongs to.
func (a *App) Viewer(ctx context.Context, secret string) (Viewer, error) {
	unknown := token.New(token.Unauthorised, token.CodeUnauthorised, "you are not logged in")
	if len(secret) != 43 {
		return Viewer{}, unknown
	}
	hash := account.SessionHash(sha256.Sum256([]byte(secret)))
	known, err := a.sessions.get(hash, func() (login, error) {
		session, err := a.catalog.Session(ctx, hash)
		if err != nil {
			return login{}, err
		}
		user, err := a.catalog.User(ctx, session.User)
		return login{session, user}, err
	})
	if token.CodeOf(err) == token.CodeNotFound {
		return Viewer{}, unknown
	}
	if err != nil {
		return Viewer{}, err
	}
	if a.clock.Now().UnixMilli() >= known.session.ExpiresAt {
		return Viewer{}, unknown
	}
	vendors, err := a.vendorsOf(ctx, known.user.ID)
	if err != nil {
		return Viewer{}, err
	}
	at := time.UnixMilli(known.session.LoginAt).UTC()
	return Viewer{
		Session: known.session.ID, User: known.user.ID, Account: known.session.Account,
		Name: known.user.Name, Email: known.user.Email, LoginAt: at, WindowUntil: at.Add(a.window), Vendors: vendors,
	}, nil
}

// DropSessions forgets sessions that have expired. Call it now and then.
func (a *App) DropSessions(ctx context.Context) error {
	return a.catalog.DropSessionsBefore(ctx, a.clock.Now().UnixMilli())
}
