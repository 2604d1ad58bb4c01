package core

import (
	"slices"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/token"
)

// Fund issues tokens against money that came in. It makes its key itself, of the payment
// method and its reference, so one outside event is credited once, whatever account it names.
type Fund struct {
	Account token.AccountID
	User    token.UserID
	Fund    journal.Fund
	TestKey journal.Key // of test tokens, which no outside event stands behind

	cleared clearance
}

// byStaff reports whether staff say that the money came in, and no payment method.
func (c *Fund) byStaff() bool { return c.Fund.Method == journal.ByOperator && !c.Fund.Test }

func (c *Fund) key() journal.Key {
	if c.Fund.Test {
		return c.TestKey
	}
	return journal.FundKey(c.Account, &c.Fund)
}

// Grant issues incentive tokens of a campaign.
type Grant struct {
	Account token.AccountID
	Grant   journal.Grant
	Key     journal.Key

	cleared clearance
}

// byStaff reports whether the tokens are given at the provider's expense.
func (c *Grant) byStaff() bool { return c.Grant.Issuer.IsZero() }

// Lapse takes away incentive tokens that have expired.
type Lapse struct {
	Account  token.AccountID
	Campaign token.CampaignID
	Currency token.Currency
}

var (
	_ Command = (*Fund)(nil)
	_ Command = (*Grant)(nil)
	_ Command = (*Lapse)(nil)
)

// Need asks for the key and the account.
func (c *Fund) Need(s *State, f *Facts) {
	needKey(s, f, c.key())
	f.Accounts = append(f.Accounts, c.Account)
	if c.byStaff() {
		needDesk(f)
	}
}

// Decide checks, in order: reference, key, account, amount, currency, text, number of wallets,
// overflow, whether it needs a second person.
func (c *Fund) Decide(s *State, now int64) (Outcome, error) {
	if !c.Fund.Test && (c.Fund.Method == "" || c.Fund.Reference == "") {
		return Outcome{}, token.Refuse(token.Unprocessable, "field_invalid.deposit_incomplete")
	}
	key := c.key()
	if out, done, err := s.replay(key); done || err != nil {
		return out, err
	}
	a, err := s.account(c.Account)
	if err != nil {
		return Outcome{}, err
	}
	if err := priced(c.Fund.Amount, c.Fund.Currency); err != nil {
		return Outcome{}, err
	}
	if err := readable(c.Fund.Method, c.Fund.Reference); err != nil {
		return Outcome{}, err
	}
	class, other := token.PurchasedClass, ledger.Cash
	if c.Fund.Test {
		class, other = token.TestClass, ledger.TestIssued
	}
	if err := a.room(c.Fund.Currency, class, c.Fund.Amount); err != nil {
		return Outcome{}, err
	}
	if c.byStaff() {
		if err := s.guard(c.cleared, journal.Deposit, c.Fund.Currency, c.Fund.Amount); err != nil {
			return Outcome{}, err
		}
	}
	legs := add(s.legs(2), other, [16]byte{}, c.Fund.Currency, class, -c.Fund.Amount)
	legs = add(legs, ledger.Wallet, c.Account, c.Fund.Currency, class, c.Fund.Amount)
	return Outcome{Entry: &journal.Entry{Kind: journal.Funded, Account: c.Account, User: c.User, Fund: &c.Fund, Key: key, Legs: legs}}, nil
}

// room refuses what would make too many wallets of purchased or test tokens, or overflow
// one. Gifts do not count.
func (a *Account) room(currency token.Currency, class token.Class, amount token.Amount) error {
	if w := a.Wallet(currency, class); w != nil {
		return w.room(amount)
	}
	own := 0
	for i := range a.Wallets {
		if a.Wallets[i].Class.Kind != token.Incentive {
			own++
		}
	}
	if own >= MaxWallets {
		return token.Refuse(token.Unprocessable, "field_invalid.wallets", token.Number("most", MaxWallets))
	}
	return nil
}

// roomForGift refuses what would make too many wallets of incentive tokens, or overflow one.
// Those whose time is over do not count: they lapse when the account is next looked at.
func (a *Account) roomForGift(g *journal.Grant, now int64) error {
	class := token.Class{Kind: token.Incentive, Campaign: g.Campaign}
	all, ofOne, ofKind := 0, 0, 0
	for i := range a.Wallets {
		w := &a.Wallets[i]
		switch {
		case w.Class.Kind != token.Incentive:
			continue
		case w.Currency == g.Currency && w.Class == class:
			return w.room(g.Amount)
		}
		all++
		if w.usedUp() || w.Expired(now) {
			continue
		}
		if w.Issuer.IsZero() == g.Issuer.IsZero() {
			ofKind++
		}
		if w.Issuer == g.Issuer {
			ofOne++
		}
	}
	switch {
	case !g.Issuer.IsZero() && ofOne >= MaxGiftsOfOne:
		return token.Refuse(token.Conflict, "gifts_full.yours", token.Number("held", int64(ofOne)))
	case ofKind >= MaxGifts, all >= 4*MaxGifts:
		return token.Refuse(token.Conflict, "gifts_full.all")
	}
	return nil
}

// room refuses what would overflow the wallet.
func (w *Wallet) room(amount token.Amount) error {
	sum, err := w.Balance.Add(amount)
	if err == nil && sum > 1000*token.MaxAmount {
		err = token.Refuse(token.Unprocessable, "amount_overflow.wallet")
	}
	return err
}

