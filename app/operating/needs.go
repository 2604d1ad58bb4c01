package operating

import (
	"context"

	"farthing.dev/farthing/delivery"
	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/token"
)

// Catalog is what the package needs of the tables of who is who and what is for sale.
type Catalog interface {
	Acts(ctx context.Context, search staff.Search, limit int) ([]staff.Line, error)
	AddAct(ctx context.Context, act staff.Act) error
	AddOperatorKey(ctx context.Context, k staff.Key, act staff.Act) error
	AddReset(ctx context.Context, r account.Reset, letters ...delivery.Message) error
	AddStaff(ctx context.Context, m staff.Member, act staff.Act) error
	AddUser(ctx context.Context, user account.User, account account.Account) error
	Broken(ctx context.Context) (b staff.BrokenInvariant, found bool, err error)
	Claim(ctx context.Context, request catalog.Request) error
	ClearBroken(ctx context.Context, b staff.BrokenInvariant, act staff.Act) error
	Count(ctx context.Context) (people int64, vendors int64, err error)
	DeadDeliveries(ctx context.Context, before token.DeliveryID, limit int) ([]delivery.Dead, error)
	DropDelivery(ctx context.Context, id token.DeliveryID, act staff.Act) error
	OperatorKeyByHash(ctx context.Context, hash [32]byte) (staff.Key, error)
	OperatorKeys(ctx context.Context) ([]staff.Key, error)
	RemoveStaff(ctx context.Context, user token.UserID, role staff.Role, act staff.Act) error
	RetryDelivery(ctx context.Context, id token.DeliveryID, at int64, act staff.Act) error
	RevokeOperatorKey(ctx context.Context, id token.KeyID, at int64, act staff.Act) error
	Staff(ctx context.Context) ([]staff.Member, error)
	Unclaim(ctx context.Context, request catalog.Request) error
	User(ctx context.Context, id token.UserID) (account.User, error)
	Vendors(ctx context.Context, before token.VendorID, limit int) ([]catalog.Vendor, error)
	VendorsOf(ctx context.Context, user token.UserID) ([]token.VendorID, error)
}

// Engine is what the package needs of the journal's engine.
type Engine interface {
	Account(ctx context.Context, id token.AccountID) (*core.Account, error)
	Owner(ctx context.Context, owner [16]byte) (*core.Account, error)
}
