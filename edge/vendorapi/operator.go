package vendorapi

import (
	"context"
	"net/http"
	"time"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/funding"
	"farthing.dev/farthing/app/operating"
	"farthing.dev/farthing/token"
)

type operators interface {
	OperatorByKey(ctx context.Context, bearer string) (caller.Actor, token.KeyID, error)
	Summary(ctx context.Context, by caller.Actor) (operating.Summary, error)
	AllVendors(ctx context.Context, by caller.Actor, before string, limit int) ([]operating.VendorLine, string, error)
	DepositOnce(ctx context.Context, by caller.Actor, in funding.DepositInput, key string, digest []byte) (funding.Deposit, error)
}

// summary is the provider at a glance, as it travels.
type summary struct {
	Version   string     `json:"version"`
	Database  string     `json:"database"`
	Mail      string     `json:"mail"`
	Head      string     `json:"head" doc:"The journal's end, as farthing verify writes it"`
	Problems  []problems `json:"problems" nullable:"false" doc:"What keeps the provider from being trusted with sales; none where all is well"`
	Followers []follower `json:"followers" nullable:"false" doc:"Who follows the journal, and how far"`
	Readers   int64      `json:"readers" doc:"How many people log in; counted once a minute"`
	Vendors   int64      `json:"vendors"`
	Fee       feeRule    `json:"fee" doc:"Of vendors who open from now on"`
	Money     []books    `json:"money" nullable:"false"`
	Counted   uint64     `json:"counted_to" doc:"The entry up to which the sums go"`
	Left      uint64     `json:"not_counted" doc:"How many entries are not in the sums yet: none, today"`
}

type problems struct {
	Code   string    `json:"code"`
	Detail string    `json:"detail"`
	Since  time.Time `json:"since"`
}

// follower is who follows the journal, as it travels.
type follower struct {
	Name    string `json:"name"`
	Entry   uint64 `json:"entry" doc:"The last one that it has seen"`
	Lag     uint64 `json:"lag_entries" doc:"How many were appended since"`
	Stopped string `json:"stopped,omitzero" doc:"Why it does not go on, where it does not"`
}

type feeRule struct {
	Percent string `json:"percent" doc:"Of the price"`
	Fixed   string `json:"fixed" doc:"On top, in major units of the price's currency"`
}

// books is what is held, owed and earned in one currency, as it travels.
type books struct {
	Currency  token.Currency `json:"currency"`
	Cash      string         `json:"cash" doc:"Money that came in"`
	Wallets   string         `json:"wallets" doc:"Owed to readers: what they can spend"`
	Held      string         `json:"held" doc:"Set aside by holds"`
	Vendors   string         `json:"vendors" doc:"Owed to vendors"`
	Payees    string         `json:"payees" doc:"Owed to authors and publishers"`
	Fees      string         `json:"fees" doc:"Earned"`
	Spent     string         `json:"spent" doc:"Promotions and losses at the provider's expense"`
	Incentive string         `json:"incentive" doc:"Incentive tokens that readers have and may spend"`
	Sales     string         `json:"sales" doc:"Prices of what was sold, before refunds"`
	Sold      int64          `json:"sold" doc:"Purchases"`
	Refunds   string         `json:"refunds"`
	Balanced  bool           `json:"balanced" doc:"What came in and was spent is what is owed and earned"`
}

func booksOf(m operating.Money) books {
	as := func(a token.Amount) string { return money(a, m.Currency) }
	return books{
		Currency: m.Currency, Cash: as(m.Cash), Wallets: as(m.Wallets), Held: as(m.Held), Vendors: as(m.Vendors), Payees: as(m.Payees),
		Fees: as(m.Fees), Spent: as(m.Spent), Incentive: as(m.Incentive), Sales: as(m.Sales), Sold: m.Sold, Refunds: as(m.Refunds), Balanced: m.Balanced(),
	}
}

func summaryOf(s operating.Summary) summary {
	out := summary{
		Version: s.Health.Version, Database: s.Health.Database, Mail: s.Health.Mail, Head: s.Health.Head.String(), Problems: []problems{}, Followers: []follower{},
		Readers: s.Readers, Vendors: s.Vendors, Fee: feeRule{percent(s.Fee.PPM), s.Fee.Fixed.Decimal(2)}, Money: []books{}, Counted: s.Counted,
	}
	for _, p := range s.Health.Problems {
		out.Problems = append(out.Problems, problems(p))
	}
	for _, f := range s.Health.Followers {
		out.Followers = append(out.Followers, follower{f.Name, f.Seq, f.Lag, f.Stopped})
	}
	for _, m := range s.Money {
		out.Money = append(out.Money, booksOf(m))
	}
	return out
}

