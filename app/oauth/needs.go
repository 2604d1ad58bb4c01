package oauth

import (
	"context"

	"farthing.dev/farthing/domain/grant"
	"farthing.dev/farthing/token"
)

// Catalog is what the package needs of the tables of who is who and what is for sale.
type Catalog interface {
	AddClient(ctx context.Context, client grant.Client) error
	AddConsent(ctx context.Context, user token.UserID, vendor token.VendorID, at int64) error
	AddGrant(ctx context.Context, g grant.Grant) error
	Client(ctx context.Context, id token.ClientID) (grant.Client, error)
	Clients(ctx context.Context, vendor token.VendorID) ([]grant.Client, error)
	Consented(ctx context.Context, user token.UserID, vendor token.VendorID) (bool, error)
	Consents(ctx context.Context, user token.UserID) ([]grant.Consent, error)
	DropGrants(ctx context.Context, before int64) error
	EndGrant(ctx context.Context, id token.GrantID, at int64) error
	EndLogins(ctx context.Context, after token.GrantID, at int64, limit int) (last token.GrantID, err error)
	FindToken(ctx context.Context, hash grant.Hash, at int64) (grant.Token, grant.Grant, error)
	Logout(ctx context.Context, id token.GrantID) (grant.Logout, error)
	RemoveClient(ctx context.Context, vendor token.VendorID, id token.ClientID, at int64) error
	SetClientSecret(ctx context.Context, vendor token.VendorID, id token.ClientID, secret grant.Hash) error
	TakeCode(ctx context.Context, code grant.Hash, at int64, issue func(grant.Grant) (grant.Verdict, error)) error
	TakeRefresh(ctx context.Context, hash grant.Hash, next grant.Hash, at int64, issue func(grant.Taken) (grant.Verdict, error)) error
	Withdraw(ctx context.Context, user token.UserID, vendor token.VendorID, at int64) error
}
