package app

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/token"
)

// startSession opens a session for somebody who has just shown, by the methods, that
// she is the user. Every way to log in ends here.
func (a *App) startSession(ctx context.Context, user account.User, methods ...account.Method) (secret string, viewer Viewer, err error) {
	if secret, err = a.dice.secret(); err != nil {
		return "", Viewer{}, err
	}
	now := a.clock.Now()
	session := account.Session{
		ID: token.NewID[token.SessionKind](a.ids), Hash: sha256.Sum256([]byte(secret)), User: user.ID, Account: user.Account, Methods: methods,
		LoginAt: now.UnixMilli(), AuthAt: now.UnixMilli(), SeenAt: now.UnixMilli(), ExpiresAt: now.Add(a.sessionLife).UnixMilli(),
	}
	if err := a.catalog.AddSession(ctx, session); err != nil {
		return "", Viewer{}, err
	}
	viewer, err = a.Viewer(ctx, secret)
	return secret, viewer, err
}

// LogOut ends a session; one that is not there is ended already.
func (a *App) LogOut(ctx context.Context, secret string) error {
	hash := account.SessionHash(sha256.Sum256([]byte(secret)))
	err := a.catalog.DropSession(ctx, hash)
	a.sessions.drop(hash)
	return err
}

// login is a session with whose it is.
type login struct {
	session account.Session
	user    account.User
}

// login returns the session that a secret opens, from memory where it was asked for a
// moment ago.
func (a *App) login(ctx context.Context, secret string) (login, error) {
	unknown := token.New(token.Unauthorised, token.CodeUnauthorised, "you are not logged in")
	if len(secret) != 43 {
		return login{}, unknown
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
		return login{}, unknown
	}
	if err == nil && a.clock.Now().UnixMilli() >= known.session.ExpiresAt {
		return login{}, unknown
	}
	return known, err
}

// Viewer returns who a session's secret belongs to.
func (a *App) Viewer(ctx context.Context, secret string) (Viewer, error) {
	known, err := a.login(ctx, secret)
	if err != nil {
		return Viewer{}, err
	}
	vendors, err := a.vendorsOf(ctx, known.user.ID)
	if err != nil {
		return Viewer{}, err
	}
	session := known.session
	return Viewer{
		Session: session.ID, User: known.user.ID, Account: session.Account, Name: known.user.Name, Email: known.user.Email,
		LoginAt: when(session.LoginAt), AuthAt: session.AuthAt, Methods: session.Methods,
		WindowUntil: when(session.AuthAt).Add(a.windowOf(known.user)), Vendors: vendors,
	}, nil
}

// windowOf is for how long after a login a user can buy.
func (a *App) windowOf(user account.User) time.Duration {
	if user.Window > 0 {
		return min(time.Duration(user.Window)*time.Millisecond, a.windowMost)
	}
	return a.window
}

// DropSessions forgets sessions, and logins under way, that have expired. Call it now
// and then.
func (a *App) DropSessions(ctx context.Context) error {
	now := a.clock.Now().UnixMilli()
	return errors.Join(a.catalog.DropSessionsBefore(ctx, now), a.catalog.DropAttemptsBefore(ctx, now))
}
