package app

import (
	"context"
	"crypto/sha256"
	"slices"

	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/token"
)

// How keys begin, and the bounds of what one person and one vendor may have.
const (
	liveKey    = "fk_live_"
	testKey    = "fk_test_"
	maxVendors = 20
	maxKeys    = 50
)

// CreateVendor opens a shop: the vendor with its first site, the viewer as its first
// member, and its sandbox with a test reader who has test tokens and has given
// the vendor an allowance.
func (a *App) CreateVendor(ctx context.Context, v Viewer, name, origin string) (VendorView, error) {
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
	a.memberOf.drop(v.User)
	return a.Vendor(ctx, v, vendor.ID)
}

// fillSandbox issues test tokens of every currency to the sandbox's reader, and lets
// the vendor charge them.
func (a *App) fillSandbox(ctx context.Context, vendor catalog.Vendor) error {
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

func (a *App) sortedCurrencies() []token.Currency {
	all := make([]token.Currency, 0, len(a.currencies))
	for c := range a.currencies {
		all = append(all, c)
	}
	slices.SortFunc(all, func(x, y token.Currency) int { return int(x.Number()) - int(y.Number()) })
	return all
}

// member returns the vendor if the viewer acts for it; for others it is not there.
func (a *App) member(ctx context.Context, v Viewer, id token.VendorID) (catalog.Vendor, error) {
	vendors, err := a.vendorsOf(ctx, v.User)
	if err != nil {
		return catalog.Vendor{}, err
	}
	if !slices.Contains(vendors, id) {
		a.Note(ctx, SecurityEvent{Code: token.CodeNotFound, User: v.User, Detail: "pages of a shop were asked for that you do not act for"})
		return catalog.Vendor{}, foreign(nil, "not_found.shop")
	}
	return a.vendor(ctx, id)
}

// Vendor shows a vendor to one of its members.
func (a *App) Vendor(ctx context.Context, v Viewer, id token.VendorID) (VendorView, error) {
	vendor, err := a.member(ctx, v, id)
	if err != nil {
		return VendorView{}, err
	}
	view := VendorView{ID: vendor.ID, Name: vendor.Name, CreatedAt: token.TimeAt(vendor.CreatedAt)}
	if view.SandboxReader, err = a.keys.pseudonym(id, vendor.SandboxUser); err != nil {
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
func (a *App) ActFor(ctx context.Context, v Viewer, vendor token.VendorID, test bool) (Seller, error) {
	if _, err := a.member(ctx, v, vendor); err != nil {
		return Seller{}, err
	}
	return Seller{Vendor: vendor, Login: "console", Test: test, looks: !v.CanBuy(a.clock.Now())}, nil
}

// Sales returns a page of the vendor's orders in the sequence in which they were
// paid or held, newest first, those of the sandbox among them.
func (a *App) Sales(ctx context.Context, v Viewer, vendor token.VendorID, before string, limit int) (page []OrderView, next string, err error) {
	if _, err := a.member(ctx, v, vendor); err != nil {
		return nil, "", err
	}
	return a.orders(ctx, vendor, before, limit, func(e *journal.Entry) bool {
		return e.Kind == journal.Purchased || e.Kind == journal.HoldPlaced
	})
}

// VendorOrders returns a page of the vendor's orders, newest first, those of the
// sandbox among them.
func (a *App) VendorOrders(ctx context.Context, v Viewer, vendor token.VendorID, before string, limit int) (page []OrderView, next string, err error) {
	if _, err := a.member(ctx, v, vendor); err != nil {
		return nil, "", err
	}
	return a.orders(ctx, vendor, before, limit, begins)
}

// VendorRoyalties returns a page of the vendor's royalty transactions, newest first,
// those of the sandbox among them.
func (a *App) VendorRoyalties(ctx context.Context, v Viewer, vendor token.VendorID, before string, limit int) (page []RoyaltyView, next string, err error) {
	if _, err := a.member(ctx, v, vendor); err != nil {
		return nil, "", err
	}
	return a.royalties(ctx, vendor, before, limit, func(*journal.Entry) bool { return true })
}

// VendorEarnings returns what the vendor has earned; the sandbox's under TestClass.
func (a *App) VendorEarnings(ctx context.Context, v Viewer, vendor token.VendorID) ([]Balance, error) {
	if _, err := a.member(ctx, v, vendor); err != nil {
		return nil, err
	}
	return a.earnings(ctx, vendor)
}

// VendorKeys returns the vendor's keys, newest first.
func (a *App) VendorKeys(ctx context.Context, v Viewer, vendor token.VendorID) ([]KeyView, error) {
	if _, err := a.member(ctx, v, vendor); err != nil {
		return nil, err
	}
	keys, err := a.catalog.Keys(ctx, vendor)
	if err != nil {
		return nil, err
	}
	views := make([]KeyView, 0, len(keys))
	for _, key := range keys {
		views = append(views, keyView(key))
	}
	return views, nil
}

func keyView(k catalog.APIKey) KeyView {
	return KeyView{ID: k.ID, Login: k.Login, Hint: k.Hint, Test: k.Test, CreatedAt: token.TimeAt(k.CreatedAt), RevokedAt: token.TimeAt(k.RevokedAt)}
}

// CreateKey makes a key for the vendor's server. Its secret is shown this once. A live one
// needs the purchase window.
func (a *App) CreateKey(ctx context.Context, v Viewer, vendor token.VendorID, login string, test bool) (secret string, view KeyView, err error) {
	if _, err := a.member(ctx, v, vendor); err != nil {
		return "", KeyView{}, err
	}
	if !test {
		if err := v.needWindow(a.clock.Now(), "purchase_window_closed.live_key"); err != nil {
			return "", KeyView{}, err
		}
	}
	if err := catalog.CheckName("key_name", login); err != nil {
		return "", KeyView{}, err
	}
	keys, err := a.catalog.Keys(ctx, vendor)
	if err != nil {
		return "", KeyView{}, err
	}
	good := 0
	for _, key := range keys {
		if key.RevokedAt == 0 {
			good++
		}
	}
	if good >= maxKeys {
		return "", KeyView{}, token.Refuse(token.Unprocessable, "field_invalid.shop_keys", token.Number("most", maxKeys))
	}
	if secret, err = a.dice.secret(); err != nil {
		return "", KeyView{}, err
	}
	if secret = liveKey + secret; test {
		secret = testKey + secret[len(liveKey):]
	}
	key := catalog.APIKey{
		ID: token.NewID[token.KeyKind](a.ids), Vendor: vendor, Hash: sha256.Sum256([]byte(secret)), Login: login,
		Hint: secret[len(secret)-4:], Test: test, CreatedAt: a.clock.Now().UnixMilli(),
	}
	if err := a.catalog.AddKey(ctx, key); err != nil {
		return "", KeyView{}, err
	}
	return secret, keyView(key), nil
}

// RevokeKey ends a key: here at once, on other replicas within seconds.
func (a *App) RevokeKey(ctx context.Context, v Viewer, vendor token.VendorID, id token.KeyID) error {
	if _, err := a.member(ctx, v, vendor); err != nil {
		return err
	}
	hash, err := a.catalog.RevokeKey(ctx, vendor, id, a.clock.Now().UnixMilli())
	if err != nil {
		return err
	}
	a.apiKeys.drop(hash)
	return nil
}
