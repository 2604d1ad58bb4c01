package app

import (
	"context"

	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

var errNotYet = token.New(token.Internal, token.CodeInternal, "not there yet")

func (a *App) SignUp(ctx context.Context, in SignUp) (secret string, viewer Viewer, err error) {
	return "", Viewer{}, errNotYet
}

func (a *App) LogIn(ctx context.Context, email, password string) (secret string, viewer Viewer, err error) {
	return "", Viewer{}, errNotYet
}

func (a *App) LogOut(ctx context.Context, secret string) error {
	return errNotYet
}

func (a *App) Viewer(ctx context.Context, secret string) (Viewer, error) {
	return Viewer{}, errNotYet
}

func (a *App) Wallet(ctx context.Context, v Viewer) (WalletView, error) {
	return WalletView{}, errNotYet
}

func (a *App) Purchases(ctx context.Context, v Viewer, before string, limit int) (page []Purchase, next string, err error) {
	return nil, "", errNotYet
}

func (a *App) AddDemoFunds(ctx context.Context, v Viewer, currency token.Currency, amount token.Amount, reference string) error {
	return errNotYet
}

func (a *App) SetLimit(ctx context.Context, v Viewer, in LimitInput) error {
	return errNotYet
}

func (a *App) RemoveLimit(ctx context.Context, v Viewer, id token.LimitID) error {
	return errNotYet
}

func (a *App) SetApproval(ctx context.Context, v Viewer, currency token.Currency, most token.Amount) error {
	return errNotYet
}

func (a *App) GiveAllowance(ctx context.Context, v Viewer, in AllowanceInput) error {
	return errNotYet
}

func (a *App) TakeAllowance(ctx context.Context, v Viewer, id token.AllowanceID) error {
	return errNotYet
}

func (a *App) Checkout(ctx context.Context, id token.OrderID, v *Viewer) (Checkout, error) {
	return Checkout{}, errNotYet
}

func (a *App) Pay(ctx context.Context, v Viewer, id token.OrderID, quoted token.Amount, method journal.ConsentMethod) (returnURL string, err error) {
	return "", errNotYet
}

func (a *App) PayTest(ctx context.Context, id token.OrderID, quoted token.Amount) (returnURL string, err error) {
	return "", errNotYet
}

func (a *App) Seller(ctx context.Context, bearer string) (Seller, error) {
	return Seller{}, errNotYet
}

func (a *App) Me(ctx context.Context, s Seller) (Me, error) {
	return Me{}, errNotYet
}

func (a *App) CreateOrder(ctx context.Context, s Seller, in OrderInput, key string, digest []byte) (view OrderView, replayed bool, err error) {
	return OrderView{}, false, errNotYet
}

func (a *App) Order(ctx context.Context, s Seller, id token.OrderID) (OrderView, error) {
	return OrderView{}, errNotYet
}

func (a *App) Orders(ctx context.Context, s Seller, before string, limit int) (page []OrderView, next string, err error) {
	return nil, "", errNotYet
}

func (a *App) Redeem(ctx context.Context, s Seller, ticket string, countView bool) (Redemption, error) {
	return Redemption{}, errNotYet
}

func (a *App) View(ctx context.Context, s Seller, id token.OrderID, key string) (view EntitlementView, replayed bool, err error) {
	return EntitlementView{}, false, errNotYet
}

func (a *App) CreatePurchase(ctx context.Context, s Seller, in PurchaseInput, key string, digest []byte) (view OrderView, replayed bool, err error) {
	return OrderView{}, false, errNotYet
}

func (a *App) Capture(ctx context.Context, s Seller, id token.OrderID, in CaptureInput, key string, digest []byte) (view OrderView, replayed bool, err error) {
	return OrderView{}, false, errNotYet
}

func (a *App) Release(ctx context.Context, s Seller, id token.OrderID, key string, digest []byte) (view OrderView, replayed bool, err error) {
	return OrderView{}, false, errNotYet
}

func (a *App) Refund(ctx context.Context, s Seller, id token.OrderID, in RefundInput, key string, digest []byte) (view OrderView, replayed bool, err error) {
	return OrderView{}, false, errNotYet
}

func (a *App) Royalties(ctx context.Context, s Seller, before string, limit int) (page []RoyaltyView, next string, err error) {
	return nil, "", errNotYet
}

func (a *App) Earnings(ctx context.Context, s Seller) ([]Balance, error) {
	return nil, errNotYet
}

func (a *App) CreateOffer(ctx context.Context, s Seller, in OfferInput, key string, digest []byte) (offer catalog.Offer, replayed bool, err error) {
	return catalog.Offer{}, false, errNotYet
}

func (a *App) Offer(ctx context.Context, s Seller, id token.OfferID) (catalog.Offer, error) {
	return catalog.Offer{}, errNotYet
}

func (a *App) Offers(ctx context.Context, s Seller, before string, limit int) (page []catalog.Offer, next string, err error) {
	return nil, "", errNotYet
}

func (a *App) CreateSplit(ctx context.Context, s Seller, in SplitInput, key string, digest []byte) (split catalog.Split, replayed bool, err error) {
	return catalog.Split{}, false, errNotYet
}

func (a *App) ChangeSplit(ctx context.Context, s Seller, id token.SplitID, in SplitInput, key string, digest []byte) (split catalog.Split, replayed bool, err error) {
	return catalog.Split{}, false, errNotYet
}

func (a *App) Splits(ctx context.Context, s Seller, before string, limit int) (page []catalog.Split, next string, err error) {
	return nil, "", errNotYet
}

func (a *App) CreatePayee(ctx context.Context, s Seller, name string, key string, digest []byte) (payee catalog.Payee, replayed bool, err error) {
	return catalog.Payee{}, false, errNotYet
}

func (a *App) Payees(ctx context.Context, s Seller, before string, limit int) (page []catalog.Payee, next string, err error) {
	return nil, "", errNotYet
}

func (a *App) CreateSite(ctx context.Context, s Seller, url string, key string, digest []byte) (site catalog.Site, replayed bool, err error) {
	return catalog.Site{}, false, errNotYet
}

func (a *App) Sites(ctx context.Context, s Seller, before string, limit int) (page []catalog.Site, next string, err error) {
	return nil, "", errNotYet
}

func (a *App) CreateCampaign(ctx context.Context, s Seller, in CampaignInput, key string, digest []byte) (campaign catalog.Campaign, replayed bool, err error) {
	return catalog.Campaign{}, false, errNotYet
}

func (a *App) Campaigns(ctx context.Context, s Seller, before string, limit int) (page []catalog.Campaign, next string, err error) {
	return nil, "", errNotYet
}

func (a *App) GrantIncentive(ctx context.Context, s Seller, in GrantInput, key string, digest []byte) (replayed bool, err error) {
	return false, errNotYet
}

func (a *App) CreateVendor(ctx context.Context, v Viewer, name, origin string) (VendorView, error) {
	return VendorView{}, errNotYet
}

func (a *App) Vendor(ctx context.Context, v Viewer, id token.VendorID) (VendorView, error) {
	return VendorView{}, errNotYet
}

func (a *App) ActFor(ctx context.Context, v Viewer, vendor token.VendorID, test bool) (Seller, error) {
	return Seller{}, errNotYet
}

func (a *App) Sales(ctx context.Context, v Viewer, vendor token.VendorID, before string, limit int) (page []OrderView, next string, err error) {
	return nil, "", errNotYet
}

func (a *App) VendorOrders(ctx context.Context, v Viewer, vendor token.VendorID, before string, limit int) (page []OrderView, next string, err error) {
	return nil, "", errNotYet
}

func (a *App) VendorRoyalties(ctx context.Context, v Viewer, vendor token.VendorID, before string, limit int) (page []RoyaltyView, next string, err error) {
	return nil, "", errNotYet
}

func (a *App) VendorEarnings(ctx context.Context, v Viewer, vendor token.VendorID) ([]Balance, error) {
	return nil, errNotYet
}

func (a *App) VendorKeys(ctx context.Context, v Viewer, vendor token.VendorID) ([]KeyView, error) {
	return nil, errNotYet
}

func (a *App) CreateKey(ctx context.Context, v Viewer, vendor token.VendorID, login string, test bool) (secret string, view KeyView, err error) {
	return "", KeyView{}, errNotYet
}

func (a *App) RevokeKey(ctx context.Context, v Viewer, vendor token.VendorID, id token.KeyID) error {
	return errNotYet
}

func (a *App) ExpireHolds(ctx context.Context) (released int, err error) {
	return 0, errNotYet
}
