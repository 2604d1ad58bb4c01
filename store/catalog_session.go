package store

import (
	"context"
	"database/sql"

	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/token"
)

// AddSession adds a session.
func (c *Catalog) AddSession(ctx context.Context, s account.Session) error {
	return c.write(ctx, func(tx *sql.Tx) error { return addSession(ctx, tx, s) })
}

func addSession(ctx context.Context, tx *sql.Tx, s account.Session) error {
	return insert(ctx, tx, "there is such a session already",
		`INSERT INTO sessions (hash, id, member, account, login_at, auth_at, seen_at, expires_at, methods, device) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		s.Hash[:], s.ID.String(), s.User.String(), s.Account.String(), s.LoginAt, s.AuthAt, s.SeenAt, s.ExpiresAt, account.JoinMethods(s.Methods), s.Device)
}

const sessionColumns = `SELECT hash, id, member, account, login_at, auth_at, seen_at, expires_at, methods, device FROM sessions`

func scanSession(r row) (s account.Session, err error) {
	var methods string
	err = r.Scan(digest32{(*[32]byte)(&s.Hash)}, word{&s.ID}, word{&s.User}, word{&s.Account}, &s.LoginAt, &s.AuthAt, &s.SeenAt, &s.ExpiresAt, &methods, &s.Device)
	s.Methods = account.SplitMethods(methods)
	return s, err
}

// Session returns the session whose secret has a hash.
func (c *Catalog) Session(ctx context.Context, hash account.SessionHash) (account.Session, error) {
	return one(ctx, c, scanSession, sessionColumns+` WHERE hash = $1`, hash[:])
}

// Sessions returns a user's sessions, the one used last first, at most a hundred.
func (c *Catalog) Sessions(ctx context.Context, user token.UserID) ([]account.Session, error) {
	return list(ctx, c, scanSession, sessionColumns+` WHERE member = $1 ORDER BY seen_at DESC, id DESC LIMIT 100`, user.String())
}

// ReplaceSession ends the session with a hash, and writes another in its place, which
// may have been there before.
func (c *Catalog) ReplaceSession(ctx context.Context, before account.SessionHash, s account.Session) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE hash = $1 OR hash = $2`, before[:], s.Hash[:]); err != nil {
			return err
		}
		return addSession(ctx, tx, s)
	})
}

// SeeSessions records when sessions were used last. One that has ended stays ended.
func (c *Catalog) SeeSessions(ctx context.Context, seen map[account.SessionHash]int64) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		for hash, at := range seen {
			if _, err := tx.ExecContext(ctx, `UPDATE sessions SET seen_at = $1 WHERE hash = $2`, at, hash[:]); err != nil {
				return err
			}
		}
		return nil
	})
}

// DropSession ends a session, if there is one.
func (c *Catalog) DropSession(ctx context.Context, hash account.SessionHash) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE hash = $1`, hash[:])
		return err
	})
}

// DropSessionOf ends a session by its id, if it is the user's.
func (c *Catalog) DropSessionOf(ctx context.Context, user token.UserID, id token.SessionID) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE member = $1 AND id = $2`, user.String(), id.String())
		return err
	})
}

// DropOtherSessions ends all of a user's sessions but one.
func (c *Catalog) DropOtherSessions(ctx context.Context, user token.UserID, kept token.SessionID) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE member = $1 AND id <> $2`, user.String(), kept.String())
		return err
	})
}

// DropSessionsBefore forgets sessions that expired before a millisecond.
func (c *Catalog) DropSessionsBefore(ctx context.Context, at int64) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE expires_at < $1`, at)
		return err
	})
}
