package store

import (
	"context"
	"database/sql"

	"farthing.dev/farthing/domain/credential"
	"farthing.dev/farthing/token"
)

var _ credential.Store = (*Catalog)(nil)

// AddPasskey adds a passkey.
func (c *Catalog) AddPasskey(ctx context.Context, p credential.Passkey, spent ...credential.Spent) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		if err := spend(ctx, tx, spent); err != nil {
			return err
		}
		return insert(ctx, tx, "already_taken.passkey",
			`INSERT INTO passkeys (id, member, name, public_key, sign_count, transports, eligible, backed_up, created_at, used_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			p.ID, p.User.String(), p.Name, p.Public, int64(p.SignCount), p.Transports, number(p.Eligible), number(p.BackedUp), p.CreatedAt, p.UsedAt)
	})
}

const passkeyColumns = `SELECT id, member, name, public_key, sign_count, transports, eligible, backed_up, created_at, used_at FROM passkeys`

func scanPasskey(r row) (p credential.Passkey, err error) {
	var count, eligible, backedUp int64
	err = r.Scan(&p.ID, word{&p.User}, &p.Name, &p.Public, &count, &p.Transports, &eligible, &backedUp, &p.CreatedAt, &p.UsedAt)
	p.SignCount, p.Eligible, p.BackedUp = uint32(count), eligible != 0, backedUp != 0
	return p, err
}

// Passkey returns a passkey.
func (c *Catalog) Passkey(ctx context.Context, id []byte) (credential.Passkey, error) {
	return one(ctx, c, scanPasskey, passkeyColumns+` WHERE id = $1`, id)
}

// Passkeys returns a user's passkeys, oldest first.
func (c *Catalog) Passkeys(ctx context.Context, user token.UserID) ([]credential.Passkey, error) {
	return list(ctx, c, scanPasskey, passkeyColumns+` WHERE member = $1 ORDER BY created_at, id LIMIT 100`, user.String())
}

// UsePasskey records a use, unless the sign count is not above the last one.
func (c *Catalog) UsePasskey(ctx context.Context, p credential.Passkey) error {
	return c.change(ctx, token.Refuse(token.Conflict, "stale.passkey"),
		`UPDATE passkeys SET sign_count = $1, backed_up = $2, used_at = $3 WHERE id = $4 AND (sign_count < $5 OR (sign_count = 0 AND CAST($6 AS BIGINT) = 0))`,
		int64(p.SignCount), number(p.BackedUp), p.UsedAt, p.ID, int64(p.SignCount), int64(p.SignCount))
}

// RenamePasskey changes what a user calls a passkey.
func (c *Catalog) RenamePasskey(ctx context.Context, user token.UserID, id []byte, name string) error {
	return c.change(ctx, noPasskey(), `UPDATE passkeys SET name = $1 WHERE member = $2 AND id = $3`, name, user.String(), id)
}

// DropPasskey removes a user's passkey.
func (c *Catalog) DropPasskey(ctx context.Context, user token.UserID, id []byte) error {
	return c.change(ctx, noPasskey(), `DELETE FROM passkeys WHERE member = $1 AND id = $2`, user.String(), id)
}

func noPasskey() error {
	return token.Refuse(token.NotFound, "not_found.passkey")
}

// change runs a statement that is to change one row, or answers that it found none.
func (c *Catalog) change(ctx context.Context, none error, query string, args ...any) error {
	return c.write(ctx, func(tx *sql.Tx) error { return changeOne(ctx, tx, none, query, args...) })
}

func changeOne(ctx context.Context, tx *sql.Tx, none error, query string, args ...any) error {
	result, err := tx.ExecContext(ctx, query, args...)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return none
}

// SetAuthenticator replaces a user's authenticator and recovery codes.
func (c *Catalog) SetAuthenticator(ctx context.Context, a credential.Authenticator, codes []credential.RecoveryHash, spent ...credential.Spent) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		if err := spend(ctx, tx, spent); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM authenticators WHERE member = $1`, a.User.String()); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO authenticators (member, sealed, step, created_at) VALUES ($1, $2, $3, $4)`, a.User.String(), a.Sealed, a.Step, a.CreatedAt)
		if err != nil {
			return err
		}
		return setRecoveryCodes(ctx, tx, a.User, codes)
	})
}

// Authenticator returns a user's authenticator.
func (c *Catalog) Authenticator(ctx context.Context, user token.UserID) (credential.Authenticator, error) {
	return one(ctx, c, func(r row) (a credential.Authenticator, err error) {
		err = r.Scan(word{&a.User}, &a.Sealed, &a.Step, &a.CreatedAt)
		return a, err
	}, `SELECT member, sealed, step, created_at FROM authenticators WHERE member = $1`, user.String())
}

// DropAuthenticator removes a user's authenticator and recovery codes.
func (c *Catalog) DropAuthenticator(ctx context.Context, user token.UserID) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		if err := setRecoveryCodes(ctx, tx, user, nil); err != nil {
			return err
		}
		return changeOne(ctx, tx, token.Refuse(token.NotFound, "not_found.authenticator"),
			`DELETE FROM authenticators WHERE member = $1`, user.String())
	})
}

// SetRecoveryCodes replaces a user's recovery codes.
func (c *Catalog) SetRecoveryCodes(ctx context.Context, user token.UserID, codes []credential.RecoveryHash) error {
	return c.write(ctx, func(tx *sql.Tx) error { return setRecoveryCodes(ctx, tx, user, codes) })
}

func setRecoveryCodes(ctx context.Context, tx *sql.Tx, user token.UserID, codes []credential.RecoveryHash) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM recovery_codes WHERE member = $1`, user.String()); err != nil {
		return err
	}
	for _, code := range codes {
		if _, err := tx.ExecContext(ctx, `INSERT INTO recovery_codes (member, hash) VALUES ($1, $2)`, user.String(), code[:]); err != nil {
			return err
		}
	}
	return nil
}

// RecoveryCodesLeft returns how many recovery codes a user has.
func (c *Catalog) RecoveryCodesLeft(ctx context.Context, user token.UserID) (int, error) {
	return one(ctx, c, func(r row) (n int, err error) {
		err = r.Scan(&n)
		return n, err
	}, `SELECT COUNT(*) FROM recovery_codes WHERE member = $1`, user.String())
}
