package store

import (
	"context"
	"database/sql"

	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/token"
)

// AddUser adds a user, a new account and the membership.
func (c *Catalog) AddUser(ctx context.Context, user account.User, owned account.Account) error {
	return c.write(ctx, func(tx *sql.Tx) error { return addUser(ctx, tx, user, owned) })
}

func addUser(ctx context.Context, tx *sql.Tx, user account.User, owned account.Account) error {
	err := insert(ctx, tx, "already_taken.login",
		`INSERT INTO users (id, email, name, password, account, created_at, buy_window) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		user.ID.String(), user.Email, user.Name, user.Password, user.Account.String(), user.CreatedAt, user.Window)
	if err != nil {
		return err
	}
	err = insert(ctx, tx, "already_taken.account",
		`INSERT INTO user_accounts (id, referrer, sandbox, created_at) VALUES ($1, $2, $3, $4)`,
		owned.ID.String(), owned.Referrer.String(), owned.Sandbox.String(), owned.CreatedAt)
	if err != nil {
		return err
	}
	return insert(ctx, tx, "already_taken.member",
		`INSERT INTO account_members (account, member, joined_at) VALUES ($1, $2, $3)`,
		owned.ID.String(), user.ID.String(), owned.CreatedAt)
}

const userColumns = `SELECT id, email, name, password, account, created_at, buy_window FROM users`

func scanUser(r row) (u account.User, err error) {
	err = r.Scan(word{&u.ID}, &u.Email, &u.Name, &u.Password, word{&u.Account}, &u.CreatedAt, &u.Window)
	return u, err
}

// User returns a user.
func (c *Catalog) User(ctx context.Context, id token.UserID) (account.User, error) {
	return one(ctx, c, scanUser, userColumns+` WHERE id = $1`, id.String())
}

// accountOfUser is looked for by sales, so it is read in the quickest way that there is.
var accountOfUser = FixedColumn{Table: "users", Key: "id", Column: "account"}

// AccountOf returns the account that a user's purchases are charged to.
func (c *Catalog) AccountOf(ctx context.Context, id token.UserID) (account token.AccountID, err error) {
	text, err := c.tables.FixedText(ctx, accountOfUser, id.String())
	if err != nil {
		return account, unavailable(err, "read the catalogue")
	}
	if text == "" {
		return account, token.Refuse(token.NotFound, "not_found.user")
	}
	return account, account.UnmarshalText([]byte(text))
}

// UserByEmail returns the user with an e-mail address.
func (c *Catalog) UserByEmail(ctx context.Context, email string) (account.User, error) {
	return one(ctx, c, scanUser, userColumns+` WHERE email = $1 AND email <> ''`, email)
}

// Account returns an account.
func (c *Catalog) Account(ctx context.Context, id token.AccountID) (account.Account, error) {
	return one(ctx, c, func(r row) (a account.Account, err error) {
		err = r.Scan(word{&a.ID}, word{&a.Referrer}, word{&a.Sandbox}, &a.CreatedAt)
		return a, err
	}, `SELECT id, referrer, sandbox, created_at FROM user_accounts WHERE id = $1`, id.String())
}

// Members returns who acts for an account, at most a hundred.
func (c *Catalog) Members(ctx context.Context, id token.AccountID) ([]account.Member, error) {
	return list(ctx, c, func(r row) (m account.Member, err error) {
		err = r.Scan(word{&m.Account}, word{&m.User}, &m.JoinedAt)
		return m, err
	}, `SELECT account, member, joined_at FROM account_members WHERE account = $1 ORDER BY joined_at, member LIMIT 100`, id.String())
}

// SetPassword replaces the hash of a user's password, ends all her sessions and what
// waits for her, and adds a session where one is given.
func (c *Catalog) SetPassword(ctx context.Context, id token.UserID, hash string, session *account.Session) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		if err := setPassword(ctx, tx, id, hash); err != nil || session == nil {
			return err
		}
		return addSession(ctx, tx, *session)
	})
}

// setPassword writes the user first: a login that goes on at the same time then sees the
// new password, or has its session ended here (see AddSession).
func setPassword(ctx context.Context, tx *sql.Tx, id token.UserID, hash string) error {
	if _, err := tx.ExecContext(ctx, `UPDATE users SET password = $1 WHERE id = $2`, hash, id.String()); err != nil {
		return err
	}
	for _, table := range []string{"sessions", "resets", "login_attempts"} {
		if _, err := tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE member = $1`, id.String()); err != nil {
			return err
		}
	}
	return nil
}

// SetWindow sets for how long after a login a user wants to be able to buy.
func (c *Catalog) SetWindow(ctx context.Context, id token.UserID, window int64) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE users SET buy_window = $1 WHERE id = $2`, window, id.String())
		return err
	})
}
