package store

import (
	"context"
	"database/sql"
	"errors"

	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/token"
)

// AddVendor adds a vendor, its first member, its first site and its test reader.
func (c *Catalog) AddVendor(ctx context.Context, v catalog.Vendor, m catalog.Member, s catalog.Site, reader account.User, sandbox account.Account) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		if err := addUser(ctx, tx, reader, sandbox); err != nil {
			return err
		}
		err := insert(ctx, tx, "already_taken.vendor",
			`INSERT INTO vendors (id, name, fee_ppm, fee_fixed, sandbox_user, sandbox_account, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			v.ID.String(), v.Name, v.Fee.PPM, int64(v.Fee.Fixed), v.SandboxUser.String(), v.SandboxAccount.String(), v.CreatedAt)
		if err != nil {
			return err
		}
		err = insert(ctx, tx, "already_taken.member",
			`INSERT INTO vendor_members (vendor, member, joined_at) VALUES ($1, $2, $3)`, m.Vendor.String(), m.User.String(), m.JoinedAt)
		if err != nil {
			return err
		}
		return addSite(ctx, tx, s)
	})
}

const vendorColumns = `SELECT id, name, fee_ppm, fee_fixed, sandbox_user, sandbox_account, created_at FROM vendors`

func scanVendor(r row) (v catalog.Vendor, err error) {
	err = r.Scan(word{&v.ID}, &v.Name, &v.Fee.PPM, &v.Fee.Fixed, word{&v.SandboxUser}, word{&v.SandboxAccount}, &v.CreatedAt)
	return v, err
}

// Vendor returns a vendor.
func (c *Catalog) Vendor(ctx context.Context, id token.VendorID) (catalog.Vendor, error) {
	return one(ctx, c, scanVendor, vendorColumns+` WHERE id = $1`, id.String())
}

// VendorsOf returns the vendors that a user is a member of, at most a hundred.
func (c *Catalog) VendorsOf(ctx context.Context, user token.UserID) ([]token.VendorID, error) {
	return list(ctx, c, func(r row) (id token.VendorID, err error) {
		err = r.Scan(word{&id})
		return id, err
	}, `SELECT vendor FROM vendor_members WHERE member = $1 ORDER BY vendor LIMIT 100`, user.String())
}

// AddKey adds an API key.
func (c *Catalog) AddKey(ctx context.Context, k catalog.APIKey) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		return insert(ctx, tx, "already_taken.key",
			`INSERT INTO api_keys (id, vendor, hash, login, hint, test, created_at, revoked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			k.ID.String(), k.Vendor.String(), k.Hash[:], k.Login, k.Hint, number(k.Test), k.CreatedAt, k.RevokedAt)
	})
}

const keyColumns = `SELECT id, vendor, hash, login, hint, test, created_at, revoked_at FROM api_keys`

func scanKey(r row) (k catalog.APIKey, err error) {
	var test int64
	err = r.Scan(word{&k.ID}, word{&k.Vendor}, digest32{(*[32]byte)(&k.Hash)}, &k.Login, &k.Hint, &test, &k.CreatedAt, &k.RevokedAt)
	k.Test = test != 0
	return k, err
}

// Keys returns a vendor's keys, newest first, at most two hundred.
func (c *Catalog) Keys(ctx context.Context, vendor token.VendorID) ([]catalog.APIKey, error) {
	return list(ctx, c, scanKey, keyColumns+` WHERE vendor = $1 ORDER BY id DESC LIMIT 200`, vendor.String())
}

// KeyByHash returns the key whose secret has a hash.
func (c *Catalog) KeyByHash(ctx context.Context, hash catalog.KeyHash) (catalog.APIKey, error) {
	return one(ctx, c, scanKey, keyColumns+` WHERE hash = $1`, hash[:])
}

// RevokeKey ends a key; a key ended before stays as it is.
func (c *Catalog) RevokeKey(ctx context.Context, vendor token.VendorID, id token.KeyID, at int64) (catalog.KeyHash, error) {
	var hash catalog.KeyHash
	err := c.write(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT hash FROM api_keys WHERE id = $1 AND vendor = $2`, id.String(), vendor.String()).
			Scan(digest32{(*[32]byte)(&hash)})
		if errors.Is(err, sql.ErrNoRows) {
			return token.Refuse(token.NotFound, "not_found.key")
		}
		if err != nil {
			return err
		}
		if _, err = tx.ExecContext(ctx, `UPDATE api_keys SET revoked_at = $1 WHERE id = $2 AND revoked_at = 0`, at, id.String()); err != nil {
			return err
		}
		return tell(ctx, tx, vendor.String())
	})
	return hash, err
}

// AddSite registers a site, or answers CodeTaken where the vendor has it already.
func (c *Catalog) AddSite(ctx context.Context, s catalog.Site, request catalog.Request) (made catalog.Made[token.SiteID], err error) {
	err = c.write(ctx, func(tx *sql.Tx) (err error) {
		if made, err = again(ctx, tx, request, s.ID, 0); err != nil || made.Replayed {
			return err
		}
		if err := addSite(ctx, tx, s); err != nil {
			return err
		}
		return tell(ctx, tx, s.Vendor.String())
	})
	return made, err
}

func addSite(ctx context.Context, tx *sql.Tx, s catalog.Site) error {
	return insert(ctx, tx, "already_taken.site",
		`INSERT INTO sites (id, vendor, origin, path, created_at, proved_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		s.ID.String(), s.Vendor.String(), s.Origin, s.Path, s.CreatedAt, s.ProvedAt)
}

// ProveSite records that a vendor showed a site to be its own. What was shown before
// stays as it is.
func (c *Catalog) ProveSite(ctx context.Context, vendor token.VendorID, id token.SiteID, at int64) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE sites SET proved_at = $1 WHERE id = $2 AND vendor = $3 AND proved_at = 0`, at, id.String(), vendor.String()); err != nil {
			return err
		}
		return tell(ctx, tx, vendor.String())
	})
}

// Sites returns a page of a vendor's sites.
func (c *Catalog) Sites(ctx context.Context, vendor token.VendorID, before token.SiteID, limit int) ([]catalog.Site, error) {
	return list(ctx, c, func(r row) (s catalog.Site, err error) {
		err = r.Scan(word{&s.ID}, word{&s.Vendor}, &s.Origin, &s.Path, &s.CreatedAt, &s.ProvedAt)
		return s, err
	}, `SELECT id, vendor, origin, path, created_at, proved_at FROM sites WHERE vendor = $1 AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3`,
		vendor.String(), before.String(), limit)
}
