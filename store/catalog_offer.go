package store

import (
	"context"
	"database/sql"

	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/token"
)

// AddPayee adds a payee.
func (c *Catalog) AddPayee(ctx context.Context, p catalog.Payee, request catalog.Request) (made catalog.Made[token.PayeeID], err error) {
	err = c.write(ctx, func(tx *sql.Tx) (err error) {
		if made, err = again(ctx, tx, request, p.ID, 0); err != nil || made.Replayed {
			return err
		}
		return insert(ctx, tx, "already_taken.payee",
			`INSERT INTO payees (id, vendor, name, created_at) VALUES ($1, $2, $3, $4)`,
			p.ID.String(), p.Vendor.String(), p.Name, p.CreatedAt)
	})
	return made, err
}

const payeeColumns = `SELECT id, vendor, name, created_at FROM payees`

func scanPayee(r row) (p catalog.Payee, err error) {
	err = r.Scan(word{&p.ID}, word{&p.Vendor}, &p.Name, &p.CreatedAt)
	return p, err
}

// Payee returns a payee.
func (c *Catalog) Payee(ctx context.Context, id token.PayeeID) (catalog.Payee, error) {
	return one(ctx, c, scanPayee, payeeColumns+` WHERE id = $1`, id.String())
}

// Payees returns a page of a vendor's payees.
func (c *Catalog) Payees(ctx context.Context, vendor token.VendorID, before token.PayeeID, limit int) ([]catalog.Payee, error) {
	return list(ctx, c, scanPayee, payeeColumns+` WHERE vendor = $1 AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3`,
		vendor.String(), before.String(), limit)
}

// AddSplit adds a version of a split.
func (c *Catalog) AddSplit(ctx context.Context, s catalog.Split, request catalog.Request) (made catalog.Made[token.SplitID], err error) {
	err = c.write(ctx, func(tx *sql.Tx) (err error) {
		if made, err = again(ctx, tx, request, s.ID, s.Version); err != nil || made.Replayed {
			return err
		}
		err = insert(ctx, tx, "already_taken.split",
			`INSERT INTO splits (id, version, vendor, name, shares, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			s.ID.String(), int64(s.Version), s.Vendor.String(), s.Name, jsonText(s.Shares), s.CreatedAt)
		if err != nil || s.Version == 1 {
			return err
		}
		return tell(ctx, tx, s.ID.String())
	})
	return made, err
}

const splitColumns = `SELECT id, version, vendor, name, shares, created_at FROM splits`

func scanSplit(r row) (s catalog.Split, err error) {
	err = r.Scan(word{&s.ID}, &s.Version, word{&s.Vendor}, &s.Name, document{&s.Shares}, &s.CreatedAt)
	return s, err
}

// Split returns a version of a split; version 0 is the newest.
func (c *Catalog) Split(ctx context.Context, id token.SplitID, version uint32) (catalog.Split, error) {
	return one(ctx, c, scanSplit, splitColumns+` WHERE id = $1 AND ($2 = 0 OR version = $2) ORDER BY version DESC LIMIT 1`,
		id.String(), int64(version))
}

// Splits returns a page of the newest versions of a vendor's splits.
func (c *Catalog) Splits(ctx context.Context, vendor token.VendorID, before token.SplitID, limit int) ([]catalog.Split, error) {
	return list(ctx, c, scanSplit, splitColumns+` WHERE vendor = $1 AND ($2 = '' OR id < $2)
		AND version = (SELECT MAX(newest.version) FROM splits newest WHERE newest.id = splits.id) ORDER BY id DESC LIMIT $3`,
		vendor.String(), before.String(), limit)
}

// AddOffer adds a version of an offer.
func (c *Catalog) AddOffer(ctx context.Context, o catalog.Offer, request catalog.Request) (made catalog.Made[token.OfferID], err error) {
	err = c.write(ctx, func(tx *sql.Tx) (err error) {
		if made, err = again(ctx, tx, request, o.ID, o.Version); err != nil || made.Replayed {
			return err
		}
		err = insert(ctx, tx, "already_taken.offer",
			`INSERT INTO offers (id, version, vendor, item, price, currency, split, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			o.ID.String(), int64(o.Version), o.Vendor.String(), jsonText(o.Item), int64(o.Price), o.Currency.String(), o.Split.String(), o.CreatedAt)
		if err != nil || o.Version == 1 {
			return err
		}
		return tell(ctx, tx, o.ID.String())
	})
	return made, err
}

const offerColumns = `SELECT id, version, vendor, item, price, currency, split, created_at FROM offers`

func scanOffer(r row) (o catalog.Offer, err error) {
	err = r.Scan(word{&o.ID}, &o.Version, word{&o.Vendor}, document{&o.Item}, &o.Price, word{&o.Currency}, word{&o.Split}, &o.CreatedAt)
	return o, err
}

// Offer returns a version of an offer; version 0 is the newest.
func (c *Catalog) Offer(ctx context.Context, id token.OfferID, version uint32) (catalog.Offer, error) {
	return one(ctx, c, scanOffer, offerColumns+` WHERE id = $1 AND ($2 = 0 OR version = $2) ORDER BY version DESC LIMIT 1`,
		id.String(), int64(version))
}

// Offers returns a page of the newest versions of a vendor's offers.
func (c *Catalog) Offers(ctx context.Context, vendor token.VendorID, before token.OfferID, limit int) ([]catalog.Offer, error) {
	return list(ctx, c, scanOffer, offerColumns+` WHERE vendor = $1 AND ($2 = '' OR id < $2)
		AND version = (SELECT MAX(newest.version) FROM offers newest WHERE newest.id = offers.id) ORDER BY id DESC LIMIT $3`,
		vendor.String(), before.String(), limit)
}

// AddCampaign adds a campaign.
func (c *Catalog) AddCampaign(ctx context.Context, g catalog.Campaign, request catalog.Request) (made catalog.Made[token.CampaignID], err error) {
	err = c.write(ctx, func(tx *sql.Tx) (err error) {
		if made, err = again(ctx, tx, request, g.ID, 0); err != nil || made.Replayed {
			return err
		}
		return insert(ctx, tx, "already_taken.campaign",
			`INSERT INTO campaigns (id, issuer, name, currency, listed, expires_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			g.ID.String(), g.Issuer.String(), g.Name, g.Currency.String(), number(g.Listed), g.ExpiresAt, g.CreatedAt)
	})
	return made, err
}

const campaignColumns = `SELECT id, issuer, name, currency, listed, expires_at, created_at FROM campaigns`

func scanCampaign(r row) (g catalog.Campaign, err error) {
	var listed int64
	err = r.Scan(word{&g.ID}, word{&g.Issuer}, &g.Name, word{&g.Currency}, &listed, &g.ExpiresAt, &g.CreatedAt)
	g.Listed = listed != 0
	return g, err
}

// Campaign returns a campaign.
func (c *Catalog) Campaign(ctx context.Context, id token.CampaignID) (catalog.Campaign, error) {
	return one(ctx, c, scanCampaign, campaignColumns+` WHERE id = $1`, id.String())
}

// Campaigns returns a page of a vendor's campaigns; of the provider's for the zero vendor.
func (c *Catalog) Campaigns(ctx context.Context, vendor token.VendorID, before token.CampaignID, limit int) ([]catalog.Campaign, error) {
	return list(ctx, c, scanCampaign, campaignColumns+` WHERE issuer = $1 AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3`,
		vendor.String(), before.String(), limit)
}
