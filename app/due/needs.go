package due

import (
	"context"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// Engine is what the package needs of the journal's engine.
type Engine interface {
	Account(ctx context.Context, id token.AccountID) (*core.Account, error)
	Do(ctx context.Context, command core.Command) (core.Outcome, error)
	Find(ctx context.Context, term journal.Term, match func(*journal.Entry) bool, before uint64, limit int) ([]*journal.Entry, error)
	Order(ctx context.Context, id token.OrderID) (*core.Order, error)
}
