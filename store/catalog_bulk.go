package store

import (
	"context"
	"database/sql"

	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/catalog"
)

// Many rows go into one statement, and many statements into one transaction: for
// imports and benchmarks, which bring thousands of rows at once.

// AddUsers adds users with their own accounts and memberships: the n-th user owns the
// n-th account. Those that are there already stay as they are.
func (c *Catalog) AddUsers(ctx context.Context, users []account.User, owned []account.Account) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		people := bulk{into: `users (id, email, name, password, account, created_at)`}
		accounts := bulk{into: `user_accounts (id, referrer, sandbox, created_at)`}
		members := bulk{into: `account_members (account, member, joined_at)`}
		for i, u := range users {
			a := owned[i]
			people.add(u.ID.String(), u.Email, u.Name, u.Password, u.Account.String(), u.CreatedAt)
			accounts.add(a.ID.String(), a.Referrer.String(), a.Sandbox.String(), a.CreatedAt)
			members.add(a.ID.String(), u.ID.String(), a.CreatedAt)
			for _, table := range []*bulk{&people, &accounts, &members} {
				if err := table.insert(ctx, tx, i == len(users)-1); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// AddOffers adds offers. Versions that are there already stay as they are.
func (c *Catalog) AddOffers(ctx context.Context, offers []catalog.Offer) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		rows := bulk{into: `offers (id, version, vendor, item, price, currency, split, created_at)`}
		for i, o := range offers {
			rows.add(o.ID.String(), int64(o.Version), o.Vendor.String(), jsonText(o.Item), int64(o.Price), o.Currency.String(), o.Split.String(), o.CreatedAt)
			if err := rows.insert(ctx, tx, i == len(offers)-1); err != nil {
				return err
			}
		}
		return nil
	})
}

// bulk collects rows for one table.
type bulk struct {
	into string
	rows int
	args []any
}

// bulkRows is how many rows go into one statement. SQLite compares the name of each
// parameter with those of all before it, so more rows are slower.
const bulkRows = 12

func (b *bulk) add(args ...any) {
	b.rows++
	b.args = append(b.args, args...)
}

// insert writes the rows collected, once there are enough or no more will come.
func (b *bulk) insert(ctx context.Context, tx *sql.Tx, last bool) error {
	if b.rows == 0 || (b.rows < bulkRows && !last) {
		return nil
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO "+b.into+" VALUES "+places(b.rows, len(b.args)/b.rows)+" ON CONFLICT DO NOTHING", b.args...)
	b.rows, b.args = 0, b.args[:0]
	return err
}
