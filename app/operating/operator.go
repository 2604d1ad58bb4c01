package operating

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"time"

	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/funding"
	"farthing.dev/farthing/app/paging"
	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/token"
)

// Health is how the provider's parts are. Whoever wires the provider tells it.
type Health struct {
	Version  string
	Database string // what kind, and how it is reached
	Mail     string // how mail is sent, and how that went
	Head     journal.Head
	Problems []Problem // what keeps it from being trusted; none where all is well

	Followers []Follower // who follows the journal, and how far
}

// Problem is something that is wrong.
type Problem struct {
	Code   string
	Detail string
	Since  time.Time
}

// Money is what the provider holds, owes and has earned in one currency. All are as the
// books have them: what is owed and earned is positive.
type Money struct {
	Currency  token.Currency
	Cash      token.Amount // money that came in
	Wallets   token.Amount // owed to readers: purchased tokens that can be spent
	Held      token.Amount // owed to readers or vendors: set aside by holds
	Vendors   token.Amount // owed to vendors
	Payees    token.Amount // owed to authors and publishers
	Fees      token.Amount // earned
	Spent     token.Amount // promotions, referrals and charge-backs, at the provider's expense
	Incentive token.Amount // incentive tokens that readers have and may spend
	Sales     token.Amount // prices of what was sold
	Sold      int64        // purchases
	Refunds   token.Amount // given back of them
}

// Balanced reports whether what came in is what is owed, earned and spent.
func (m Money) Balanced() bool {
	return m.Cash+m.Spent == m.Wallets+m.Held+m.Vendors+m.Payees+m.Fees
}

// Summary is the provider at a glance.
type Summary struct {
	Health  Health
	Fee     royalty.FeeRule // for vendors who open from now on
	Readers int64
	Vendors int64
	Money   []Money
	Counted uint64 // up to which entry the sums go
}

// Summary returns the provider at a glance.
func (a *Operating) Summary(ctx context.Context, by caller.Actor) (Summary, error) {
	s := Summary{Fee: a.fee}
	if err := caller.NeedRole(by, staff.SeeBooks); err != nil {
		return s, err
	}
	if a.health != nil {
		s.Health = a.health(ctx)
	}
	var err error
	if s.Readers, s.Vendors, err = a.people(ctx); err != nil {
		return s, err
	}
	books, err := a.engine.Owner(ctx, [16]byte{})
	if err != nil {
		return s, err
	}
	s.Counted, s.Money = max(s.Health.Head.Seq, books.Seq), moneyOf(books)
	return s, nil
}

// countedFor is for how long a count of people is good: counting a million takes a while.
const countedFor = time.Minute

// people counts who logs in, and the vendors, once a minute.
func (a *Operating) people(ctx context.Context) (readers, vendors int64, err error) {
	a.headcount.Lock()
	defer a.headcount.Unlock()
	if now := a.clock.Now(); now.Sub(a.headcount.at) >= countedFor {
		if a.headcount.people, a.headcount.vendors, err = a.catalog.Count(ctx); err == nil {
			a.headcount.at = now
		}
	}
	return a.headcount.people, a.headcount.vendors, err
}

// moneyOf puts an owner's balances and sales into one line for each currency, tests apart.
func moneyOf(books *core.Account) []Money {
	var all []Money
	of := func(currency token.Currency) *Money {
		at := slices.IndexFunc(all, func(m Money) bool { return m.Currency == currency })
		if at < 0 {
			at = len(all)
			all = append(all, Money{Currency: currency})
		}
		return &all[at]
	}
	for _, b := range books.Balances {
		if b.Class.Kind == token.Test {
			continue
		}
		m := of(b.Currency)
		if b.Class.Kind == token.Incentive { // the other side of what readers have
			if b.Code == ledger.IncentiveIssued {
				m.Incentive -= b.Amount
			}
			continue
		}
		switch b.Code {
		case ledger.Cash:
			m.Cash -= b.Amount
		case ledger.Wallet:
			m.Wallets += b.Amount
		case ledger.Held:
			m.Held += b.Amount
		case ledger.VendorPayable:
			m.Vendors += b.Amount
		case ledger.PayeePayable:
			m.Payees += b.Amount
		case ledger.Fee, ledger.Breakage:
			m.Fees += b.Amount
		case ledger.Promotion, ledger.Referral, ledger.Chargeback:
			m.Spent -= b.Amount
		}
	}
	for _, t := range books.Sales {
		m := of(t.Currency)
		m.Sales, m.Sold, m.Refunds = t.Sold, t.Sales, t.Refunded
	}
	slices.SortFunc(all, func(x, y Money) int { return bytes.Compare(x.Currency[:], y.Currency[:]) })
	return all
}

// VendorLine is a vendor as operators see it.
type VendorLine struct {
	ID       token.VendorID
	Name     string
	Fee      royalty.FeeRule
	OpenedAt time.Time
	Money    []Money // of which Vendors, Sales, Sold and Refunds count
}

