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
			sealed, err := c.sealTicketKey(ctx, tx, k)
			if err != nil {
				return err
			}
			var there int
			err = tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM ticket_roots WHERE epoch = $1`, int64(k.Epoch)).Scan(&there)
			if err == nil && there == 0 {
				err = addTicketKey(ctx, tx, k, sealed)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// RestoreTicketKeys adds keys beside whatever there is. Those that are there stay.
func (c *Catalog) RestoreTicketKeys(ctx context.Context, keys []keyring.TicketKey) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		for _, k := range keys {
			sealed, err := c.sealTicketKey(ctx, tx, k)
			if err == nil {
				err = addTicketKey(ctx, tx, k, sealed)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// sealTicketKey returns what is stored of a key: where the database's files are copied by
// others, it can be destroyed nevertheless. Keys of its epoch that nobody can open any more,
// since they came from a backup, make room. (That is seen by trying: which keys of the file are
// new would be forgotten when the transaction is rolled back.)
func (c *Catalog) sealTicketKey(ctx context.Context, tx *sql.Tx, k keyring.TicketKey) ([]byte, error) {
	sealed, err := c.wrap(int64(k.Epoch), k.Sealed)
	if err != nil {
		return nil, err
	}
	stored, err := ticketKeysOf(ctx, tx, k.Epoch)
	for _, old := range stored {
		var there bool
		if _, there, err = c.unwrap(int64(k.Epoch), old.Sealed); err == nil && !there {
			_, err = tx.ExecContext(ctx, `DELETE FROM ticket_roots WHERE epoch = $1 AND id = $2`, int64(k.Epoch), old.ID)
		}
		if err != nil {
			break
		}
	}
	return sealed, err
}

// ticketKeysOf returns the ids and sealed keys of an epoch.
func ticketKeysOf(ctx context.Context, tx *sql.Tx, epoch keyring.Epoch) (keys []keyring.TicketKey, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT id, sealed FROM ticket_roots WHERE epoch = $1`, int64(epoch))
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var k keyring.TicketKey
		if err := rows.Scan(&k.ID, &k.Sealed); err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, rows.Err()
}

func addTicketKey(ctx context.Context, tx *sql.Tx, k keyring.TicketKey, sealed []byte) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO ticket_roots (epoch, id, sealed, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		int64(k.Epoch), k.ID, sealed, k.CreatedAt)
	return err
}

// TicketKeys returns the keys of an epoch and those after it, oldest first, at most 64.
// Those that were destroyed are not there, whatever a restored database holds.
func (c *Catalog) TicketKeys(ctx context.Context, from keyring.Epoch) ([]keyring.TicketKey, error) {
	stored, err := list(ctx, c, func(r row) (k keyring.TicketKey, err error) {
		err = r.Scan(&k.Epoch, &k.ID, &k.Sealed, &k.CreatedAt)
		return k, err
	}, `SELECT epoch, id, sealed, created_at FROM ticket_roots WHERE epoch >= $1 ORDER BY epoch, created_at, id LIMIT 64`, int64(from))
	if err != nil {
		return nil, err
	}
	var keys []keyring.TicketKey
	for _, k := range stored {
		sealed, there, err := c.unwrap(int64(k.Epoch), k.Sealed)
		if err != nil {
			return nil, unavailable(err, "read the keys of tickets")
		}
		if there {
			k.Sealed = sealed
			keys = append(keys, k)
		}
	}
	return keys, nil
}

// Connections counts the connections to the database made so far.
func (c *Catalog) Connections() uint64 { return c.tables.Connections() }

// DropTicketKeys destroys the keys of epochs before one.
func (c *Catalog) DropTicketKeys(ctx context.Context, before keyring.Epoch) error {
	if files, ok := c.tables.(shredder); ok {
		if err := files.Shred(int64(before)); err != nil {
			return unavailable(err, "destroy the keys of tickets")
		}
	}
	return c.write(ctx, func(tx *sql.Tx) error {
		for _, table := range []string{"ticket_roots", "ticket_keys"} { // the second is what earlier versions wrote
			if _, err := tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE epoch < $1`, int64(before)); err != nil {
				return err
			}
		}
		return nil
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
