package store

import (
	"context"
	"database/sql"

	"farthing.dev/farthing/delivery"
	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/credential"
	"farthing.dev/farthing/token"
)

// AddAttempt adds a login that is under way.
func (c *Catalog) AddAttempt(ctx context.Context, a credential.Attempt, spent ...credential.Spent) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		if err := spend(ctx, tx, spent); err != nil {
			return err
		}
		return addAttempt(ctx, tx, a)
	})
}

// AddMailAttempt adds a login that is under way, and enqueues letters.
func (c *Catalog) AddMailAttempt(ctx context.Context, a credential.Attempt, letters ...delivery.Message) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		if err := addAttempt(ctx, tx, a); err != nil {
			return err
		}
		return enqueue(ctx, tx, letters)
	})
}

func addAttempt(ctx context.Context, tx *sql.Tx, a credential.Attempt) error {
	return insert(ctx, tx, "already_taken.attempt",
		`INSERT INTO login_attempts (hash, kind, member, email, methods, code, state, tries, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		a.Hash[:], string(a.Kind), a.User.String(), a.Email, account.JoinMethods(a.Methods), a.Code[:], filled(a.State), a.Tries, a.ExpiresAt)
}

// Attempt returns the attempt whose secret has a hash.
func (c *Catalog) Attempt(ctx context.Context, hash credential.AttemptHash) (credential.Attempt, error) {
	return one(ctx, c, func(r row) (a credential.Attempt, err error) {
		var methods string
		err = r.Scan(digest32{(*[32]byte)(&a.Hash)}, &a.Kind, word{&a.User}, &a.Email, &methods, digest32{&a.Code}, &a.State, &a.Tries, &a.ExpiresAt)
		a.Methods = account.SplitMethods(methods)
		return a, err
	}, `SELECT hash, kind, member, email, methods, code, state, tries, expires_at FROM login_attempts WHERE hash = $1`, hash[:])
}

func noAttempt() error {
	return token.Refuse(token.NotFound, "not_found.login")
}

// TryAttempt uses up one of an attempt's tries.
func (c *Catalog) TryAttempt(ctx context.Context, hash credential.AttemptHash, most int64) error {
	return c.change(ctx, noAttempt(), `UPDATE login_attempts SET tries = tries + 1 WHERE hash = $1 AND tries < $2`, hash[:], most)
}

// Spend uses something up, for one caller only.
func (c *Catalog) Spend(ctx context.Context, spent credential.Spent) error {
	return c.write(ctx, func(tx *sql.Tx) error { return spend(ctx, tx, []credential.Spent{spent}) })
}

// spend uses things up, in the transaction of what they are used for.
func spend(ctx context.Context, tx *sql.Tx, all []credential.Spent) error {
	for _, s := range all {
		if s.Attempt != (credential.AttemptHash{}) {
			over := token.Refuse(token.Unauthorised, "login_over.too_long")
			if err := changeOne(ctx, tx, over, `DELETE FROM login_attempts WHERE hash = $1`, s.Attempt[:]); err != nil {
				return err
			}
		}
		used := token.Refuse(token.Unauthorised, "login_invalid.code_used")
		if s.Step != 0 {
			if err := changeOne(ctx, tx, used, `UPDATE authenticators SET step = $1 WHERE member = $2 AND step < $3`, s.Step, s.User.String(), s.Step); err != nil {
				return err
			}
		}
		if s.Recovery != (credential.RecoveryHash{}) {
			if err := changeOne(ctx, tx, used, `DELETE FROM recovery_codes WHERE member = $1 AND hash = $2`, s.User.String(), s.Recovery[:]); err != nil {
				return err
			}
		}
	}
	return nil
}

// DropAttemptsBefore forgets attempts that expired before a millisecond.
func (c *Catalog) DropAttemptsBefore(ctx context.Context, at int64) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM login_attempts WHERE expires_at < $1`, at)
		return err
	})
}
