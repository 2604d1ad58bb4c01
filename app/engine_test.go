package app_test

import (
	"context"
	"sync/atomic"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/keyring"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

var _ app.Engine = (*store.Engine)(nil)

// counter counts the reads of the catalogue that purchases and tickets can need.
type counter struct {
	*store.Catalog
	tables store.Tables // that it is in
	reads  atomic.Int64
	away   atomic.Bool // the keys of tickets, and versions of offers, cannot be read
}

var errAway = token.Refuse(token.Unavailable, "unavailable.database")

// pausing runs something after each payment, before anybody knows of it.
type pausing struct {
	app.Engine
	paid func()
}

func (p *pausing) Do(ctx context.Context, command core.Command) (core.Outcome, error) {
	out, err := p.Engine.Do(ctx, command)
	if err == nil && p.paid != nil {
		p.paid()
	}
	return out, err
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
	if c.away.Load() {
		return catalog.Offer{}, errAway
	}
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
	if c.away.Load() {
		return nil, errAway
	}
	value, err := c.Catalog.TicketKeys(ctx, from)
	return read(c, value, err)
}
