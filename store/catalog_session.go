package store

import (
	"bytes"
	"context"
	"database/sql"
	"maps"
	"slices"

	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/credential"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/token"
)

// AddSession adds a session, unless the user's password was changed, and ends those that
// are too many.
func (c *Catalog) AddSession(ctx context.Context, s account.Session, password string, spent ...credential.Spent) error {
	return c.startSession(ctx, s, password, spent, nil)
}

// AddStaffSession is AddSession for one of the staff, and writes the login down.
func (c *Catalog) AddStaffSession(ctx context.Context, s account.Session, password string, act staff.Act, spent ...credential.Spent) error {
	return c.startSession(ctx, s, password, spent, &act)
}

func (c *Catalog) startSession(ctx context.Context, s account.Session, password string, spent []credential.Spent, act *staff.Act) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		if err := spend(ctx, tx, spent); err != nil {
			return err
		}
		// The user's row is written, so that whoever changes the password at this moment
		// comes before, or ends this session too.
		err := changeOne(ctx, tx, token.Refuse(token.Conflict, "stale.password"),
			`UPDATE users SET password = password WHERE id = $1 AND password = $2`, s.User.String(), password)
		if err != nil {
			return err
		}
		if err := addSession(ctx, tx, s); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM sessions WHERE member = $1 AND hash NOT IN
			(SELECT hash FROM sessions WHERE member = $2 ORDER BY seen_at DESC, id DESC LIMIT $3)`, s.User.String(), s.User.String(), account.MaxSessions)
		if err != nil || act == nil {
			return err
		}
		return addAct(ctx, tx, *act)
	})
}

func addSession(ctx context.Context, tx *sql.Tx, s account.Session) error {
	return insert(ctx, tx, "already_taken.session",
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

// Sessions returns a user's sessions, the one used last first.
func (c *Catalog) Sessions(ctx context.Context, user token.UserID) ([]account.Session, error) {
	return list(ctx, c, scanSession, sessionColumns+` WHERE member = $1 ORDER BY seen_at DESC, id DESC LIMIT $2`, user.String(), account.MaxSessions)
}

// ReplaceSession ends the session with a hash, and writes another anew in its place,
// where both are still there.
func (c *Catalog) ReplaceSession(ctx context.Context, before account.SessionHash, s account.Session) error {
	ended := token.Refuse(token.NotFound, "not_found.session_ended")
	return c.write(ctx, func(tx *sql.Tx) error {
		if err := changeOne(ctx, tx, ended, `DELETE FROM sessions WHERE hash = $1`, before[:]); err != nil {
			return err
		}
		if before != s.Hash {
			if err := changeOne(ctx, tx, ended, `DELETE FROM sessions WHERE hash = $1`, s.Hash[:]); err != nil {
				return err
			}
		}
		return addSession(ctx, tx, s)
	})
}

// SeeSessions records when sessions were used last. One that has ended stays ended.
func (c *Catalog) SeeSessions(ctx context.Context, seen map[account.SessionHash]int64) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		// In order, so that two replicas do not wait for each other.
		for _, hash := range slices.SortedFunc(maps.Keys(seen), func(x, y account.SessionHash) int { return bytes.Compare(x[:], y[:]) }) {
			if _, err := tx.ExecContext(ctx, `UPDATE sessions SET seen_at = $1 WHERE hash = $2`, seen[hash], hash[:]); err != nil {
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

// DropSessionsBefore forgets sessions that expired before a millisecond, and those that
// were used last before another.
func (c *Catalog) DropSessionsBefore(ctx context.Context, expired, seen int64) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE expires_at < $1 OR seen_at < $2`, expired, seen)
		return err
	})
}
