package store

import (
	"context"
	"database/sql"

	"farthing.dev/farthing/domain/security"
	"farthing.dev/farthing/token"
)

var _ security.Store = (*Catalog)(nil)

// AddEvents adds lines to the security log, all or none. Those that are there already are
// not added again; how often they happened is what is said last.
func (c *Catalog) AddEvents(ctx context.Context, events []security.Event) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		for i := range events {
			e := &events[i]
			_, err := tx.ExecContext(ctx, `INSERT INTO security_events (id, at, code, vendor, member, ordered, detail, times) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
				ON CONFLICT (id) DO UPDATE SET times = excluded.times`,
				e.ID.String(), e.At, string(e.Code), e.Vendor.String(), e.User.String(), e.Order.String(), e.Detail, e.Times)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

const eventColumns = `SELECT id, at, code, vendor, member, ordered, detail, times FROM security_events`

func scanEvent(r row) (e security.Event, err error) {
	var code string
	err = r.Scan(word{&e.ID}, &e.At, &code, word{&e.Vendor}, word{&e.User}, word{&e.Order}, &e.Detail, &e.Times)
	e.Code = token.Code(code)
	return e, err
}

// EventsOfUser returns a page of the lines that name a user.
func (c *Catalog) EventsOfUser(ctx context.Context, user token.UserID, before token.EventID, limit int) ([]security.Event, error) {
	return list(ctx, c, scanEvent, eventColumns+` WHERE member = $1 AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3`,
		user.String(), before.String(), limit)
}

// EventsOfVendor returns a page of the lines that name a vendor.
func (c *Catalog) EventsOfVendor(ctx context.Context, vendor token.VendorID, before token.EventID, limit int) ([]security.Event, error) {
	return list(ctx, c, scanEvent, eventColumns+` WHERE vendor = $1 AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3`,
		vendor.String(), before.String(), limit)
}

// DropEventsBefore forgets the lines from before a time.
func (c *Catalog) DropEventsBefore(ctx context.Context, at int64) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM security_events WHERE at < $1`, at)
		return err
	})
}
