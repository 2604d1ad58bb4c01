package store

import (
	"context"
	"database/sql"
	"errors"

	"farthing.dev/farthing/delivery"
	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/token"
)

var _ account.Waiting = (*Catalog)(nil)

// AddSignUp adds a sign-up, and enqueues letters.
func (c *Catalog) AddSignUp(ctx context.Context, s account.SignUp, letters ...delivery.Message) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		err := insert(ctx, tx, "already_taken.sign_up",
			`INSERT INTO signups (hash, code, email, name, password, referrer, next, tries, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			s.Hash[:], s.Code[:], s.Email, s.Name, s.Password, s.Referrer.String(), s.Next, s.Tries, s.ExpiresAt)
		if err != nil {
			return err
		}
		return enqueue(ctx, tx, letters)
	})
}

// TrySignUp counts one try of a sign-up's code, and returns it as it stands then.
func (c *Catalog) TrySignUp(ctx context.Context, hash [32]byte) (s account.SignUp, err error) {
	err = c.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE signups SET tries = tries + 1 WHERE hash = $1`, hash[:]); err != nil {
			return err
		}
		err := tx.QueryRowContext(ctx, `SELECT hash, code, email, name, password, referrer, next, tries, expires_at FROM signups WHERE hash = $1`, hash[:]).
			Scan(digest32{&s.Hash}, digest32{&s.Code}, &s.Email, &s.Name, &s.Password, word{&s.Referrer}, &s.Next, &s.Tries, &s.ExpiresAt)
		return noRow(err)
	})
	return s, err
}

// DropSignUp forgets a sign-up.
func (c *Catalog) DropSignUp(ctx context.Context, hash [32]byte) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM signups WHERE hash = $1`, hash[:])
		return err
	})
}

// AddReset adds a user's wish for a new password, and enqueues letters.
func (c *Catalog) AddReset(ctx context.Context, r account.Reset, letters ...delivery.Message) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		err := insert(ctx, tx, "already_taken.reset", `INSERT INTO resets (hash, member, expires_at) VALUES ($1, $2, $3)`,
			r.Hash[:], r.User.String(), r.ExpiresAt)
		if err != nil {
			return err
		}
		return enqueue(ctx, tx, letters)
	})
}

// Reset returns a user's wish for a new password.
func (c *Catalog) Reset(ctx context.Context, hash [32]byte) (account.Reset, error) {
	return one(ctx, c, func(r row) (w account.Reset, err error) {
		err = r.Scan(digest32{&w.Hash}, word{&w.User}, &w.ExpiresAt)
		return w, err
	}, `SELECT hash, member, expires_at FROM resets WHERE hash = $1`, hash[:])
}

// UseReset replaces the password of the user who wished for it, once, and ends what
// SetPassword ends.
func (c *Catalog) UseReset(ctx context.Context, hash [32]byte, password string) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		var user token.UserID
		if err := tx.QueryRowContext(ctx, `SELECT member FROM resets WHERE hash = $1`, hash[:]).Scan(word{&user}); err != nil {
			return noRow(err)
		}
		done, err := tx.ExecContext(ctx, `DELETE FROM resets WHERE hash = $1`, hash[:])
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n != 1 { // somebody used it at the same time
			return noRow(sql.ErrNoRows)
		}
		return setPassword(ctx, tx, user, password)
	})
}

// DropWaitingBefore forgets sign-ups and wishes for passwords that expired before a
// millisecond.
func (c *Catalog) DropWaitingBefore(ctx context.Context, at int64) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM signups WHERE expires_at < $1`, at); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM resets WHERE expires_at < $1`, at)
		return err
	})
}

// noRow turns the database's word for nothing found into ours.
func noRow(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return token.Refuse(token.NotFound, "not_found.thing")
	}
	return err
}
