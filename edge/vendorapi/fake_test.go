package vendorapi

import (
	"context"
	"sync/atomic"
	"time"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/token"
)

const goodKey = "fk_live_good"

// fakeApp knows one key and answers every call with something of the right shape,
// or with refusal where that is set. It counts what would have moved money.
type fakeApp struct {
	refusal error
	moved   atomic.Int64
	digest  []byte
	orderIn app.OrderInput
}

var _ App = (*fakeApp)(nil)

var fakeTime = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

type fakeClock struct{}

func (fakeClock) Now() time.Time { return fakeTime }

func (f *fakeApp) Seller(_ context.Context, bearer string) (app.Seller, error) {
	if bearer != goodKey {
		return app.Seller{}, token.Refuse(token.Unauthorised, "unauthorised.key")
	}
	return app.Seller{Vendor: token.VendorID{1}, Key: token.KeyID{2}, Login: "shop"}, nil
}

func (f *fakeApp) Me(context.Context, app.Seller) (app.Me, error) {
	return app.Me{Name: "Shop"}, f.refusal
}

// OperatorByKey takes the same key, so that tests of every route need one only.
func (f *fakeApp) OperatorByKey(_ context.Context, bearer string) (app.Actor, token.KeyID, error) {
	_, err := f.Seller(context.Background(), bearer)
	return app.Actor{}, token.KeyID{3}, err
}

func (f *fakeApp) Summary(context.Context, app.Actor) (app.Summary, error) {
	return app.Summary{Money: []app.Money{{Currency: token.Currency{'U', 'S', 'D'}}}}, f.refusal
}

func (f *fakeApp) AllVendors(context.Context, app.Actor, string, int) ([]app.VendorLine, string, error) {
	return []app.VendorLine{{ID: token.VendorID{1}, Name: "Shop", Money: []app.Money{{Currency: token.Currency{'U', 'S', 'D'}}}}}, "", f.refusal
}

func (f *fakeApp) DepositOnce(_ context.Context, _ app.Actor, _ app.DepositInput, _ string, digest []byte) (app.Deposit, error) {
	_, _, err := f.move(digest)
	return app.Deposit{Entry: 1, Account: token.AccountID{6}, Amount: 10_000_000, Currency: token.Currency{'U', 'S', 'D'}, Reference: "bank 1"}, err
}

func (f *fakeApp) ListRequests(context.Context, app.Actor, app.RequestState, string, int) ([]app.RequestRecord, string, error) {
	r, err := f.Request(context.Background(), app.Actor{}, 1)
	return []app.RequestRecord{r}, "", err
}

func (f *fakeApp) Request(context.Context, app.Actor, uint64) (app.RequestRecord, error) {
	view := app.RequestView{Number: 1, At: fakeTime, LapsesAt: fakeTime, Needs: journal.Needs{Persons: 1, Role: journal.Supervisor},
		Instruction: journal.Instruction{Account: token.AccountID{6}, Fund: &journal.Fund{Amount: 10_000_000, Currency: token.Currency{'U', 'S', 'D'}, Reference: "bank 1"}}}
	return app.RequestRecord{RequestView: view, State: app.RequestDone, DecidedAt: fakeTime, Entry: 3}, f.refusal
}

func (f *fakeApp) Approve(context.Context, app.Actor, uint64, [32]byte, string) (app.Approved, error) {
	return app.Approved{Request: 1, Entry: 3}, f.refusal
}

func (f *fakeApp) Refuse(context.Context, app.Actor, uint64, string) error { return f.refusal }

func (f *fakeApp) Policies(context.Context, app.Actor) ([]journal.Policy, error) {
	return []journal.Policy{{Action: journal.Deposit, Needs: journal.Needs{Persons: 1, Role: journal.Supervisor}}}, f.refusal
}

func (f *fakeApp) StaffLog(context.Context, app.Actor, staff.Search, string, int) ([]staff.Line, string, error) {
	return []staff.Line{{Act: staff.Act{Actor: staff.ByCommand, Action: staff.KeyMade, Detail: "made a key"}, Number: 1}}, "", f.refusal
}

func (f *fakeApp) DeadLetters(context.Context, app.Actor, string, int) ([]app.DeadLetter, string, error) {
	return []app.DeadLetter{{ID: token.DeliveryID{9}, Kind: "mail", Receiver: "reader.example"}}, "", f.refusal
}

func (f *fakeApp) RetryDelivery(context.Context, app.Actor, token.DeliveryID) error { return f.refusal }

func (f *fakeApp) DropDelivery(context.Context, app.Actor, token.DeliveryID) error { return f.refusal }

func (f *fakeApp) order() app.OrderView {
	return app.OrderView{
		ID: token.OrderID{3}, Vendor: token.VendorID{1}, Status: "paid", Price: 250_000, Currency: token.Currency{'U', 'S', 'D'},
		Item: journal.Item{SKU: "essay-1", Title: "On farthings"}, Offer: token.OfferID{4}, Login: "shop", CreatedAt: fakeTime, PaidAt: fakeTime,
		Authorisation: "A1B2C3D4", Reader: token.ReaderID{5}, Charged: 250_000, Net: 225_000, Fee: 25_000, Entitlement: &app.EntitlementView{Usable: true},
	}
}

func (f *fakeApp) move(digest []byte) (app.OrderView, bool, error) {
	if f.refusal != nil {
		return app.OrderView{}, false, f.refusal
	}
	f.moved.Add(1)
	f.digest = digest
	return f.order(), false, nil
}

