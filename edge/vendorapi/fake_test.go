package vendorapi

import (
	"context"
	"sync/atomic"
	"time"

	"farthing.dev/farthing/app/approving"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/directory"
	"farthing.dev/farthing/app/funding"
	"farthing.dev/farthing/app/incentive"
	"farthing.dev/farthing/app/offering"
	"farthing.dev/farthing/app/operating"
	"farthing.dev/farthing/app/selling"
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
	orderIn selling.OrderInput
}

var _ App = (*fakeApp)(nil)

var fakeTime = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

type fakeClock struct{}

func (fakeClock) Now() time.Time { return fakeTime }

func (f *fakeApp) Seller(_ context.Context, bearer string) (caller.Seller, error) {
	if bearer != goodKey {
		return caller.Seller{}, token.Refuse(token.Unauthorised, "unauthorised.key")
	}
	return caller.Seller{Vendor: token.VendorID{1}, Key: token.KeyID{2}, Login: "shop"}, nil
}

func (f *fakeApp) Me(context.Context, caller.Seller) (directory.Me, error) {
	return directory.Me{Name: "Shop"}, f.refusal
}

// OperatorByKey takes the same key, so that tests of every route need one only.
func (f *fakeApp) OperatorByKey(_ context.Context, bearer string) (caller.Actor, token.KeyID, error) {
	_, err := f.Seller(context.Background(), bearer)
	return caller.Actor{}, token.KeyID{3}, err
}

func (f *fakeApp) Summary(context.Context, caller.Actor) (operating.Summary, error) {
	return operating.Summary{Money: []operating.Money{{Currency: token.Currency{'U', 'S', 'D'}}}}, f.refusal
}

func (f *fakeApp) AllVendors(context.Context, caller.Actor, string, int) ([]operating.VendorLine, string, error) {
	return []operating.VendorLine{{ID: token.VendorID{1}, Name: "Shop", Money: []operating.Money{{Currency: token.Currency{'U', 'S', 'D'}}}}}, "", f.refusal
}

func (f *fakeApp) DepositOnce(_ context.Context, _ caller.Actor, _ funding.DepositInput, _ string, digest []byte) (funding.Deposit, error) {
	_, _, err := f.move(digest)
	return funding.Deposit{Entry: 1, Account: token.AccountID{6}, Amount: 10_000_000, Currency: token.Currency{'U', 'S', 'D'}, Reference: "bank 1"}, err
}

func (f *fakeApp) ListRequests(context.Context, caller.Actor, approving.RequestState, string, int) ([]approving.RequestRecord, string, error) {
	r, err := f.Request(context.Background(), caller.Actor{}, 1)
	return []approving.RequestRecord{r}, "", err
}

func (f *fakeApp) Request(context.Context, caller.Actor, uint64) (approving.RequestRecord, error) {
	view := approving.RequestView{Number: 1, At: fakeTime, LapsesAt: fakeTime, Needs: journal.Needs{Persons: 1, Role: journal.Supervisor},
		Instruction: journal.Instruction{Account: token.AccountID{6}, Fund: &journal.Fund{Amount: 10_000_000, Currency: token.Currency{'U', 'S', 'D'}, Reference: "bank 1"}}}
	return approving.RequestRecord{RequestView: view, State: approving.RequestDone, DecidedAt: fakeTime, Entry: 3}, f.refusal
}

func (f *fakeApp) Approve(context.Context, caller.Actor, uint64, [32]byte, string) (approving.Approved, error) {
	return approving.Approved{Request: 1, Entry: 3}, f.refusal
}

func (f *fakeApp) Refuse(context.Context, caller.Actor, uint64, string) error { return f.refusal }

func (f *fakeApp) Policies(context.Context, caller.Actor) ([]journal.Policy, error) {
	return []journal.Policy{{Action: journal.Deposit, Needs: journal.Needs{Persons: 1, Role: journal.Supervisor}}}, f.refusal
}

func (f *fakeApp) StaffLog(context.Context, caller.Actor, staff.Search, string, int) ([]staff.Line, string, error) {
	return []staff.Line{{Act: staff.Act{Actor: staff.ByCommand, Action: staff.KeyMade, Detail: "made a key"}, Number: 1}}, "", f.refusal
}

func (f *fakeApp) DeadLetters(context.Context, caller.Actor, string, int) ([]operating.DeadLetter, string, error) {
	return []operating.DeadLetter{{ID: token.DeliveryID{9}, Kind: "mail", Receiver: "reader.example"}}, "", f.refusal
}

func (f *fakeApp) RetryDelivery(context.Context, caller.Actor, token.DeliveryID) error {
	return f.refusal
}

func (f *fakeApp) DropDelivery(context.Context, caller.Actor, token.DeliveryID) error {
	return f.refusal
}

func (f *fakeApp) order() selling.OrderView {
	return selling.OrderView{
		ID: token.OrderID{3}, Vendor: token.VendorID{1}, Status: "paid", Price: 250_000, Currency: token.Currency{'U', 'S', 'D'},
		Item: journal.Item{SKU: "essay-1", Title: "On farthings"}, Offer: token.OfferID{4}, Login: "shop", CreatedAt: fakeTime, PaidAt: fakeTime,
		Authorisation: "A1B2C3D4", Reader: token.ReaderID{5}, Charged: 250_000, Net: 225_000, Fee: 25_000, Entitlement: &selling.EntitlementView{Usable: true},
	}
}

func (f *fakeApp) move(digest []byte) (selling.OrderView, bool, error) {
	if f.refusal != nil {
		return selling.OrderView{}, false, f.refusal
	}
	f.moved.Add(1)
	f.digest = digest
	return f.order(), false, nil
}

