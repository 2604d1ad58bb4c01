package funding

import (
	"context"
	"strings"
	"time"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/token"
)

// Balance is an amount of one currency and class.
type Balance struct {
	Currency  token.Currency
	Class     token.Class
	Amount    token.Amount // spendable now, without the credit line
	Held      token.Amount
	Credit    token.Amount
	Issuer    string           // of incentive tokens: the vendor's name, or empty for the provider
	Vendors   []token.VendorID // of incentive tokens: where they can be spent; none means everywhere
	ExpiresAt time.Time        // of incentive tokens
}

func (a *Funding) BalanceOf(ctx context.Context, w *core.Wallet) Balance {
	return Balance{
		Currency: w.Currency, Class: w.Class, Amount: w.Balance, Held: w.Held, Credit: w.Credit,
		Issuer: a.directory.VendorName(ctx, w.Issuer), Vendors: w.Vendors, ExpiresAt: token.TimeAt(w.Expiry),
	}
}

func CompareBalances(x, y Balance) int {
	if c := strings.Compare(x.Currency.String(), y.Currency.String()); c != 0 {
		return c
	}
	if x.Class.Kind != y.Class.Kind {
		return int(x.Class.Kind) - int(y.Class.Kind)
	}
	return x.Class.Campaign.Compare(y.Class.Campaign)
}
