package app_test

import (
	"context"
	"sync/atomic"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/keyring"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

var _ app.Engine = (*store.Engine)(nil)

// counter counts the reads of the catalogue that purchases and tickets can need.
type counter struct {
	*store.Catalog
	reads atomic.Int64
}

// read counts a read.
func read[T any](c *counter, value T, err error) (T, error) {
	c.reads.Add(1)
	return value, err
}

func (c *counter) KeyByHash(ctx context.Context, hash catalog.KeyHash) (catalog.APIKey, error) {
	value, err := c.Catalog.KeyByHash(ctx, hash)
	return read(c, value, err)
}

func (c *counter) Vendor(ctx context.Context, id token.VendorID) (catalog.Vendor, error) {
	value, err := c.Catalog.Vendor(ctx, id)
	return read(c, value, err)
}

func (c *counter) Sites(ctx context.Context, vendor token.VendorID, before token.SiteID, limit int) ([]catalog.Site, error) {
	value, err := c.Catalog.Sites(ctx, vendor, before, limit)
	return read(c, value, err)
}

func (c *counter) Offer(ctx context.Context, id token.OfferID, version uint32) (catalog.Offer, error) {
	value, err := c.Catalog.Offer(ctx, id, version)
	return read(c, value, err)
}

func (c *counter) Split(ctx context.Context, id token.SplitID, version uint32) (catalog.Split, error) {
	value, err := c.Catalog.Split(ctx, id, version)
	return read(c, value, err)
}

func (c *counter) AccountOf(ctx context.Context, id token.UserID) (token.AccountID, error) {
	value, err := c.Catalog.AccountOf(ctx, id)
	return read(c, value, err)
}

func (c *counter) TicketKeys(ctx context.Context, from keyring.Epoch) ([]keyring.TicketKey, error) {
	value, err := c.Catalog.TicketKeys(ctx, from)
	return read(c, value, err)
}