func (f *fakeApp) CreateOrder(_ context.Context, _ caller.Seller, in selling.OrderInput, _ string, digest []byte) (selling.OrderView, bool, error) {
	f.orderIn = in
	return f.move(digest)
}

func (f *fakeApp) Order(context.Context, caller.Seller, token.OrderID) (selling.OrderView, error) {
	return f.order(), f.refusal
}

func (f *fakeApp) Orders(context.Context, caller.Seller, string, int) ([]selling.OrderView, string, error) {
	return []selling.OrderView{f.order()}, "next", f.refusal
}

func (f *fakeApp) Capture(_ context.Context, _ caller.Seller, _ token.OrderID, _ selling.CaptureInput, _ string, digest []byte) (selling.OrderView, bool, error) {
	return f.move(digest)
}

func (f *fakeApp) Release(_ context.Context, _ caller.Seller, _ token.OrderID, _ string, digest []byte) (selling.OrderView, bool, error) {
	return f.move(digest)
}

func (f *fakeApp) Refund(_ context.Context, _ caller.Seller, _ token.OrderID, _ selling.RefundInput, _ string, digest []byte) (selling.OrderView, bool, error) {
	return f.move(digest)
}

func (f *fakeApp) Receipt(context.Context, caller.Seller, token.OrderID) (string, error) {
	return "a.b.c", f.refusal
}

func (f *fakeApp) View(context.Context, caller.Seller, token.OrderID, string) (selling.EntitlementView, bool, error) {
	_, _, err := f.move(nil)
	return selling.EntitlementView{Order: token.OrderID{3}, Usable: true}, false, err
}

func (f *fakeApp) RedeemAt(context.Context, caller.Seller, selling.Arrival) (selling.Redemption, error) {
	view, _, err := f.move(nil)
	return selling.Redemption{Order: view, Reader: token.ReaderID{5}}, err
}

func (f *fakeApp) CreatePurchase(_ context.Context, _ caller.Seller, _ selling.PurchaseInput, _ string, digest []byte) (selling.OrderView, bool, error) {
	return f.move(digest)
}

func (f *fakeApp) CreatePurchases(_ context.Context, _ caller.Seller, batch []selling.BatchedPurchase, answer func(int, selling.OrderView, bool, error)) {
	for i := range batch {
		view, replayed, err := f.move(batch[i].Digest)
		answer(i, view, replayed, err)
	}
}

func (f *fakeApp) Allowed(context.Context, caller.Seller, token.OfferID, token.ReaderID) (selling.Coverage, error) {
	return selling.Coverage{Allowed: true, Version: 1}, f.refusal
}

func fakeOffer() catalog.Offer {
	return catalog.Offer{ID: token.OfferID{4}, Version: 1, Item: journal.Item{Title: "T"}, Price: 1, Currency: token.Currency{'U', 'S', 'D'}, CreatedAt: 1}
}

func (f *fakeApp) CreateOffer(context.Context, caller.Seller, offering.OfferInput, string, []byte) (catalog.Offer, bool, error) {
	_, _, err := f.move(nil)
	return fakeOffer(), true, err
}

func (f *fakeApp) Offer(context.Context, caller.Seller, token.OfferID) (catalog.Offer, error) {
	return fakeOffer(), f.refusal
}

func (f *fakeApp) Offers(context.Context, caller.Seller, string, int) ([]catalog.Offer, string, error) {
	return nil, "", f.refusal
}

func (f *fakeApp) CreateSplit(context.Context, caller.Seller, offering.SplitInput, string, []byte) (catalog.Split, bool, error) {
	_, _, err := f.move(nil)
	return catalog.Split{}, false, err
}

func (f *fakeApp) ChangeSplit(context.Context, caller.Seller, token.SplitID, offering.SplitInput, string, []byte) (catalog.Split, bool, error) {
	_, _, err := f.move(nil)
	return catalog.Split{}, false, err
}

func (f *fakeApp) Splits(context.Context, caller.Seller, string, int) ([]catalog.Split, string, error) {
	return nil, "", f.refusal
}

func (f *fakeApp) CreatePayee(context.Context, caller.Seller, string, string, []byte) (catalog.Payee, bool, error) {
	_, _, err := f.move(nil)
	return catalog.Payee{}, false, err
}

func (f *fakeApp) Payees(context.Context, caller.Seller, string, int) ([]catalog.Payee, string, error) {
	return nil, "", f.refusal
}

func (f *fakeApp) CreateSite(context.Context, caller.Seller, string, string, []byte) (directory.SiteView, bool, error) {
	_, _, err := f.move(nil)
	return directory.SiteView{}, false, err
}

func (f *fakeApp) ProveSite(context.Context, caller.Seller, token.SiteID) (directory.SiteView, error) {
	return directory.SiteView{}, f.refusal
}

func (f *fakeApp) Sites(context.Context, caller.Seller, string, int) ([]directory.SiteView, string, error) {
	return nil, "", f.refusal
}

func (f *fakeApp) CreateCampaign(context.Context, caller.Seller, incentive.CampaignInput, string, []byte) (catalog.Campaign, bool, error) {
	_, _, err := f.move(nil)
	return catalog.Campaign{}, false, err
}

func (f *fakeApp) Campaigns(context.Context, caller.Seller, string, int) ([]catalog.Campaign, string, error) {
	return nil, "", f.refusal
}

func (f *fakeApp) GrantIncentive(context.Context, caller.Seller, incentive.GrantInput, string, []byte) (bool, error) {
	_, _, err := f.move(nil)
	return false, err
}

func (f *fakeApp) Royalties(context.Context, caller.Seller, string, int) ([]selling.RoyaltyView, string, error) {
	return nil, "", f.refusal
}

func (f *fakeApp) Earnings(context.Context, caller.Seller) ([]funding.Balance, error) {
	return nil, f.refusal
}
