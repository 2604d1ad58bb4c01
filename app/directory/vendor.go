package directory

import (
	"context"
	"slices"
	"time"

	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/token"
)

// CreateVendor opens a shop: the vendor with its first site, the viewer as its first
// member, and its sandbox with a test reader who has test tokens and has given
// the vendor an allowance.
func (a *Directory) CreateVendor(ctx context.Context, v caller.Viewer, name, origin string) (VendorView, error) {
	if err := catalog.CheckName("shop_name", name); err != nil {
		return VendorView{}, err
	}
	now := a.clock.Now().UnixMilli()
	vendor := catalog.Vendor{
		ID: token.NewID[token.VendorKind](a.ids), Name: name, Fee: a.fee, CreatedAt: now,
		SandboxUser: token.NewID[token.UserKind](a.ids), SandboxAccount: token.NewID[token.AccountKind](a.ids),
	}
	site := catalog.Site{ID: token.NewID[token.SiteKind](a.ids), Vendor: vendor.ID, CreatedAt: now}
	var err error
	if site.Origin, site.Path, err = catalog.ParseSite(origin); err != nil {
		return VendorView{}, err
	}
	known, err := a.catalog.VendorsOf(ctx, v.User)
	if err != nil {
		return VendorView{}, err
	}
	if len(known) >= maxVendors {
		return VendorView{}, token.Refuse(token.Unprocessable, "field_invalid.person_shops", token.Number("most", maxVendors))
	}
	// The sandbox first: if what follows fails, only worthless test tokens of an
	// account that nobody knows are left over.
	if err := a.fillSandbox(ctx, vendor); err != nil {
		return VendorView{}, err
	}
	err = a.catalog.AddVendor(ctx, vendor, catalog.Member{Vendor: vendor.ID, User: v.User, JoinedAt: now}, site,
		account.User{ID: vendor.SandboxUser, Name: "Test reader", Account: vendor.SandboxAccount, CreatedAt: now},
		account.Account{ID: vendor.SandboxAccount, Sandbox: vendor.ID, CreatedAt: now})
	if err != nil {
		return VendorView{}, err
	}
	a.memberOf.Drop(v.User)
	return a.Vendor(ctx, v, vendor.ID)
}

// fillSandbox issues test tokens of every currency to the sandbox's reader, and lets
// the vendor charge them.
func (a *Directory) fillSandbox(ctx context.Context, vendor catalog.Vendor) error {
	for _, currency := range a.sortedCurrencies() {
		_, err := a.engine.Do(ctx, &core.Fund{
			Account: vendor.SandboxAccount, User: vendor.SandboxUser,
			Fund:    journal.Fund{Amount: token.MaxAmount, Currency: currency, Method: "sandbox", Test: true},
			TestKey: journal.NewKey(vendor.SandboxAccount, "sandbox", currency.String(), nil),
		})
		if err != nil {
			return err
		}
		_, err = a.engine.Do(ctx, &core.Permit{Account: vendor.SandboxAccount, User: vendor.SandboxUser, GiveAllowance: &limit.Allowance{
			ID: token.NewID[token.AllowanceKind](a.ids), User: vendor.SandboxUser, Vendor: vendor.ID, Currency: currency,
			PerPurchase: token.MaxAmount, Period: limit.Day, Max: token.MaxAmount, Until: a.clock.Now().AddDate(100, 0, 0).UnixMilli(),
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *Directory) sortedCurrencies() []token.Currency {
	all := make([]token.Currency, 0, len(a.currencies))
	for c := range a.currencies {
		all = append(all, c)
	}
	slices.SortFunc(all, func(x, y token.Currency) int { return int(x.Number()) - int(y.Number()) })
	return all
}

// Member returns the vendor if the viewer acts for it; for others it is not there.
func (a *Directory) Member(ctx context.Context, v caller.Viewer, id token.VendorID) (catalog.Vendor, error) {
	vendors, err := a.VendorsOf(ctx, v.User)
	if err != nil {
		return catalog.Vendor{}, err
	}
	if !slices.Contains(vendors, id) {
		a.activity.Record(ctx, activity.Event{Code: token.CodeNotFound, User: v.User, Detail: "pages of a shop were asked for that you do not act for"})
		return catalog.Vendor{}, caller.Foreign(nil, "not_found.shop")
	}
	return a.VendorByID(ctx, id)
}

// Vendor shows a vendor to one of its members.
func (a *Directory) Vendor(ctx context.Context, v caller.Viewer, id token.VendorID) (VendorView, error) {
	vendor, err := a.Member(ctx, v, id)
	if err != nil {
		return VendorView{}, err
	}
	view := VendorView{ID: vendor.ID, Name: vendor.Name, CreatedAt: token.TimeAt(vendor.CreatedAt)}
	if view.SandboxReader, err = a.deriver.Pseudonym(id, vendor.SandboxUser); err != nil {
		return view, err
	}
	sites, err := a.catalog.Sites(ctx, id, token.SiteID{}, maxSites)
	if err != nil {
		return view, err
	}
	view.Sites, err = a.viewsOfSites(sites)
	return view, err
}

// ActFor lets a member do from the console what the vendor's server can do: to look, and
// within the purchase window to change what is dear.
func (a *Directory) ActFor(ctx context.Context, v caller.Viewer, vendor token.VendorID, test bool) (caller.Seller, error) {
	if _, err := a.Member(ctx, v, vendor); err != nil {
		return caller.Seller{}, err
	}
	return caller.Seller{Vendor: vendor, Login: "console", Test: test, Looks: !v.CanBuy(a.clock.Now())}, nil
}

// VendorView is a vendor as its members see it.
type VendorView struct {
	ID            token.VendorID
	Name          string
	CreatedAt     time.Time
	SandboxReader token.ReaderID
	Sites         []SiteView
}