// vendorLine is a vendor as operators see it, as it travels.
type vendorLine struct {
	ID       token.VendorID `json:"id"`
	Name     string         `json:"name"`
	OpenedAt time.Time      `json:"opened_at"`
	Fee      feeRule        `json:"fee"`
	Money    []turnover     `json:"money" nullable:"false"`
}

// turnover is what one vendor sold in one currency, as it travels.
type turnover struct {
	Currency token.Currency `json:"currency"`
	Sales    string         `json:"sales"`
	Sold     int64          `json:"sold"`
	Refunds  string         `json:"refunds"`
	Owed     string         `json:"owed" doc:"What the vendor earned and was not paid"`
}

func vendorLineOf(v operating.VendorLine) vendorLine {
	out := vendorLine{ID: v.ID, Name: v.Name, OpenedAt: v.OpenedAt, Fee: feeRule{percent(v.Fee.PPM), v.Fee.Fixed.Decimal(2)}, Money: []turnover{}}
	for _, m := range v.Money {
		out.Money = append(out.Money, turnover{m.Currency, money(m.Sales, m.Currency), m.Sold, money(m.Refunds, m.Currency), money(m.Vendors, m.Currency)})
	}
	return out
}

// newDeposit is money that came in outside, as it travels.
type newDeposit struct {
	Email     string          `json:"email,omitzero" doc:"Whose wallet: of who logs in with this address"`
	Account   token.AccountID `json:"account,omitzero" doc:"Or of this account"`
	Amount    string          `json:"amount" example:"10.00" doc:"With no more decimals than the currency has"`
	Currency  token.Currency  `json:"currency" pattern:"^[A-Z]{3}$" example:"USD"`
	Reference string          `json:"reference" example:"bank 2026-11-30 17" doc:"Names the outside payment, once for all accounts: it is credited once"`
}

// deposit is what was credited, as it travels.
type deposit struct {
	Entry     uint64          `json:"entry" doc:"Its number in the journal"`
	At        time.Time       `json:"at"`
	Account   token.AccountID `json:"account"`
	Amount    string          `json:"amount"`
	Currency  token.Currency  `json:"currency"`
	Reference string          `json:"reference"`
	Request   uint64          `json:"request,omitzero" doc:"With status 202: nothing was credited yet, and the request of this number waits for a second person"`
}

func (a *api) addOperators() {
	route(a, operation{
		method: http.MethodGet, path: "/v1/operator/summary", id: "getOperatorSummary", tag: "Operator", summary: "Get the provider at a glance", operator: true,
		explain: "Health, what is held and owed by currency, fees, and how many readers and vendors there are. The sums follow the journal, so this takes the same time however much was sold.",
	}, func(ctx context.Context, c *call, _ *none) (answer[summary], error) {
		found, err := a.app.Summary(ctx, c.actor)
		return answer[summary]{body: summaryOf(found)}, err
	})
	route(a, operation{
		method: http.MethodGet, path: "/v1/operator/vendors", id: "listOperatorVendors", tag: "Operator", summary: "List all vendors", operator: true, list: true,
		explain: "Newest first, with their fee and what they sold.",
	}, func(ctx context.Context, c *call, _ *none) (answer[list[vendorLine]], error) {
		found, next, err := a.app.AllVendors(ctx, c.actor, c.cursor, c.limit)
		return page(found, next, vendorLineOf), err
	})
	route(a, operation{
		method: http.MethodPost, path: "/v1/operator/deposits", id: "createOperatorDeposit", tag: "Operator", summary: "Credit a wallet with money that came in", operator: true,
		status:  http.StatusCreated,
		explain: "The same reference with another account, amount or currency is refused with idempotency_key_reused, whatever Idempotency-Key it comes with: one outside payment is credited once.",
		refuses: []token.Code{token.CodeNotFound, token.CodeAmountInvalid, token.CodeOverflow, token.CodeCurrencyInvalid, token.CodeFieldInvalid, token.CodeIDInvalid, token.CodeApprovalsFull},
	}, func(ctx context.Context, c *call, in *newDeposit) (answer[deposit], error) {
		amount, err := amountOf("/amount", in.Amount)
		if err != nil {
			return answer[deposit]{}, err
		}
		d, err := a.app.DepositOnce(ctx, c.actor, funding.DepositInput{Email: in.Email, Account: in.Account, Amount: amount, Currency: in.Currency, Reference: in.Reference}, c.key, c.digest)
		status := http.StatusCreated
		if d.Request != 0 {
			status = http.StatusAccepted
		}
		return answer[deposit]{body: deposit{d.Entry, d.At, d.Account, money(d.Amount, d.Currency), d.Currency, d.Reference, d.Request}, replayed: d.Replayed, status: status}, err
	})
}
