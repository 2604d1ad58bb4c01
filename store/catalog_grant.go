package store

import (
	"context"
	"database/sql"
	"errors"

	"farthing.dev/farthing/delivery"
	"farthing.dev/farthing/domain/grant"
	"farthing.dev/farthing/token"
)

var _ grant.Store = (*Catalog)(nil)

const grantColumns = `g.id, g.client, g.vendor, g.member, g.session, g.code, g.code_until, g.code_used, g.redirect, g.challenge, g.nonce, g.offline,
	g.auth_at, g.created_at, g.ended_at, CASE WHEN s.id IS NULL THEN 1 ELSE 0 END`

// scanGrant reads grantColumns, after more. A grant whose session is over has ended.
func scanGrant(r row, at int64, more ...any) (g grant.Grant, err error) {
	var offline, over int64
	err = r.Scan(append(more, word{&g.ID}, word{&g.Client}, word{&g.Vendor}, word{&g.User}, word{&g.Session}, digest32{(*[32]byte)(&g.Code)},
		&g.CodeUntil, &g.CodeUsed, &g.Redirect, &g.Challenge, &g.Nonce, &offline, &g.AuthAt, &g.CreatedAt, &g.EndedAt, &over)...)
	g.Offline = offline != 0
	if over != 0 && g.EndedAt == 0 {
		g.EndedAt = at
	}
	return g, err
}

// AddGrant adds a grant.
func (c *Catalog) AddGrant(ctx context.Context, g grant.Grant) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		return insert(ctx, tx, "already_taken.grant", `INSERT INTO openid_grants (id, client, vendor, member, session, code, code_until,
			code_used, redirect, challenge, nonce, offline, auth_at, created_at, ended_at, tell_at, tries)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 0, 0)`,
			g.ID.String(), g.Client.String(), g.Vendor.String(), g.User.String(), g.Session.String(), g.Code[:], g.CodeUntil,
			g.CodeUsed, g.Redirect, g.Challenge, g.Nonce, number(g.Offline), g.AuthAt, g.CreatedAt, g.EndedAt)
	})
}

// TakeCode marks a code as presented and does what follows from it.
func (c *Catalog) TakeCode(ctx context.Context, code grant.Hash, at int64, issue func(grant.Grant) (grant.Verdict, error)) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		first, err := changes(tx.ExecContext(ctx, `UPDATE openid_grants SET code_used = $1 WHERE code = $2 AND code_used = 0`, at, code[:]))
		if err != nil {
			return err
		}
		g, err := scanGrant(tx.QueryRowContext(ctx, `SELECT `+grantColumns+` FROM openid_grants g
			LEFT JOIN sessions s ON s.id = g.session AND s.expires_at > $1 WHERE g.code = $2`, at, code[:]), at)
		if err != nil {
			return absent(err, "not_found.grant_code")
		}
		if first {
			g.CodeUsed = 0
		}
		return follow(ctx, tx, g.ID, at, func() (grant.Verdict, error) { return issue(g) })
	})
}

// changes reports whether a statement changed anything.
func changes(result sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// follow does what follows when something of a grant was presented.
func follow(ctx context.Context, tx *sql.Tx, id token.GrantID, at int64, issue func() (grant.Verdict, error)) error {
	verdict, err := issue()
	if err != nil {
		return err
	}
	for _, t := range verdict.Tokens {
		err := insert(ctx, tx, "already_taken.grant_token",
			`INSERT INTO openid_tokens (hash, grant_id, kind, until, used_at, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			t.Hash[:], t.Grant.String(), string(t.Use), t.Until, t.UsedAt, t.CreatedAt)
		if err != nil {
			return err
		}
	}
	if verdict.End {
		return endGrant(ctx, tx, id, at)
	}
	return nil
}

const tokenColumns = `SELECT t.hash, t.grant_id, t.kind, t.until, t.used_at, t.created_at, ` + grantColumns + ` FROM openid_tokens t
	JOIN openid_grants g ON g.id = t.grant_id LEFT JOIN sessions s ON s.id = g.session AND s.expires_at > $1 WHERE t.hash = $2`

func scanToken(r row, at int64) (t grant.Token, g grant.Grant, err error) {
	var kind string
	g, err = scanGrant(r, at, digest32{(*[32]byte)(&t.Hash)}, word{&t.Grant}, &kind, &t.Until, &t.UsedAt, &t.CreatedAt)
	t.Use = grant.Use(kind)
	return t, g, absent(err, "not_found.grant_token")
}

// TakeRefresh marks a refresh token as used and does what follows from it. The grant's row
// is written first, as by whoever ends it: so neither waits for the other in a circle, and
// nothing is issued for a grant that ends meanwhile.
func (c *Catalog) TakeRefresh(ctx context.Context, hash, next grant.Hash, at int64, issue func(grant.Taken) (grant.Verdict, error)) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE openid_grants SET ended_at = ended_at
			WHERE id = (SELECT grant_id FROM openid_tokens WHERE hash = $1 AND kind = 'refresh')`, hash[:])
		if err != nil {
			return err
		}
		first, err := changes(tx.ExecContext(ctx, `UPDATE openid_tokens SET used_at = $1 WHERE hash = $2 AND used_at = 0 AND kind = 'refresh'`, at, hash[:]))
		if err != nil {
			return err
		}
		var taken grant.Taken
		taken.Token, taken.Grant, err = scanToken(tx.QueryRowContext(ctx, tokenColumns+` AND t.kind = 'refresh'`, at, hash[:]), at)
		if err != nil {
			return err
		}
		if first {
			taken.Token.UsedAt = 0
		}
		taken.Next, _, err = scanToken(tx.QueryRowContext(ctx, tokenColumns+` AND t.kind = 'refresh'`, at, next[:]), at)
		if err != nil && token.CodeOf(err) != token.CodeNotFound {
			return err
		}
		return follow(ctx, tx, taken.Grant.ID, at, func() (grant.Verdict, error) { return issue(taken) })
	})
}

