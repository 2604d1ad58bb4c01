package store

import (
	"context"
	"database/sql"
	"encoding/hex"

	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/token"
)

var _ staff.Store = (*Catalog)(nil)

// AddStaff gives a user a role.
func (c *Catalog) AddStaff(ctx context.Context, m staff.Member, act staff.Act) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		err := insert(ctx, tx, "already_taken.role",
			`INSERT INTO staff (member, role, added_at) VALUES ($1, $2, $3)`, m.User.String(), string(m.Role), m.AddedAt)
		if err != nil {
			return err
		}
		return addAct(ctx, tx, act)
	})
}

// RemoveStaff takes a role away from a user, and ends the user's sessions.
func (c *Catalog) RemoveStaff(ctx context.Context, user token.UserID, role staff.Role, act staff.Act) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		if err := changeOne(ctx, tx, token.Refuse(token.NotFound, "not_found.role"), `DELETE FROM staff WHERE member = $1 AND role = $2`, user.String(), string(role)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE member = $1`, user.String()); err != nil {
			return err
		}
		return addAct(ctx, tx, act)
	})
}

// Roles returns the roles of a user.
func (c *Catalog) Roles(ctx context.Context, user token.UserID) ([]staff.Role, error) {
	return list(ctx, c, func(r row) (role staff.Role, err error) {
		err = r.Scan(&role)
		return role, err
	}, `SELECT role FROM staff WHERE member = $1 ORDER BY role LIMIT 20`, user.String())
}

// Staff returns everybody with a role.
func (c *Catalog) Staff(ctx context.Context) ([]staff.Member, error) {
	return list(ctx, c, func(r row) (m staff.Member, err error) {
		err = r.Scan(word{&m.User}, &m.Role, &m.AddedAt)
		return m, err
	}, `SELECT member, role, added_at FROM staff ORDER BY added_at, member, role LIMIT 200`)
}

// AddOperatorKey adds a key.
func (c *Catalog) AddOperatorKey(ctx context.Context, k staff.Key, act staff.Act) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		err := insert(ctx, tx, "already_taken.key",
			`INSERT INTO operator_keys (id, hash, name, hint, made_by, created_at, revoked_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			k.ID.String(), k.Hash[:], k.Name, k.Hint, k.MadeBy.String(), k.CreatedAt, k.RevokedAt)
		if err != nil {
			return err
		}
		return addAct(ctx, tx, act)
	})
}

const operatorKeyColumns = `SELECT id, hash, name, hint, made_by, created_at, revoked_at FROM operator_keys`

func scanOperatorKey(r row) (k staff.Key, err error) {
	err = r.Scan(word{&k.ID}, digest32{&k.Hash}, &k.Name, &k.Hint, word{&k.MadeBy}, &k.CreatedAt, &k.RevokedAt)
	return k, err
}

// OperatorKeys returns the keys.
func (c *Catalog) OperatorKeys(ctx context.Context) ([]staff.Key, error) {
	return list(ctx, c, scanOperatorKey, operatorKeyColumns+` ORDER BY id DESC LIMIT 200`)
}

// OperatorKeyByHash returns the key whose secret has a hash.
func (c *Catalog) OperatorKeyByHash(ctx context.Context, hash [32]byte) (staff.Key, error) {
	return one(ctx, c, scanOperatorKey, operatorKeyColumns+` WHERE hash = $1`, hash[:])
}

// RevokeOperatorKey ends a key.
func (c *Catalog) RevokeOperatorKey(ctx context.Context, id token.KeyID, at int64, act staff.Act) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		err := changeOne(ctx, tx, token.Refuse(token.NotFound, "not_found.key"),
			`UPDATE operator_keys SET revoked_at = CASE WHEN revoked_at = 0 THEN $1 ELSE revoked_at END WHERE id = $2`, at, id.String())
		if err != nil {
			return err
		}
		return addAct(ctx, tx, act)
	})
}

// Vendors returns a page of all vendors.
func (c *Catalog) Vendors(ctx context.Context, before token.VendorID, limit int) ([]catalog.Vendor, error) {
	return list(ctx, c, scanVendor, vendorColumns+` WHERE ($1 = '' OR id < $1) ORDER BY id DESC LIMIT $2`, before.String(), limit)
}

// Count returns how many people log in, and how many vendors there are.
func (c *Catalog) Count(ctx context.Context) (people, vendors int64, err error) {
	err = c.tables.SQL().QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM users WHERE email <> ''), (SELECT COUNT(*) FROM vendors)`).Scan(&people, &vendors)
	return people, vendors, unavailable(err, "count the catalogue")
}

// Claim takes a request's key.
func (c *Catalog) Claim(ctx context.Context, request catalog.Request) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		_, err := again(ctx, tx, request, token.EventID{}, 0)
		return err
	})
}

// Unclaim gives a request's key back.
func (c *Catalog) Unclaim(ctx context.Context, request catalog.Request) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM requests WHERE scope = $1 AND hash = $2 AND digest = $3`,
			hex.EncodeToString(request.Key.Scope[:]), hex.EncodeToString(request.Key.Hash[:]), hex.EncodeToString(request.Key.Digest[:]))
		return err
	})
}
