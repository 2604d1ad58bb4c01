package store

import (
	"context"
	"database/sql"
	"errors"

	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/token"
)

// changesAtOnce bounds how many changes are told at once.
const changesAtOnce = 1000

// NewestChange returns the number of the newest change.
func (c *Catalog) NewestChange(ctx context.Context) (seq uint64, err error) {
	return one(ctx, c, func(r row) (seq uint64, err error) {
		err = r.Scan(&seq)
		return seq, err
	}, `SELECT seq FROM catalog_changes WHERE thing = ''`)
}

// Changes returns the first thousand changes after the one with a number. A thing that
// changed again has its newest number only.
func (c *Catalog) Changes(ctx context.Context, after uint64) (catalog.Changes, error) {
	changes := catalog.Changes{Upto: after}
	things, err := list(ctx, c, func(r row) (thing string, err error) {
		err = r.Scan(&thing, &changes.Upto)
		return thing, err
	}, `SELECT thing, seq FROM catalog_changes WHERE seq > $1 AND thing <> '' ORDER BY seq LIMIT $2`, int64(after), changesAtOnce)
	if err != nil {
		return changes, err
	}
	changes.More = len(things) == changesAtOnce
	for _, thing := range things {
		offer, noOffer := token.ParseID[token.OfferKind](thing)
		split, noSplit := token.ParseID[token.SplitKind](thing)
		vendor, noVendor := token.ParseID[token.VendorKind](thing)
		switch {
		case noOffer == nil:
			changes.Offers = append(changes.Offers, offer)
		case noSplit == nil:
			changes.Splits = append(changes.Splits, split)
		case noVendor == nil:
			changes.Vendors = append(changes.Vendors, vendor)
		default:
			return changes, unavailable(errors.New("a change of an unknown thing: "+thing), "read the catalogue")
		}
	}
	return changes, nil
}

// tell is part of the transaction that changes a thing which replicas may remember.
func tell(ctx context.Context, tx *sql.Tx, thing string) error {
	if _, err := tx.ExecContext(ctx, `UPDATE catalog_changes SET seq = seq + 1 WHERE thing = ''`); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO catalog_changes (thing, seq) SELECT CAST($1 AS TEXT), seq FROM catalog_changes WHERE thing = ''
		ON CONFLICT (thing) DO UPDATE SET seq = excluded.seq`, thing)
	return err
}
