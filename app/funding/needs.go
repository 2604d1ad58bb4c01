package funding

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
	Account(ctx context.Context, id token.AccountID) (account.Account, error)
	AddAct(ctx context.Context, act staff.Act) error
	Members(ctx context.Context, id token.AccountID) ([]account.Member, error)
}

// Engine is what the package needs of the journal's engine.
type Engine interface {
	Do(ctx context.Context, command core.Command) (core.Outcome, error)
	Find(ctx context.Context, term journal.Term, match func(*journal.Entry) bool, before uint64, limit int) ([]*journal.Entry, error)
}
