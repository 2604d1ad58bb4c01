package pretend

import (
	"context"
	"time"

	"farthing.dev/farthing/app/approving"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/funding"
	"farthing.dev/farthing/app/operating"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/edge/operator"
	"farthing.dev/farthing/token"
)

var _ operator.App = (*App)(nil)

// Operator lets Reader act, and asks Late to log in again.
func (a *App) Operator(_ context.Context, v caller.Viewer) (caller.Actor, error) {
	switch v.Email {
	case Reader:
		return caller.ByCommand(), nil
	case Late:
		return caller.Actor{}, token.Refuse(token.Unauthorised, "purchase_window_closed.act_as_staff")
	}
	return caller.Actor{}, token.Refuse(token.NotFound, "not_found.page")
}

func books() []operating.Money {
	usd := operating.Money{
		Currency: token.MustCurrency("USD"), Cash: 1_284_300_500_000, Wallets: 1_211_004_120_000, Held: 3_250_000, Vendors: 61_740_310_000, Payees: 8_112_905_000,
		Fees: 3_439_915_000, Incentive: 12_500_000, Sales: 73_292_880_000, Sold: 412_344, Refunds: 112_250_000,
	}
	jpy := operating.Money{Currency: token.MustCurrency("JPY"), Cash: 250_000_000_000, Wallets: 249_000_000_000, Vendors: 950_000_000, Fees: 40_000_000, Sales: 1_000_000_000, Sold: 18}
	return []operating.Money{jpy, usd}
}

// Summary is of a provider with money in two currencies, one of which does not balance,
// and with something wrong.
func (a *App) Summary(context.Context, caller.Actor) (operating.Summary, error) {
	return operating.Summary{
		Health: operating.Health{
			Version: "v1.0.0", Database: "postgres, shared by replicas", Mail: "1,204 sent, 3 tries failed, 0 given up, 0 waiting", Head: journal.Head{Seq: 824_688, Hash: [32]byte{1, 2, 3}},
			Problems: []operating.Problem{{Code: "writing_behind", Detail: "derived data cannot be written: the disk is full; make room", Since: Now().Add(-time.Hour)}},
		},
		Fee: royalty.FeeRule{PPM: 50_000, Fixed: 10_000}, Readers: 10_233, Vendors: 2, Money: books(), Counted: 824_600,
	}, nil
}

// AllVendors are two.
func (a *App) AllVendors(context.Context, caller.Actor, string, int) ([]operating.VendorLine, string, error) {
	return []operating.VendorLine{
		{ID: a.Foreign, Name: "Low Tide Records", Fee: royalty.FeeRule{PPM: 50_000}, OpenedAt: Now().Add(-time.Hour)},
		{ID: a.Shop, Name: "The Harbour Gazette", Fee: royalty.FeeRule{PPM: 50_000, Fixed: 10_000}, OpenedAt: Now().Add(-48 * time.Hour), Money: books()},
	}, a.Shop.String(), nil
}

// LookUpReader knows Reader.
func (a *App) LookUpReader(_ context.Context, _ caller.Actor, email string) (operating.ReaderLine, error) {
	a.did("look up %s", email)
	if email != Reader {
		return operating.ReaderLine{}, token.Refuse(token.NotFound, "not_found.email")
	}
	return operating.ReaderLine{
		User: id[token.UserKind](1), Account: id[token.AccountKind](1), Name: "A••• L•••", Email: operating.MaskEmail(email), Since: Now().Add(-500 * time.Hour), Confirmed: true, Vendors: 1,
		Balances: []funding.Balance{{Currency: token.MustCurrency("USD"), Amount: 12_340_000, Held: 250_000}},
		Deposits: []funding.Deposit{{Entry: 41, At: Now().Add(-50 * time.Hour), Amount: 20_000_000, Currency: token.MustCurrency("USD"), Method: "operator", Reference: "bank 2026-11-22 17"}},
	}, nil
}

// StaffLog has some lines.
func (a *App) StaffLog(context.Context, caller.Actor, staff.Search, string, int) ([]staff.Line, string, error) {
	return []staff.Line{
		{Number: 2, Act: staff.Act{ID: id[token.EventKind](3), At: Now().UnixMilli(), Actor: id[token.UserKind](1).String(), Action: staff.ReaderLooked, Subject: id[token.UserKind](2).String(), Detail: "looked a reader up by e-mail"}},
		{Number: 1, Act: staff.Act{ID: id[token.EventKind](2), At: Now().Add(-time.Hour).UnixMilli(), Actor: staff.ByCommand, Action: staff.DepositMade, Subject: id[token.AccountKind](1).String(), Detail: `asked to credit 20.00 USD, reference "bank 2026-11-22 17"`}},
	}, "", nil
}

// Requests has one that waits.
func (a *App) Requests(context.Context, caller.Actor) ([]approving.RequestView, error) {
	i := journal.Instruction{Account: id[token.AccountKind](1), Fund: &journal.Fund{Amount: 500_000_000, Currency: token.MustCurrency("USD"), Method: journal.ByOperator, Reference: "bank 2026-11-29 4"}}
	return []approving.RequestView{{Number: 812, At: Now().Add(-2 * time.Hour), Instruction: i, By: journal.Staff{User: id[token.UserKind](2), Role: journal.Representative},
		Why: "the bank's letter of yesterday", Needs: journal.Needs{Persons: 1, Role: journal.Supervisor}, LapsesAt: Now().Add(160 * time.Hour)}}, nil
}

// Policies has one row.
func (a *App) Policies(context.Context, caller.Actor) ([]journal.Policy, error) {
	return []journal.Policy{{Action: journal.Deposit, Currency: token.MustCurrency("USD"), Above: 100_000_000, Needs: journal.Needs{Persons: 1, Role: journal.Supervisor}}}, nil
}

// Approve does what was asked.
func (a *App) Approve(_ context.Context, _ caller.Actor, request uint64, _ [32]byte, _ string) (approving.Approved, error) {
	return approving.Approved{Request: request, Entry: request + 9}, nil
}

// Refuse closes every request.
func (a *App) Refuse(context.Context, caller.Actor, uint64, string) error { return nil }

// Deposit credits whatever it is asked to, at once.
func (a *App) Deposit(_ context.Context, _ caller.Actor, in funding.DepositInput) (funding.Deposit, error) {
	a.did("deposit %s", in.Reference)
	return funding.Deposit{Entry: 900, Amount: in.Amount, Currency: in.Currency, Reference: in.Reference}, nil
}

// SetPolicy makes a request of each row.
func (a *App) SetPolicy(context.Context, caller.Actor, journal.Policy, string) (uint64, error) {
	return 901, nil
}
