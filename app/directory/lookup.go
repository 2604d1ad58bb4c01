package directory

import (
	"context"
	"slices"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/token"
)

// forgetVendors forgets vendors that others changed, their sites and keys; with nil, all of them.
func (a *Directory) forgetVendors(changed *catalog.Changes) {
	if changed == nil {
		a.vendors.DropAll()
		a.sites.DropAll()
		a.apiKeys.DropAll()
		return
	}
	for _, id := range changed.Vendors {
		a.vendors.Drop(id)
		a.sites.Drop(id)
		a.apiKeys.DropWhere(func(key catalog.APIKey) bool { return key.Vendor == id })
	}
}

// UserByEmail returns the user with an address, or the zero user.
func (a *Directory) UserByEmail(ctx context.Context, email string) (account.User, error) {
	user, err := a.catalog.UserByEmail(ctx, email)
	if token.CodeOf(err) == token.CodeNotFound {
		return account.User{}, nil
	}
	return user, err
}

// KnownVendor refuses what is no vendor; none at all is fine where it may mean every one.
func (a *Directory) KnownVendor(ctx context.Context, id token.VendorID, none bool) error {
	if id.IsZero() && none {
		return nil
	}
	if _, err := a.VendorByID(ctx, id); err != nil {
		return caller.Foreign(err, "not_found.shop")
	}
	return nil
}

func (a *Directory) VendorByID(ctx context.Context, id token.VendorID) (catalog.Vendor, error) {
	return a.vendors.Get(id, func() (catalog.Vendor, error) { return a.catalog.Vendor(ctx, id) })
}

func (a *Directory) VendorName(ctx context.Context, id token.VendorID) string {
	if id.IsZero() {
		return ""
	}
	vendor, err := a.VendorByID(ctx, id)
	if err != nil {
		return "a shop"
	}
	return vendor.Name
}

func (a *Directory) VendorsOf(ctx context.Context, user token.UserID) ([]token.VendorID, error) {
	return a.memberOf.Get(user, func() ([]token.VendorID, error) { return a.catalog.VendorsOf(ctx, user) })
}

// accountOf returns the account that a user's purchases are charged to.
func (a *Directory) accountOf(ctx context.Context, user token.UserID) (token.AccountID, error) {
	return a.accounts.Get(user, func() (token.AccountID, error) { return a.catalog.AccountOf(ctx, user) })
}

// CheckCurrency refuses what the provider does not deal in.
func (a *Directory) CheckCurrency(c token.Currency) error {
	if a.currencies[c] {
		return nil
	}
	dealt := make([]string, 0, len(a.currencies))
	for known := range a.currencies {
		dealt = append(dealt, known.String())
	}
	slices.Sort(dealt)
	return token.Refuse(token.Unprocessable, "currency_invalid.not_dealt_in", token.Given("got", c.String()), token.List("currencies", dealt))
}
