package funding

import (
	"context"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// AddDemoFunds issues tokens against no money, for demonstrations. The reference
// makes it repeatable: the same one is credited once.
func (a *Funding) AddDemoFunds(ctx context.Context, v caller.Viewer, currency token.Currency, amount token.Amount, reference string) error {
	if !a.demo {
		return token.Refuse(token.Forbidden, "forbidden.no_demonstration")
	}
	if err := a.directory.CheckCurrency(currency); err != nil {
		return err
	}
	if reference == "" || len(reference) > 100 {
		return token.Refuse(token.Unprocessable, "field_invalid.payment_reference")
	}
	// A form names the reference, and nobody's form shall take one from others.
	fund := journal.Fund{Amount: amount, Currency: currency, Method: "demo", Reference: v.Account.String() + " " + reference}
	_, err := a.engine.Do(ctx, &core.Fund{Account: v.Account, User: v.User, Fund: fund})
	return err
}
