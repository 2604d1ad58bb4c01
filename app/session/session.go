package session

import (
	"context"
	"crypto/sha256"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/credential"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/token"
)

// Start opens a session for somebody who has just shown, by the methods, that
// she is the user. Every way to log in ends here.
func (a *Sessions) Start(ctx context.Context, user account.User, spent credential.Spent, methods ...account.Method) (secret string, viewer caller.Viewer, err error) {
	if secret, err = a.random.Secret(); err != nil {
		return "", caller.Viewer{}, err
	}
	now := a.clock.Now()
	session := account.Session{
		ID: token.NewID[token.SessionKind](a.ids), Hash: sha256.Sum256([]byte(secret)), User: user.ID, Account: user.Account, Methods: methods,
		LoginAt: now.UnixMilli(), AuthAt: now.UnixMilli(), SeenAt: now.UnixMilli(), ExpiresAt: now.Add(a.sessionLife).UnixMilli(),
	}
	role, err := a.RoleOf(ctx, user.ID)
	if err != nil {
		return "", caller.Viewer{}, err
	}
	if role > 0 {
		by := caller.Actor{ID: user.ID.String(), Staff: journal.Staff{User: user.ID, Role: role}}
		err = a.catalog.AddStaffSession(ctx, session, user.Password, by.Act(a.ids, now, staff.LoggedIn, session.ID.String(), "logged in"), spent)
	} else {
		err = a.catalog.AddSession(ctx, session, user.Password, spent)
	}
	if token.CodeOf(err) == token.CodeStale { // what she showed may be known to others by now
		return "", caller.Viewer{}, token.Refuse(token.Unauthorised, "login_over.password_changed")
	}
	if err != nil {
		return "", caller.Viewer{}, err
	}
	viewer, err = a.Viewer(ctx, secret)
	return secret, viewer, err
}

// BindSession ends a login in a browser: it records what the browser calls itself, and ends
// the session that it had before, whoever's it was. Where that was the same user's, she has
// authenticated again: the session goes on under the new secret, so that what was begun
// in it stands, and the old secret opens nothing any more. Where it fails the browser must
// not be given the new secret: the earlier session might go on unseen.
func (a *Sessions) BindSession(ctx context.Context, secret, before, userAgent string) error {
	now, err := a.login(ctx, secret)
	if err != nil {
		return err
	}
	now.session.Device = account.Device(userAgent)
	session := now.session
	old, err := a.login(ctx, before)
	if err != nil && token.CodeOf(err) != token.CodeUnauthorised { // it may be there, and is to end
		return err
	}
	known := err == nil && before != secret
	replaced := session.Hash
	if known {
		replaced = old.session.Hash
		if old.user.ID == now.user.ID {
			session.ID, session.LoginAt = old.session.ID, old.session.LoginAt
		}
	}
	err = a.catalog.ReplaceSession(ctx, replaced, session)
	if known && token.CodeOf(err) == token.CodeNotFound { // the one before has just ended: this one stands for itself
		err = a.catalog.ReplaceSession(ctx, session.Hash, now.session)
	}
	a.sessions.Drop(replaced)
	a.sessions.Drop(session.Hash)
	return err
}

// LogOut ends a session; one that is not there is ended already.
func (a *Sessions) LogOut(ctx context.Context, secret string) error {
	hash := account.SessionHash(sha256.Sum256([]byte(secret)))
	err := a.catalog.DropSession(ctx, hash)
	a.sessions.Drop(hash)
	return err
}

// login is a session with whose it is.
type login struct {
	session  account.Session
	user     account.User
	operator bool
}

// login returns the session that a secret opens, from memory where it was asked for a
// moment ago.
func (a *Sessions) login(ctx context.Context, secret string) (login, error) {
	unknown := token.Refuse(token.Unauthorised, "unauthorised.not_logged_in")
	if len(secret) != 43 {
		return login{}, unknown
	}
	hash := account.SessionHash(sha256.Sum256([]byte(secret)))
	known, err := a.sessions.Get(hash, func() (login, error) {
		session, err := a.catalog.Session(ctx, hash)
		if err != nil {
			return login{}, err
		}
		user, err := a.catalog.User(ctx, session.User)
		if err != nil {
			return login{}, err
		}
		operator, err := a.isOperator(ctx, user.ID)
		return login{session, user, operator}, err
	})
	if token.CodeOf(err) == token.CodeNotFound {
		return login{}, unknown
	}
	if err != nil {
		return login{}, err
	}
	now := a.clock.Now().UnixMilli()
	if a.idle(known.session, now) { // another replica may have seen it since
		a.sessions.Drop(hash)
		if known.session, err = a.catalog.Session(ctx, hash); err != nil && token.CodeOf(err) != token.CodeNotFound {
			return login{}, err
		}
		known.session.SeenAt = max(known.session.SeenAt, a.lastSeen.last(hash))
		if err != nil || a.idle(known.session, now) {
			return login{}, unknown
		}
	}
	if now >= known.session.ExpiresAt {
		return login{}, unknown
	}
	a.lastSeen.see(&known.session, now)
	return known, nil
}

// idle reports whether a session ended for want of use.
func (a *Sessions) idle(s account.Session, now int64) bool {
	return now-s.SeenAt >= a.sessionIdle.Milliseconds()
}

// Viewer returns who a session's secret belongs to.
func (a *Sessions) Viewer(ctx context.Context, secret string) (caller.Viewer, error) {
	known, err := a.login(ctx, secret)
	if err != nil {
		return caller.Viewer{}, err
	}
	vendors, err := a.directory.VendorsOf(ctx, known.user.ID)
	if err != nil {
		return caller.Viewer{}, err
	}
	session := known.session
	return caller.Viewer{
		Session: session.ID, User: known.user.ID, Account: session.Account, Name: known.user.Name, Email: known.user.Email,
		LoginAt: token.TimeAt(session.LoginAt), AuthAt: session.AuthAt, Methods: session.Methods,
		WindowUntil: token.TimeAt(session.AuthAt).Add(a.windowOf(known.user)), Vendors: vendors, Operator: known.operator,
	}, nil
}

// Forget has every session be read again: what it may do, or whether it is there,
// has changed.
func (a *Sessions) Forget() { a.sessions.DropAll() }
