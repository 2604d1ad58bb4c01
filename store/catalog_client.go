package store

import (
	"context"
	"database/sql"

	"farthing.dev/farthing/domain/grant"
	"farthing.dev/farthing/token"
)

// AddClient adds a client.
func (c *Catalog) AddClient(ctx context.Context, client grant.Client) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		return insert(ctx, tx, "already_taken.client",
			`INSERT INTO openid_clients (id, vendor, name, secret, redirects, after_logout, backchannel, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			client.ID.String(), client.Vendor.String(), client.Name, client.Secret[:], jsonText(client.Redirects), jsonText(client.AfterLogout),
			client.Backchannel, client.CreatedAt)
	})
}

const clientColumns = `SELECT id, vendor, name, secret, redirects, after_logout, backchannel, created_at FROM openid_clients`

func scanClient(r row) (client grant.Client, err error) {
	err = r.Scan(word{&client.ID}, word{&client.Vendor}, &client.Name, digest32{(*[32]byte)(&client.Secret)}, document{&client.Redirects},
		document{&client.AfterLogout}, &client.Backchannel, &client.CreatedAt)
	return client, err
}

// Client returns a client.
func (c *Catalog) Client(ctx context.Context, id token.ClientID) (grant.Client, error) {
	return one(ctx, c, scanClient, clientColumns+` WHERE id = $1`, id.String())
}

// Clients returns a vendor's clients, newest first.
func (c *Catalog) Clients(ctx context.Context, vendor token.VendorID) ([]grant.Client, error) {
	return list(ctx, c, scanClient, clientColumns+` WHERE vendor = $1 ORDER BY id DESC LIMIT 100`, vendor.String())
}

// SetClientSecret replaces the hash of a client's secret.
func (c *Catalog) SetClientSecret(ctx context.Context, vendor token.VendorID, id token.ClientID, secret grant.Hash) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		return changed(tx.ExecContext(ctx, `UPDATE openid_clients SET secret = $1 WHERE vendor = $2 AND id = $3`, secret[:], vendor.String(), id.String()))
	})
}

// RemoveClient removes a client, and ends everything that was issued to it.
func (c *Catalog) RemoveClient(ctx context.Context, vendor token.VendorID, id token.ClientID, at int64) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		err := changed(tx.ExecContext(ctx, `DELETE FROM openid_clients WHERE vendor = $1 AND id = $2`, vendor.String(), id.String()))
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM openid_tokens WHERE grant_id IN (SELECT id FROM openid_grants WHERE client = $1)`, id.String())
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE openid_grants SET ended_at = CASE WHEN ended_at = 0 THEN CAST($1 AS BIGINT) ELSE ended_at END, tell_at = 0 WHERE client = $2`,
			at, id.String())
		return err
	})
}

// changed answers CodeNotFound where a statement changed no row.
func changed(result sql.Result, err error) error {
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err == nil && n == 0 {
		err = token.Refuse(token.NotFound, "not_found.site")
	}
	return err
}

// Consented reports whether a user has agreed to be known to a vendor.
func (c *Catalog) Consented(ctx context.Context, user token.UserID, vendor token.VendorID) (bool, error) {
	found, err := list(ctx, c, func(r row) (at int64, err error) {
		err = r.Scan(&at)
		return at, err
	}, `SELECT created_at FROM openid_consents WHERE member = $1 AND vendor = $2 LIMIT 1`, user.String(), vendor.String())
	return len(found) > 0, err
}

// Consents returns what a user agreed to, newest first, at most two hundred.
func (c *Catalog) Consents(ctx context.Context, user token.UserID) ([]grant.Consent, error) {
	return list(ctx, c, func(r row) (consent grant.Consent, err error) {
		err = r.Scan(word{&consent.Vendor}, &consent.At)
		return consent, err
	}, `SELECT vendor, created_at FROM openid_consents WHERE member = $1 ORDER BY created_at DESC, vendor LIMIT 200`, user.String())
}

// grantsAtOnce bounds the grants that end in one transaction: payments wait for it.
const grantsAtOnce = 200

// Withdraw takes a consent back and ends what was issued to the vendor for the user. Where
// that is much it takes several transactions, and the consent goes with the last.
func (c *Catalog) Withdraw(ctx context.Context, user token.UserID, vendor token.VendorID, at int64) error {
	for {
		more := false
		err := c.write(ctx, func(tx *sql.Tx) error {
			living, err := grantsOf(ctx, tx, user, vendor)
			if err != nil {
				return err
			}
			if more = len(living) == grantsAtOnce; !more {
				gone, err := tx.ExecContext(ctx, `DELETE FROM openid_consents WHERE member = $1 AND vendor = $2`, user.String(), vendor.String())
				if err := changed(gone, err); err != nil {
					return err
				}
			}
			return endLogins(ctx, tx, living, at)
		})
		if err != nil || !more {
			return err
		}
	}
}

// grantsOf returns the first grants of a user at a vendor that the client was not told the
// end of, oldest first.
func grantsOf(ctx context.Context, tx *sql.Tx, user token.UserID, vendor token.VendorID) (living []token.GrantID, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT id FROM openid_grants WHERE member = $1 AND vendor = $2 AND (ended_at = 0 OR tell_at < 0) ORDER BY id LIMIT $3`,
		user.String(), vendor.String(), grantsAtOnce)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id token.GrantID
		if err := rows.Scan(word{&id}); err != nil {
			return nil, err
		}
		living = append(living, id)
	}
	return living, rows.Err()
}

// AddConsent remembers that a user agreed to be known to a vendor.
func (c *Catalog) AddConsent(ctx context.Context, user token.UserID, vendor token.VendorID, at int64) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO openid_consents (member, vendor, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
			user.String(), vendor.String(), at)
		return err
	})
}
