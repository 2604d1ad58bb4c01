package incentive

import (
	"context"

	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/token"
)

// Catalog is what the package needs of the tables of who is who and what is for sale.
type Catalog interface {
	Account(ctx context.Context, id token.AccountID) (account.Account, error)
	AddAct(ctx context.Context, act staff.Act) error
	AddCampaign(ctx context.Context, campaign catalog.Campaign, request catalog.Request) (catalog.Made[token.CampaignID], error)
	Campaign(ctx context.Context, id token.CampaignID) (catalog.Campaign, error)
	Campaigns(ctx context.Context, vendor token.VendorID, before token.CampaignID, limit int) ([]catalog.Campaign, error)
}

// Engine is what the package needs of the journal's engine.
type Engine interface {
	Account(ctx context.Context, id token.AccountID) (*core.Account, error)
	Blocks(ctx context.Context, from uint64, visit func(*journal.Block) error) error
	Do(ctx context.Context, command core.Command) (core.Outcome, error)
}
