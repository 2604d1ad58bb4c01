package directory

import (
	"context"

	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/token"
)

// Catalog is what the package needs of the tables of who is who and what is for sale.
type Catalog interface {
	AccountOf(ctx context.Context, id token.UserID) (token.AccountID, error)
	AddKey(ctx context.Context, key catalog.APIKey) error
	AddSite(ctx context.Context, site catalog.Site, request catalog.Request) (catalog.Made[token.SiteID], error)
	AddVendor(ctx context.Context, vendor catalog.Vendor, member catalog.Member, site catalog.Site, reader account.User, sandbox account.Account) error
	KeyByHash(ctx context.Context, hash catalog.KeyHash) (catalog.APIKey, error)
	Keys(ctx context.Context, vendor token.VendorID) ([]catalog.APIKey, error)
	ProveSite(ctx context.Context, vendor token.VendorID, id token.SiteID, at int64) error
	RevokeKey(ctx context.Context, vendor token.VendorID, id token.KeyID, at int64) (catalog.KeyHash, error)
	Sites(ctx context.Context, vendor token.VendorID, before token.SiteID, limit int) ([]catalog.Site, error)
	UserByEmail(ctx context.Context, email string) (account.User, error)
	Vendor(ctx context.Context, id token.VendorID) (catalog.Vendor, error)
	VendorsOf(ctx context.Context, user token.UserID) ([]token.VendorID, error)
}

// Engine is what the package needs of the journal's engine.
type Engine interface {
	Do(ctx context.Context, command core.Command) (core.Outcome, error)
}
