package core

import (
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/ledger"
	"farthing.dev/farthing/token"
)

// Transfer moves purchased tokens from one account's wallet to another's. Only what is there
// goes, never a credit line, and no incentive or test tokens.
type Transfer struct {
	From token.AccountID
	User token.UserID // who acts for it
	journal.Transfer
	Key journal.Key
}

var _ Command = (*Transfer)(nil)

// Need asks for the key and both accounts.
func (c *Transfer) Need(s *State, f *Facts) {
	needKey(s, f, c.Key)
	f.Accounts = append(f.Accounts, c.From, c.To)
}

// Decide checks, in order: key, accounts, that they are two, amount, currency, standing of
// both, what the sender has, number of the receiver's wallets, overflow.
func (c *Transfer) Decide(s *State, _ int64) (Outcome, error) {
	if out, done, err := s.replay(c.Key); done || err != nil {
		return out, err
	}
	from, err := s.account(c.From)
	if err != nil {
		return Outcome{}, err
	}
	to, err := s.account(c.To)
	if err != nil {
		return Outcome{}, err
	}
	if c.From == c.To || journal.IsNobodys(c.From) || journal.IsNobodys(c.To) {
		return Outcome{}, token.Refuse(token.Unprocessable, "field_invalid.transfer")
	}
	if err := priced(c.Amount, c.Currency); err != nil {
		return Outcome{}, err
	}
	if from.Standing == journal.Frozen || to.Standing == journal.Frozen {
		return Outcome{}, token.Refuse(token.Forbidden, "account_closed.one_of_two")
	}
	if w := from.Wallet(c.Currency, token.PurchasedClass); w == nil || w.Balance < c.Amount {
		return Outcome{}, token.Refuse(token.Unfunded, "insufficient_funds.transfer")
	}
	if err := to.room(c.Currency, token.PurchasedClass, c.Amount); err != nil {
		return Outcome{}, err
	}
	legs := add(s.legs(2), ledger.Wallet, c.From, c.Currency, token.PurchasedClass, -c.Amount)
	legs = add(legs, ledger.Wallet, c.To, c.Currency, token.PurchasedClass, c.Amount)
	moved := c.Transfer
	return Outcome{Entry: &journal.Entry{Kind: journal.Transferred, Account: c.From, User: c.User, Key: c.Key, Legs: legs,
		Parts: &journal.Parts{Transfer: &moved}}}, nil
}