// FindToken returns a token with its grant.
func (c *Catalog) FindToken(ctx context.Context, hash grant.Hash, at int64) (grant.Token, grant.Grant, error) {
	type found struct {
		token grant.Token
		grant grant.Grant
	}
	f, err := one(ctx, c, func(r row) (f found, err error) {
		f.token, f.grant, err = scanToken(r, at)
		return f, err
	}, tokenColumns, at, hash[:])
	return f.token, f.grant, err
}

// EndGrant ends a grant and forgets its tokens.
func (c *Catalog) EndGrant(ctx context.Context, id token.GrantID, at int64) error {
	return c.write(ctx, func(tx *sql.Tx) error { return endGrant(ctx, tx, id, at) })
}

// endGrant ends a grant and forgets its tokens. The client may still keep the reader
// logged in, so it is told when her session is over: tell_at is -1 until then.
func endGrant(ctx context.Context, tx *sql.Tx, id token.GrantID, at int64) error {
	if _, err := tx.ExecContext(ctx, `UPDATE openid_grants SET ended_at = $1, tell_at = -1 WHERE id = $2 AND ended_at = 0`, at, id.String()); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM openid_tokens WHERE grant_id = $1`, id.String())
	return err
}

// EndLogins ends grants whose session is over, or whose code nobody came for in time,
// among `limit` after one.
func (c *Catalog) EndLogins(ctx context.Context, after token.GrantID, at int64, limit int) (last token.GrantID, err error) {
	type seen struct {
		id   token.GrantID
		over int64
	}
	grants, err := list(ctx, c, func(r row) (s seen, err error) {
		err = r.Scan(word{&s.id}, &s.over)
		return s, err
	}, `SELECT g.id, CASE WHEN s.id IS NULL OR (g.code_used = 0 AND g.code_until < $1) THEN 1 ELSE 0 END FROM openid_grants g
		LEFT JOIN sessions s ON s.id = g.session AND s.expires_at > $1 WHERE (g.ended_at = 0 OR g.tell_at < 0) AND g.id > $2 ORDER BY g.id LIMIT $3`,
		at, after.String(), limit)
	if err != nil {
		return after, err
	}
	var over []token.GrantID
	for _, g := range grants {
		if g.over != 0 {
			over = append(over, g.id)
		}
	}
	if len(over) > 0 {
		if err := c.write(ctx, func(tx *sql.Tx) error { return endLogins(ctx, tx, over, at) }); err != nil {
			return after, err
		}
	}
	if len(grants) < limit {
		return token.GrantID{}, nil
	}
	return grants[len(grants)-1].id, nil
}

// endLogins ends grants, oldest first, and enqueues that their clients be told. A client is told
// once of a session, by the newest grant that it got anything for.
func endLogins(ctx context.Context, tx *sql.Tx, over []token.GrantID, at int64) error {
	var logouts []delivery.Message
	for _, id := range over {
		told, err := rowsOf(ctx, tx, func(r row) (backchannel string, err error) {
			err = r.Scan(&backchannel)
			return backchannel, err
		}, `SELECT c.backchannel FROM openid_grants g JOIN openid_clients c ON c.id = g.client WHERE g.id = $1 AND g.code_used > 0 AND c.backchannel <> ''
			AND NOT EXISTS (SELECT 1 FROM openid_grants n WHERE n.session = g.session AND n.client = g.client
				AND n.id > g.id AND n.code_used > 0 AND (n.ended_at = 0 OR n.tell_at < 0))`, id.String())
		if err != nil {
			return err
		}
		first, err := changes(tx.ExecContext(ctx, `UPDATE openid_grants SET ended_at = CASE WHEN ended_at = 0 THEN CAST($1 AS BIGINT) ELSE ended_at END, tell_at = 0
			WHERE id = $2 AND (ended_at = 0 OR tell_at < 0)`, at, id.String()))
		if err != nil {
			return err
		}
		if first && len(told) > 0 {
			logouts = append(logouts, grant.LogoutMessage(id, told[0], at))
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM openid_tokens WHERE grant_id = $1`, id.String()); err != nil {
			return err
		}
	}
	return enqueue(ctx, tx, logouts)
}

// Logout returns what a client is to be told of a grant that ended.
func (c *Catalog) Logout(ctx context.Context, id token.GrantID) (grant.Logout, error) {
	return one(ctx, c, func(r row) (l grant.Logout, err error) {
		err = r.Scan(word{&l.Grant}, word{&l.Client}, word{&l.Vendor}, word{&l.User}, word{&l.Session}, &l.Backchannel)
		return l, err
	}, `SELECT g.id, g.client, g.vendor, g.member, g.session, c.backchannel FROM openid_grants g JOIN openid_clients c ON c.id = g.client WHERE g.id = $1`, id.String())
}

// DropGrants forgets grants that ended, and tokens that expired, before a millisecond; but
// not a grant whose client is still to be told.
func (c *Catalog) DropGrants(ctx context.Context, before int64) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM openid_grants WHERE ended_at > 0 AND ended_at < $1 AND tell_at = 0
			AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.id = 'dlv_' || substr(openid_grants.id, 5))`, before)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM openid_tokens WHERE until < $1`, before)
		return err
	})
}

// absent answers CodeNotFound where a query found no row.
func absent(err error, reason token.Reason) error {
	if errors.Is(err, sql.ErrNoRows) {
		return token.Refuse(token.NotFound, reason)
	}
	return err
}
