package approving

import (
	"context"

	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/token"
)

// Catalog is what the package needs of the tables of who is who and what is for sale.
type Catalog interface {
	AddAct(ctx context.Context, act staff.Act) error
	Members(ctx context.Context, id token.AccountID) ([]account.Member, error)
	Staff(ctx context.Context) ([]staff.Member, error)
}

// Engine is what the package needs of the journal's engine.
type Engine interface {
	Account(ctx context.Context, id token.AccountID) (*core.Account, error)
	Do(ctx context.Context, command core.Command) (core.Outcome, error)
	Find(ctx context.Context, term journal.Term, match func(*journal.Entry) bool, before uint64, limit int) ([]*journal.Entry, error)
}
