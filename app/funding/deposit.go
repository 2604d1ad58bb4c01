package funding

import (
	"context"
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"

	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/token"
)

func MoneyText(amount token.Amount, currency token.Currency) string {
	return amount.Decimal(currency.Digits()) + " " + currency.String()
}

// maxReference bounds the reference of a deposit, in characters.
const maxReference = 100

// DepositInput is money that came in outside, for the wallet of a reader: of whoever logs
// in with Email, or of Account.
type DepositInput struct {
	Email     string
	Account   token.AccountID
	Amount    token.Amount
	Currency  token.Currency
	Reference string // names the outside event, once and for all accounts
	Why       string // for a second person, where one is needed
}

// Deposit is money that was credited.
type Deposit struct {
	Entry     uint64 // its number in the journal
	At        time.Time
	Account   token.AccountID
	Amount    token.Amount
	Currency  token.Currency
	Method    string
	Reference string
	Replayed  bool   // it was credited before, by the same request
	Request   uint64 // the request's number, where nothing was credited, and it waits for a second person
}

// Deposit credits a wallet with money that came in outside. The same request again is
// answered as the first one; the same reference with another account, amount or currency
// is refused.
func (a *Funding) Deposit(ctx context.Context, by caller.Actor, in DepositInput) (Deposit, error) {
	if err := caller.NeedRole(by, staff.Ask); err != nil {
		return Deposit{}, err
	}
	if err := a.CheckDeposit(in); err != nil {
		return Deposit{}, err
	}
	owned, user, err := a.DepositTo(ctx, in)
	if err != nil {
		return Deposit{}, err
	}
	money := MoneyText(in.Amount, in.Currency)
	// Written first, so that no credit is without a line that says who asked for it. Whether
	// it was made is in the journal.
	err = a.catalog.AddAct(ctx, by.Act(a.ids, a.clock.Now(), staff.DepositMade, owned.String(), fmt.Sprintf("asked to credit %s, reference %q", money, in.Reference)))
	if err != nil {
		return Deposit{}, err
	}
	fund := &journal.Fund{Amount: in.Amount, Currency: in.Currency, Method: journal.ByOperator, Reference: in.Reference}
	out, request, err := by.Instruct(ctx, a.engine, a.clock.Now(), journal.Instruction{Account: owned, Fund: fund}, in.Why)
	if token.CodeOf(err) == token.CodeKeyReused {
		return Deposit{}, token.Refuse(token.Unprocessable, "idempotency_key_reused.reference")
	}
	if err != nil || request != 0 {
		return Deposit{Request: request, At: a.clock.Now(), Account: owned, Amount: in.Amount, Currency: in.Currency, Method: fund.Method, Reference: in.Reference}, err
	}
	if !out.Replayed && !user.IsZero() {
		a.activity.Record(ctx, activity.Event{Code: staff.DepositMade, User: user, Detail: "The provider added " + money + " to your wallet."})
	}
	deposit := depositOf(out.Entry)
	deposit.Replayed = out.Replayed
	return deposit, nil
}

// depositOf tells of an entry by which money came in.
func depositOf(e *journal.Entry) Deposit {
	return Deposit{Entry: e.Seq, At: token.TimeAt(e.At), Account: e.Account, Amount: e.Fund.Amount, Currency: e.Fund.Currency, Method: e.Fund.Method, Reference: e.Fund.Reference}
}

// CheckDeposit refuses what can be refused without looking anything up.
func (a *Funding) CheckDeposit(in DepositInput) error {
	if (in.Email == "") == in.Account.IsZero() {
		return token.Refuse(token.Unprocessable, "field_invalid.whose_wallet")
	}
	if err := a.directory.CheckCurrency(in.Currency); err != nil {
		return err
	}
	if err := in.Amount.Positive(); err != nil {
		return err
	}
	if err := in.Currency.CheckMinor(in.Amount); err != nil {
		return err
	}
	bad := token.Refuse(token.Unprocessable, "field_invalid.deposit_reference", token.Number("most", maxReference)).In("/reference")
	if n := utf8.RuneCountInString(in.Reference); n == 0 || n > maxReference || !utf8.ValidString(in.Reference) {
		return bad
	}
	for _, r := range in.Reference {
		if !unicode.IsPrint(r) {
			return bad
		}
	}
	return nil
}

// DepositTo finds the account to credit, and whom to tell of it.
func (a *Funding) DepositTo(ctx context.Context, in DepositInput) (token.AccountID, token.UserID, error) {
	if in.Email != "" {
		email, err := account.NormalEmail(in.Email)
		if err != nil {
			return token.AccountID{}, token.UserID{}, err
		}
		user, err := a.directory.UserByEmail(ctx, email)
		if err == nil && user.ID.IsZero() {
			err = token.Refuse(token.NotFound, "not_found.email")
		}
		return user.Account, user.ID, err
	}
	owned, err := a.catalog.Account(ctx, in.Account)
	if token.CodeOf(err) == token.CodeNotFound || err == nil && !owned.Sandbox.IsZero() {
		return token.AccountID{}, token.UserID{}, token.Refuse(token.NotFound, "not_found.account_id")
	}
	if err != nil {
		return token.AccountID{}, token.UserID{}, err
	}
	members, err := a.catalog.Members(ctx, in.Account)
	if err != nil || len(members) != 1 {
		return owned.ID, token.UserID{}, err
	}
	return owned.ID, members[0].User, nil
}

// shownDeposits is how many deposits are shown of an account.
const shownDeposits = 10

// Deposits returns the newest deposits of an account.
func (a *Funding) Deposits(ctx context.Context, id token.AccountID) ([]Deposit, error) {
	found, err := a.engine.Find(ctx, journal.TermDeposits(id), nil, 0, shownDeposits)
	all := make([]Deposit, 0, len(found))
	for _, e := range found {
		all = append(all, depositOf(e))
	}
	return all, err
}
