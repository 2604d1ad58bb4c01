package directory

import (
	"context"

	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/token"
)

// Payer returns the person behind a vendor's pseudonym. Keys of the sandbox reach
// the sandbox's reader only, and other keys everybody else.
func (a *Directory) Payer(ctx context.Context, s caller.Seller, reader token.ReaderID) (token.UserID, token.AccountID, error) {
	vendor, err := a.VendorByID(ctx, s.Vendor)
	if err != nil {
		return token.UserID{}, token.AccountID{}, err
	}
	user, err := a.deriver.User(s.Vendor, reader)
	if err != nil {
		return user, token.AccountID{}, err
	}
	account, err := a.accountOf(ctx, user)
	if err != nil {
		if token.CodeOf(err) == token.CodeNotFound {
			a.activity.Record(ctx, activity.Event{Code: token.CodeNotFound, Vendor: s.Vendor, Detail: "a charge named a reader that you do not know"})
		}
		return user, account, caller.Foreign(err, "not_found.reader")
	}
	if sandbox := user == vendor.SandboxUser; sandbox != s.Test {
		return user, account, caller.WrongMode(sandbox)
	}
	return user, account, nil
}
