package store

import (
	"context"
	"database/sql"

	"farthing.dev/farthing/domain/credential"
	"farthing.dev/farthing/domain/keyring"
	"farthing.dev/farthing/token"
)

var _ keyring.SecretStore = (*Catalog)(nil)

// Secret returns what is known of the secret, or CodeNotFound before it was recorded.
func (c *Catalog) Secret(ctx context.Context) (keyring.Secret, error) {
	return one(ctx, c, func(r row) (s keyring.Secret, err error) {
		err = r.Scan(&s.Fingerprint, &s.Lasting, &s.SetAt)
		return s, err
	}, `SELECT fingerprint, lasting, set_at FROM provider_secret WHERE id = 1`)
}

// AddSecret records the first secret, unless one is recorded already.
func (c *Catalog) AddSecret(ctx context.Context, s keyring.Secret) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO provider_secret (id, fingerprint, lasting, set_at) VALUES (1, $1, $2, $3) ON CONFLICT DO NOTHING`,
			s.Fingerprint, filled(s.Lasting), s.SetAt)
		return err
	})
}

// filled is b, or no bytes, which are something else than NULL.
func filled(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// SettleSecret waits until no rotation is under way, as one is whose commit waits for a standby
// long after its process has ended: what Secret returns then is what the secret is. Where that
// takes long it returns an error, and nothing is known.
func (c *Catalog) SettleSecret(ctx context.Context) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE provider_secret SET set_at = set_at WHERE id = 1`)
		return err
	})
}

// resealedAtOnce is how many authenticators or messages are in memory while they are resealed.
const resealedAtOnce = 500

// RotateSecret replaces the secret, and all that is encrypted under it. Authenticators
// that are being set up are forgotten: whoever sets one up begins again.
func (c *Catalog) RotateSecret(ctx context.Context, from []byte, to keyring.Secret, reseal keyring.Resealer) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		err := changeOne(ctx, tx, token.Refuse(token.Conflict, "stale.secret"),
			`UPDATE provider_secret SET fingerprint = $1, lasting = $2, set_at = $3 WHERE id = 1 AND fingerprint = $4`, to.Fingerprint, filled(to.Lasting), to.SetAt, from)
		if err != nil {
			return err
		}
		if err := resealSigningKeys(ctx, tx, reseal); err != nil {
			return err
		}
		if err := c.resealTicketKeys(ctx, tx, reseal); err != nil {
			return err
		}
		if err := resealAuthenticators(ctx, tx, reseal); err != nil {
			return err
		}
		if err := resealDeliveries(ctx, tx, reseal); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM login_attempts WHERE kind = $1`, string(credential.NewSecrets))
		return err
	})
}

func resealSigningKeys(ctx context.Context, tx *sql.Tx, reseal keyring.Resealer) error {
	keys, err := rowsOf(ctx, tx, func(r row) (k keyring.Key, err error) {
		err = r.Scan(&k.Use, &k.Slot, &k.ID, &k.Sealed)
		return k, err
	}, `SELECT purpose, slot, id, sealed FROM signing_keys`)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if len(k.Sealed) == 0 {
			continue // destroyed
		}
		sealed, err := reseal.SigningKey(k)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE signing_keys SET sealed = $1 WHERE purpose = $2 AND slot = $3`, sealed, string(k.Use), k.Slot); err != nil {
			return err
		}
	}
	return nil
}

func (c *Catalog) resealTicketKeys(ctx context.Context, tx *sql.Tx, reseal keyring.Resealer) error {
	keys, err := rowsOf(ctx, tx, func(r row) (k keyring.TicketKey, err error) {
		err = r.Scan(&k.Epoch, &k.ID, &k.Sealed, &k.CreatedAt)
		return k, err
	}, `SELECT epoch, id, sealed, created_at FROM ticket_roots`)
	if err != nil {
		return err
	}
	for _, k := range keys {
		var there bool
		if k.Sealed, there, err = c.unwrap(int64(k.Epoch), k.Sealed); err != nil {
			return err
		} else if !there {
			continue // destroyed
		}
		sealed, err := reseal.TicketKey(k)
		if err == nil {
			sealed, err = c.wrap(int64(k.Epoch), sealed)
		}
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE ticket_roots SET sealed = $1 WHERE epoch = $2 AND id = $3`, sealed, int64(k.Epoch), k.ID); err != nil {
			return err
		}
	}
	return nil
}

func resealAuthenticators(ctx context.Context, tx *sql.Tx, reseal keyring.Resealer) error {
	for last := ""; ; {
		found, err := rowsOf(ctx, tx, scanSealed, `SELECT member, sealed FROM authenticators WHERE member > $1 ORDER BY member LIMIT $2`, last, resealedAtOnce)
		if err != nil {
			return err
		}
		for _, a := range found {
			sealed, err := reseal.Authenticator(a.User, a.Sealed)
			if err != nil {
				return err
			}
			last = a.User.String()
			if _, err := tx.ExecContext(ctx, `UPDATE authenticators SET sealed = $1 WHERE member = $2`, sealed, last); err != nil {
				return err
			}
		}
		if len(found) < resealedAtOnce {
			return nil
		}
	}
}

// resealDeliveries reseals what waits to be sent. Kinds whose payload is not sealed have none.
func resealDeliveries(ctx context.Context, tx *sql.Tx, reseal keyring.Resealer) error {
	for last := ""; ; {
		found, err := rowsOf(ctx, tx, scanDelivery, `SELECT `+deliveryColumns+` FROM deliveries WHERE id > $1 ORDER BY id LIMIT $2`, last, resealedAtOnce)
		if err != nil {
			return err
		}
		for _, m := range found {
			last = m.ID.String()
			if len(m.Payload) == 0 {
				continue
			}
			sealed, err := reseal.Delivery(m.ID, m.Payload)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `UPDATE deliveries SET payload = $1 WHERE id = $2`, sealed, last); err != nil {
				return err
			}
		}
		if len(found) < resealedAtOnce {
			return nil
		}
	}
}

func scanSealed(r row) (a credential.Authenticator, err error) {
	err = r.Scan(word{&a.User}, &a.Sealed)
	return a, err
}

// SealedAuthenticators returns some authenticators, at most limit, with nothing but their
// users and encrypted secrets.
func (c *Catalog) SealedAuthenticators(ctx context.Context, limit int) ([]credential.Authenticator, error) {
	return list(ctx, c, scanSealed, `SELECT member, sealed FROM authenticators ORDER BY member LIMIT $1`, limit)
}

// rowsOf reads all rows that a query finds in a transaction.
func rowsOf[T any](ctx context.Context, tx *sql.Tx, scan func(row) (T, error), query string, args ...any) ([]T, error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		value, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, value)
	}
	return all, rows.Err()
}
