package store

import (
	"context"
	"database/sql"

	"farthing.dev/farthing/domain/keyring"
)

// AddTicketKeys adds keys, but for epochs that have one already.
func (c *Catalog) AddTicketKeys(ctx context.Context, keys []keyring.TicketKey) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		for _, k := range keys {
			_, err := tx.ExecContext(ctx, `INSERT INTO ticket_keys (epoch, sealed, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
				int64(k.Epoch), k.Sealed, k.CreatedAt)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// TicketKeys returns the keys of an epoch and those after it, oldest first, at most 16.
func (c *Catalog) TicketKeys(ctx context.Context, from keyring.Epoch) ([]keyring.TicketKey, error) {
	return list(ctx, c, func(r row) (k keyring.TicketKey, err error) {
		err = r.Scan(&k.Epoch, &k.Sealed, &k.CreatedAt)
		return k, err
	}, `SELECT epoch, sealed, created_at FROM ticket_keys WHERE epoch >= $1 ORDER BY epoch LIMIT 16`, int64(from))
}

// DropTicketKeys deletes the keys of epochs before one.
func (c *Catalog) DropTicketKeys(ctx context.Context, before keyring.Epoch) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM ticket_keys WHERE epoch < $1`, int64(before))
		return err
	})
}

// scrubber is a database that can have deleted rows leave its files.
type scrubber interface {
	Scrub(ctx context.Context) error
}

// Scrub has what was deleted leave the database's files, where the database can.
func (c *Catalog) Scrub(ctx context.Context) error {
	if files, ok := c.tables.(scrubber); ok {
		return unavailable(files.Scrub(ctx), "scrub the database's files")
	}
	return nil
}
