package store

import (
	"context"
	"database/sql"

	"farthing.dev/farthing/domain/keyring"
)

// AddSigningKey adds a key, unless its use has one of the same slot already.
func (c *Catalog) AddSigningKey(ctx context.Context, k keyring.Key) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO signing_keys (purpose, slot, id, public, sealed, created_at)
			VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`, string(k.Use), k.Slot, k.ID, k.Public, k.Sealed, k.CreatedAt)
		return err
	})
}

// SigningKeys returns the keys of a use, newest slot first, at most 200.
func (c *Catalog) SigningKeys(ctx context.Context, use keyring.Use) ([]keyring.Key, error) {
	return list(ctx, c, func(r row) (k keyring.Key, err error) {
		err = r.Scan(&k.Use, &k.Slot, &k.ID, &k.Public, &k.Sealed, &k.CreatedAt)
		return k, err
	}, `SELECT purpose, slot, id, public, sealed, created_at FROM signing_keys WHERE purpose = $1 ORDER BY slot DESC LIMIT 200`, string(use))
}

// RetireSigningKeys destroys the private parts of keys of slots below wipe, and
// forgets keys of slots below drop altogether.
func (c *Catalog) RetireSigningKeys(ctx context.Context, use keyring.Use, wipe, drop int64) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE signing_keys SET sealed = $1 WHERE purpose = $2 AND slot < $3`, []byte{}, string(use), wipe)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM signing_keys WHERE purpose = $1 AND slot < $2`, string(use), drop)
		return err
	})
}