func (f *fakeApp) CreateOrder(_ context.Context, _ app.Seller, in app.OrderInput, _ string, digest []byte) (app.OrderView, bool, error) {
	f.orderIn = in
	return f.move(digest)
}

func (f *fakeApp) Order(context.Context, app.Seller, token.OrderID) (app.OrderView, error) {
	return f.order(), f.refusal
}

func (f *fakeApp) Orders(context.Context, app.Seller, string, int) ([]app.OrderView, string, error) {
	return []app.OrderView{f.order()}, "next", f.refusal
}

func (f *fakeApp) Capture(_ context.Context, _ app.Seller, _ token.OrderID, _ app.CaptureInput, _ string, digest []byte) (app.OrderView, bool, error) {
	return f.move(digest)
}

func (f *fakeApp) Release(_ context.Context, _ app.Seller, _ token.OrderID, _ string, digest []byte) (app.OrderView, bool, error) {
	return f.move(digest)
}

func (f *fakeApp) Refund(_ context.Context, _ app.Seller, _ token.OrderID, _ app.RefundInput, _ string, digest []byte) (app.OrderView, bool, error) {
	return f.move(digest)
}

func (f *fakeApp) Receipt(context.Context, app.Seller, token.OrderID) (string, error) {
	return "a.b.c", f.refusal
}

func (f *fakeApp) View(context.Context, app.Seller, token.OrderID, string) (app.EntitlementView, bool, error) {
	_, _, err := f.move(nil)
	return app.EntitlementView{Order: token.OrderID{3}, Usable: true}, false, err
}

func (f *fakeApp) RedeemAt(context.Context, app.Seller, app.Arrival) (app.Redemption, error) {
	view, _, err := f.move(nil)
	return app.Redemption{Order: view, Reader: token.ReaderID{5}}, err
}

func (f *fakeApp) CreatePurchase(_ context.Context, _ app.Seller, _ app.PurchaseInput, _ string, digest []byte) (app.OrderView, bool, error) {
	return f.move(digest)
}

func (f *fakeApp) CreatePurchases(_ context.Context, _ app.Seller, batch []app.BatchedPurchase, answer func(int, app.OrderView, bool, error)) {
	for i := range batch {
		view, replayed, err := f.move(batch[i].Digest)
		answer(i, view, replayed, err)
	}
}

func (f *fakeApp) Allowed(context.Context, app.Seller, token.OfferID, token.ReaderID) (app.Coverage, error) {
	return app.Coverage{Allowed: true, Version: 1}, f.refusal
}

func fakeOffer() catalog.Offer {
	return catalog.Offer{ID: token.OfferID{4}, Version: 1, Item: journal.Item{Title: "T"}, Price: 1, Currency: token.Currency{'U', 'S', 'D'}, CreatedAt: 1}
}

func (f *fakeApp) CreateOffer(context.Context, app.Seller, app.OfferInput, string, []byte) (catalog.Offer, bool, error) {
	_, _, err := f.move(nil)
	return fakeOffer(), true, err
}

func (f *fakeApp) Offer(context.Context, app.Seller, token.OfferID) (catalog.Offer, error) {
	return fakeOffer(), f.refusal
}

func (f *fakeApp) Offers(context.Context, app.Seller, string, int) ([]catalog.Offer, string, error) {
	return nil, "", f.refusal
}

func (f *fakeApp) CreateSplit(context.Context, app.Seller, app.SplitInput, string, []byte) (catalog.Split, bool, error) {
	_, _, err := f.move(nil)
	return catalog.Split{}, false, err
}

func (f *fakeApp) ChangeSplit(context.Context, app.Seller, token.SplitID, app.SplitInput, string, []byte) (catalog.Split, bool, error) {
	_, _, err := f.move(nil)
	return catalog.Split{}, false, err
}

func (f *fakeApp) Splits(context.Context, app.Seller, string, int) ([]catalog.Split, string, error) {
	return nil, "", f.refusal
}

func (f *fakeApp) CreatePayee(context.Context, app.Seller, string, string, []byte) (catalog.Payee, bool, error) {
	_, _, err := f.move(nil)
	return catalog.Payee{}, false, err
}

func (f *fakeApp) Payees(context.Context, app.Seller, string, int) ([]catalog.Payee, string, error) {
	return nil, "", f.refusal
}

func (f *fakeApp) CreateSite(context.Context, app.Seller, string, string, []byte) (app.SiteView, bool, error) {
	_, _, err := f.move(nil)
	return app.SiteView{}, false, err
}

func (f *fakeApp) ProveSite(context.Context, app.Seller, token.SiteID) (app.SiteView, error) {
	return app.SiteView{}, f.refusal
}

func (f *fakeApp) Sites(context.Context, app.Seller, string, int) ([]app.SiteView, string, error) {
	return nil, "", f.refusal
}

func (f *fakeApp) CreateCampaign(context.Context, app.Seller, app.CampaignInput, string, []byte) (catalog.Campaign, bool, error) {
	_, _, err := f.move(nil)
	return catalog.Campaign{}, false, err
}

func (f *fakeApp) Campaigns(context.Context, app.Seller, string, int) ([]catalog.Campaign, string, error) {
	return nil, "", f.refusal
}

func (f *fakeApp) GrantIncentive(context.Context, app.Seller, app.GrantInput, string, []byte) (bool, error) {
	_, _, err := f.move(nil)
	return false, err
}

func (f *fakeApp) Royalties(context.Context, app.Seller, string, int) ([]app.RoyaltyView, string, error) {
	return nil, "", f.refusal
}

func (f *fakeApp) Earnings(context.Context, app.Seller) ([]app.Balance, error) { return nil, f.refusal }
