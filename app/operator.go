package app

import (
	"context"
	"slices"
	"strings"
	"time"

	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

// Sums are what the journal comes to, kept by following it.
type Sums interface {
	// Follow counts some of what is not counted yet, and reports whether there is more.
	Follow(ctx context.Context, now bool) (more bool, err error)
	// Head returns how far the journal is counted.
	Head(ctx context.Context) (journal.Head, error)
	All(ctx context.Context) ([]ledger.Sum, error)
	Of(ctx context.Context, vendor token.VendorID) ([]ledger.Sum, error)
	Deposits(ctx context.Context, account token.AccountID, limit int) ([]store.Deposit, error)
}

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
	Left    uint64 // how many entries are not counted yet
}

// FollowSums counts what is new in the journal, for half a second at most. What it adds up is
// written a little later, with more; of what was left behind it reads one step at a time.
func (a *App) FollowSums(ctx context.Context) error { return a.followSums(ctx, false) }

func (a *App) followSums(ctx context.Context, now bool) error {
	if a.sums == nil {
		return nil
	}
	for began := time.Now(); time.Since(began) < 500*time.Millisecond; {
		if more, err := a.sums.Follow(ctx, now); err != nil || !more {
			return err
		}
	}
	return nil
}

// Summary returns the provider at a glance.
func (a *App) Summary(ctx context.Context, _ Actor) (Summary, error) {
	s := Summary{Fee: a.fee}
	if a.health != nil {
		s.Health = a.health(ctx)
	}
	var err error
	if s.Readers, s.Vendors, err = a.people(ctx); err != nil || a.sums == nil {
		return s, err
	}
	if err := a.followSums(ctx, true); err != nil {
		return s, err
	}
	head, err := a.sums.Head(ctx)
	if err != nil {
		return s, err
	}
	s.Counted = head.Seq
	if s.Health.Head.Seq > head.Seq {
		s.Left = s.Health.Head.Seq - head.Seq
	}
	sums, err := a.sums.All(ctx)
	s.Money = moneyOf(sums)
	return s, err
}

// countedFor is for how long a count of people is good: counting a million takes a while.
const countedFor = time.Minute

// people counts who logs in, and the vendors, once a minute.
func (a *App) people(ctx context.Context) (readers, vendors int64, err error) {
	a.headcount.Lock()
	defer a.headcount.Unlock()
	if now := a.clock.Now(); now.Sub(a.headcount.at) >= countedFor {
		if a.headcount.people, a.headcount.vendors, err = a.catalog.Count(ctx); err == nil {
			a.headcount.at = now
		}
	}
	return a.headcount.people, a.headcount.vendors, err
}

// moneyOf puts sums into one line for each currency.
func moneyOf(sums []ledger.Sum) []Money {
	var all []Money
	for _, s := range sums {
		at := slices.IndexFunc(all, func(m Money) bool { return m.Currency == s.Currency })
		if at < 0 {
			at = len(all)
			all = append(all, Money{Currency: s.Currency})
		}
		m := &all[at]
		if s.Class == token.Incentive { // the other side of what readers have
			if s.Name == ledger.IncentiveIssued.String() {
				m.Incentive -= s.Amount
			}
			continue
		}
		switch s.Name {
		case ledger.Cash.String():
			m.Cash -= s.Amount
		case ledger.Wallet.String():
			m.Wallets += s.Amount
		case ledger.Held.String():
			m.Held += s.Amount
		case ledger.VendorPayable.String():
			m.Vendors += s.Amount
		case ledger.PayeePayable.String():
			m.Payees += s.Amount
		case ledger.Fee.String(), ledger.Breakage.String():
			m.Fees += s.Amount
		case ledger.Promotion.String(), ledger.Referral.String(), ledger.Chargeback.String():
			m.Spent -= s.Amount
		case ledger.SumSales:
			m.Sales, m.Sold = s.Amount, s.Count
		case ledger.SumRefunds:
			m.Refunds = s.Amount
		}
	}
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
func (a *App) AllVendors(ctx context.Context, _ Actor, before string, limit int) ([]VendorLine, string, error) {
	vendors, next, err := pageOf(before, limit, func(from token.VendorID, limit int) ([]catalog.Vendor, error) {
		return a.catalog.Vendors(ctx, from, limit)
	}, func(v catalog.Vendor) token.VendorID { return v.ID })
	lines := make([]VendorLine, 0, len(vendors))
	for _, v := range vendors {
		line := VendorLine{ID: v.ID, Name: v.Name, Fee: v.Fee, OpenedAt: when(v.CreatedAt)}
		if a.sums != nil {
			sums, err := a.sums.Of(ctx, v.ID)
			if err != nil {
				return nil, "", err
			}
			line.Money = moneyOf(sums)
		}
		lines = append(lines, line)
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
	Balances  []Balance
	Deposits  []Deposit
	Vendors   int // that she acts for
}

// LookUpReader returns the reader who logs in with an address. That somebody looked is
// written into the staff's log first, and the reader sees it under Account activity.
func (a *App) LookUpReader(ctx context.Context, by Actor, email string) (ReaderLine, error) {
	var line ReaderLine
	email, err := account.NormalEmail(email)
	if err != nil {
		return line, err
	}
	user, err := a.userByEmail(ctx, email)
	if err != nil {
		return line, err
	}
	detail := "looked a reader up by e-mail"
	if user.ID.IsZero() {
		detail = "looked for a reader by an e-mail address that nobody logs in with"
	}
	if err := a.catalog.AddAct(ctx, a.act(by, staff.ReaderLooked, user.ID.String(), detail)); err != nil {
		return line, err
	}
	if user.ID.IsZero() {
		return line, token.Refuse(token.NotFound, "not_found.email")
	}
	a.Note(ctx, SecurityEvent{Code: staff.ReaderLooked, User: user.ID, Detail: "The provider's staff looked at your account."})
	line = ReaderLine{User: user.ID, Account: user.Account, Name: maskName(user.Name), Email: MaskEmail(user.Email), Since: when(user.CreatedAt), Confirmed: user.Password != ""}
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
		line.Balances = append(line.Balances, a.balance(ctx, &owned.Wallets[i]))
	}
	slices.SortFunc(line.Balances, compareBalances)
	line.Deposits, err = a.deposits(ctx, user.Account)
	return line, err
}

// shownDeposits is how many deposits are shown of an account.
const shownDeposits = 10

// deposits returns the newest deposits of an account.
func (a *App) deposits(ctx context.Context, id token.AccountID) ([]Deposit, error) {
	if a.sums == nil {
		return nil, nil
	}
	found, err := a.sums.Deposits(ctx, id, shownDeposits)
	all := make([]Deposit, 0, len(found))
	for _, d := range found {
		all = append(all, Deposit{Entry: d.Seq, At: when(d.At), Account: d.Account, Amount: d.Amount, Currency: d.Currency, Method: d.Method, Reference: d.Reference})
	}
	return all, err
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
func (a *App) DepositOnce(ctx context.Context, by Actor, in DepositInput, key string, digest []byte) (Deposit, error) {
	if err := a.checkDeposit(in); err != nil {
		return Deposit{}, err
	}
	request := catalog.Request{Key: journal.NewKey([16]byte{}, "operator "+by.id, key, digest), At: a.clock.Now().UnixMilli()}
	if err := a.catalog.Claim(ctx, request); err != nil {
		return Deposit{}, err
	}
	deposit, err := a.Deposit(ctx, by, in)
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
