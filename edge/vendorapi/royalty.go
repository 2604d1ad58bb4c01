package vendorapi

import (
	"context"
	"net/http"
	"time"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/funding"
	"farthing.dev/farthing/app/selling"
	"farthing.dev/farthing/token"
)

type royalties interface {
	Royalties(ctx context.Context, s caller.Seller, before string, limit int) ([]selling.RoyaltyView, string, error)
	Earnings(ctx context.Context, s caller.Seller) ([]funding.Balance, error)
}

// royaltyLine is one posting to somebody's earnings, as it travels.
type royaltyLine struct {
	Order        token.OrderID  `json:"order"`
	At           time.Time      `json:"at"`
	Kind         string         `json:"kind" enum:"order.paid,hold.captured,order.refunded"`
	Payee        token.PayeeID  `json:"payee,omitzero" doc:"Absent: your own net"`
	PayeeName    string         `json:"payee_name,omitzero"`
	Amount       string         `json:"amount" doc:"Negative for refunds"`
	Currency     token.Currency `json:"currency"`
	Split        token.SplitID  `json:"split,omitzero"`
	SplitVersion uint32         `json:"split_version,omitzero"`
	Test         bool           `json:"test"`
}

// balance is what is owed in one currency, as it travels.
type balance struct {
	Currency token.Currency `json:"currency"`
	Class    string         `json:"class" enum:"purchased,incentive,test"`
	Amount   string         `json:"amount"`
}

func royaltyLineOf(v selling.RoyaltyView) royaltyLine {
	return royaltyLine{
		Order: v.Order, At: v.At, Kind: v.Kind, Payee: v.Payee, PayeeName: v.PayeeName, Amount: money(v.Amount, v.Currency),
		Currency: v.Currency, Split: v.Split, SplitVersion: v.SplitVersion, Test: v.Test,
	}
}

func balanceOf(b funding.Balance) balance {
	return balance{Currency: b.Currency, Class: b.Class.Kind.String(), Amount: money(b.Amount, b.Currency)}
}

func (a *api) addRoyalties() {
	route(a, operation{
		method: http.MethodGet, path: "/v1/royalties", id: "listRoyalties", tag: "Earnings", list: true,
		summary: "List postings to your own and your payees' earnings, newest first",
	}, func(ctx context.Context, c *call, _ *none) (answer[list[royaltyLine]], error) {
		found, next, err := a.app.Royalties(ctx, c.seller, c.cursor, c.limit)
		return page(found, next, royaltyLineOf), err
	})
	route(a, operation{
		method: http.MethodGet, path: "/v1/earnings", id: "getEarnings", tag: "Earnings", summary: "Get what the provider owes you, per currency",
	}, func(ctx context.Context, c *call, _ *none) (answer[list[balance]], error) {
		found, err := a.app.Earnings(ctx, c.seller)
		return page(found, "", balanceOf), err
	})
}