// Need asks for the key, the account and the issuer.
func (c *Grant) Need(s *State, f *Facts) {
	needKey(s, f, c.Key)
	f.Accounts = append(f.Accounts, c.Account)
	needIssuer(f, c.Grant.Issuer)
	if c.byStaff() {
		needDesk(f)
	}
}

// Decide checks, in order: key, account, amount, currency, campaign, expiry, number
// of wallets, issuer, what the issuer's tokens may come to, and of the provider's whether they
// need a second person. All of a campaign's tokens in one wallet have the same terms:
// those of the latest grant, except that no grant makes earlier ones expire sooner.
func (c *Grant) Decide(s *State, now int64) (Outcome, error) {
	if out, done, err := s.replay(c.Key); done || err != nil {
		return out, err
	}
	a, err := s.account(c.Account)
	if err != nil {
		return Outcome{}, err
	}
	if err := priced(c.Grant.Amount, c.Grant.Currency); err != nil {
		return Outcome{}, err
	}
	if c.Grant.Campaign.IsZero() {
		return Outcome{}, token.Refuse(token.Unprocessable, "field_invalid.campaign_missing")
	}
	if c.Grant.Expiry != 0 && c.Grant.Expiry <= now {
		return Outcome{}, token.Refuse(token.Unprocessable, "field_invalid.gift_expired")
	}
	class := token.Class{Kind: token.Incentive, Campaign: c.Grant.Campaign}
	if err := a.roomForGift(&c.Grant, now); err != nil {
		return Outcome{}, err
	}
	grant := c.Grant
	if before := a.Wallet(grant.Currency, class); before != nil && !before.usedUp() {
		if before.Issuer != grant.Issuer {
			return Outcome{}, token.Refuse(token.Conflict, "already_taken.campaign_issuer")
		}
		if before.Expiry == 0 || grant.Expiry == 0 {
			grant.Expiry = 0
		} else {
			grant.Expiry = max(grant.Expiry, before.Expiry)
		}
	}
	if grant.Owed = !grant.Issuer.IsZero(); grant.Owed {
		d := s.IncentiveDebt(grant.Issuer, grant.Currency)
		if owed, err := d.Owed.Add(grant.Amount); err != nil || owed > d.Max || !s.counted() {
			return Outcome{}, refuseDebt(d, "incentive_debt_exceeded.above")
		}
	}
	if c.byStaff() {
		if err := s.guard(c.cleared, journal.GiveIncentives, c.Grant.Currency, c.Grant.Amount); err != nil {
			return Outcome{}, err
		}
	}
	legs := add(s.legs(2), ledger.IncentiveIssued, c.Grant.Campaign, c.Grant.Currency, class, -c.Grant.Amount)
	legs = add(legs, ledger.Wallet, c.Account, c.Grant.Currency, class, c.Grant.Amount)
	return Outcome{Entry: &journal.Entry{Kind: journal.Granted, Account: c.Account, Grant: &grant, Key: c.Key, Legs: legs, Parts: expiring(now, grant)}}, nil
}

// expiring says when incentive tokens that come to an account expire, so that they are then
// taken away. Those whose time is over already, as they come back, are due now.
func expiring(now int64, grants ...journal.Grant) *journal.Parts {
	var due []int64
	for i := range grants {
		if at := max(now, grants[i].Expiry); grants[i].Expiry != 0 && !slices.Contains(due, at) {
			due = append(due, at)
		}
	}
	if due == nil {
		return nil
	}
	return &journal.Parts{Due: due}
}

// expiringBack is expiring for tokens that come back.
func expiringBack(now int64, back *journal.Back) *journal.Parts {
	if back == nil {
		return nil
	}
	return expiring(now, back.Grants...)
}

// Need asks for the account, and for who gave it the tokens.
func (c *Lapse) Need(s *State, f *Facts) {
	f.Accounts = append(f.Accounts, c.Account)
	if a := s.Accounts[c.Account]; a != nil {
		if w := a.Wallet(c.Currency, token.Class{Kind: token.Incentive, Campaign: c.Campaign}); w != nil {
			needIssuer(f, w.Issuer)
		}
	}
}

// Decide takes what is left, if its time is over. What is held stays held.
func (c *Lapse) Decide(s *State, now int64) (Outcome, error) {
	a, err := s.account(c.Account)
	if err != nil {
		return Outcome{}, err
	}
	class := token.Class{Kind: token.Incentive, Campaign: c.Campaign}
	w := a.Wallet(c.Currency, class)
	if w == nil || !w.Expired(now) || w.Balance <= 0 {
		return Outcome{}, nil
	}
	grant := journal.Grant{Campaign: c.Campaign, Amount: w.Balance, Currency: c.Currency, Issuer: w.Issuer, Expiry: w.Expiry,
		Owed: !w.Issuer.IsZero() && s.counted()}
	legs := add(s.legs(2), ledger.Wallet, c.Account, c.Currency, class, -w.Balance)
	legs = add(legs, ledger.IncentiveIssued, c.Campaign, c.Currency, class, w.Balance)
	return Outcome{Entry: &journal.Entry{Kind: journal.Lapsed, Account: c.Account, Grant: &grant, Legs: legs}}, nil
}