// AllVendors returns a page of all vendors, newest first, with what they sold.
func (a *Operating) AllVendors(ctx context.Context, by caller.Actor, before string, limit int) ([]VendorLine, string, error) {
	if err := caller.NeedRole(by, staff.SeeBooks); err != nil {
		return nil, "", err
	}
	vendors, next, err := paging.Of(before, limit, func(from token.VendorID, limit int) ([]catalog.Vendor, error) {
		return a.catalog.Vendors(ctx, from, limit)
	}, func(v catalog.Vendor) token.VendorID { return v.ID })
	lines := make([]VendorLine, 0, len(vendors))
	for _, v := range vendors {
		books, err := a.engine.Owner(ctx, v.ID)
		if err != nil {
			return nil, "", err
		}
		lines = append(lines, VendorLine{ID: v.ID, Name: v.Name, Fee: v.Fee, OpenedAt: token.TimeAt(v.CreatedAt), Money: moneyOf(books)})
	}
	return lines, next, err
}

// ReaderLine is a reader as operators see her: enough to know that it is she, and no more.
type ReaderLine struct {
	User      token.UserID
	Account   token.AccountID
	Name      string // masked
	Email     string // masked
	Since     time.Time
	Confirmed bool // has a password or another way in
	Frozen    bool
	Balances  []funding.Balance
	Deposits  []funding.Deposit
	Vendors   int // that she acts for
}

// LookUpReader returns the reader who logs in with an address. That somebody looked is
// written into the staff's log first, and the reader sees it under Account activity.
func (a *Operating) LookUpReader(ctx context.Context, by caller.Actor, email string) (ReaderLine, error) {
	var line ReaderLine
	if err := caller.NeedRole(by, staff.LookUp); err != nil {
		return line, err
	}
	email, err := account.NormalEmail(email)
	if err != nil {
		return line, err
	}
	user, err := a.directory.UserByEmail(ctx, email)
	if err != nil {
		return line, err
	}
	detail := "looked a reader up by e-mail"
	if user.ID.IsZero() {
		detail = "looked for a reader by an e-mail address that nobody logs in with"
	}
	if err := a.catalog.AddAct(ctx, by.Act(a.ids, a.clock.Now(), staff.ReaderLooked, user.ID.String(), detail)); err != nil {
		return line, err
	}
	if user.ID.IsZero() {
		return line, token.Refuse(token.NotFound, "not_found.email")
	}
	a.activity.Record(ctx, activity.Event{Code: staff.ReaderLooked, User: user.ID, Detail: "The provider's staff looked at your account."})
	line = ReaderLine{User: user.ID, Account: user.Account, Name: maskName(user.Name), Email: MaskEmail(user.Email), Since: token.TimeAt(user.CreatedAt), Confirmed: user.Password != ""}
	vendors, err := a.catalog.VendorsOf(ctx, user.ID)
	if err != nil {
		return line, err
	}
	line.Vendors = len(vendors)
	owned, err := a.engine.Account(ctx, user.Account)
	if err != nil {
		return line, err
	}
	line.Frozen = owned.Standing == journal.Frozen
	for i := range owned.Wallets {
		line.Balances = append(line.Balances, a.funding.BalanceOf(ctx, &owned.Wallets[i]))
	}
	slices.SortFunc(line.Balances, funding.CompareBalances)
	line.Deposits, err = a.funding.Deposits(ctx, user.Account)
	return line, err
}

// hidden stands for what is masked; its length says nothing.
const hidden = "•••"

// MaskEmail leaves of an address what tells its owner that it is hers.
func MaskEmail(email string) string {
	local, domain, found := strings.Cut(email, "@")
	if !found || local == "" {
		return hidden
	}
	return local[:firstLetter(local)] + hidden + "@" + domain
}

func maskName(name string) string {
	words := strings.Fields(name)
	for i, word := range words {
		words[i] = word[:firstLetter(word)] + hidden
	}
	return strings.Join(words, " ")
}

func firstLetter(text string) int {
	for i := range text {
		if i > 0 {
			return i
		}
	}
	return len(text)
}

// DepositOnce is Deposit for callers that send an idempotency key besides: a key that stands
// for one request is refused with another.
func (a *Operating) DepositOnce(ctx context.Context, by caller.Actor, in funding.DepositInput, key string, digest []byte) (funding.Deposit, error) {
	if err := a.funding.CheckDeposit(in); err != nil {
		return funding.Deposit{}, err
	}
	request := catalog.Request{Key: journal.NewKey([16]byte{}, "operator "+by.ID, key, digest), At: a.clock.Now().UnixMilli()}
	if err := a.catalog.Claim(ctx, request); err != nil {
		return funding.Deposit{}, err
	}
	deposit, err := a.funding.Deposit(ctx, by, in)
	if refused(err) {
		if err := a.catalog.Unclaim(ctx, request); err != nil {
			a.log.WarnContext(ctx, "the key of a refused deposit was not given back", "error", err)
		}
	}
	return deposit, err
}

// refused reports whether a request was certainly not carried out, by a decision.
func refused(err error) bool {
	switch token.CodeOf(err) {
	case "", token.CodeInternal, token.CodeUnavailable, token.CodeCommitUnknown:
		return false
	}
	return true
}
