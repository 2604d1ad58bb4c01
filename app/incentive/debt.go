package incentive

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/token"
)

// boundTries bounds how often BoundIncentives counts on because something was recorded
// meanwhile.
const boundTries = 50

// BoundIncentives sets what the incentive tokens of each vendor that has no bound of its own
// may come to, in major units of every currency alike: those outstanding and those spent, less
// those that lapsed. What payees earn by them the provider owes, whether the vendor can pay or
// not. The first call on a journal counts what was given before; until then vendors give none.
func (a *Incentives) BoundIncentives(ctx context.Context, most token.Amount) error {
	count := incentiveCount{sums: map[incentiveOf]token.Amount{}}
	var err error
	for range boundTries {
		var all *core.Account
		if all, err = a.engine.Account(ctx, journal.AllIssuers); err != nil {
			return err
		}
		command := &core.BoundIncentives{Max: most}
		if !all.Debt(token.Currency{}).Bounded {
			if err := a.engine.Blocks(ctx, count.to+1, count.add); err != nil {
				return err
			}
			command.AsOf, command.Before = count.to, count.debts()
		}
		if command.AsOf == 0 && all.Debt(token.Currency{}).Bounded {
			_, request, err := caller.ByCommand().Instruct(ctx, a.engine, a.clock.Now(), journal.Instruction{Bound: &journal.Bound{Max: most}}, "")
			if request != 0 {
				a.log.WarnContext(ctx, "the bound of vendors' incentive tokens waits for a second person", "request", request)
			}
			return err
		}
		if _, err = a.engine.Do(ctx, command); token.CodeOf(err) != token.CodeStale {
			return err
		}
	}
	return err
}

// incentiveOf is whose tokens, of which currency.
type incentiveOf struct {
	issuer   token.VendorID
	currency token.Currency
}

// incentiveCount adds up what vendors gave, entry by entry.
type incentiveCount struct {
	sums map[incentiveOf]token.Amount
	to   uint64 // the last entry counted
}

func (c *incentiveCount) add(b *journal.Block) error {
	entries, err := b.Entries()
	if err != nil {
		return err
	}
	for _, e := range entries {
		if c.to = e.Seq; e.Grant == nil || e.Grant.Issuer.IsZero() {
			continue
		}
		amount := e.Grant.Amount
		if e.Kind == journal.Lapsed {
			amount = -amount
		}
		c.sums[incentiveOf{e.Grant.Issuer, e.Grant.Currency}] += amount
	}
	return nil
}

// debts are the sums, in an order that is always the same.
func (c *incentiveCount) debts() []journal.Debt {
	var debts []journal.Debt
	for of, sum := range c.sums {
		debts = append(debts, journal.Debt{Issuer: of.issuer, Currency: of.currency, Amount: sum})
	}
	slices.SortFunc(debts, func(x, y journal.Debt) int {
		if order := x.Issuer.Compare(y.Issuer); order != 0 {
			return order
		}
		return bytes.Compare(x.Currency[:], y.Currency[:])
	})
	return debts
}

// SetIncentiveBound sets what one vendor's incentive tokens of a currency may come to, in place
// of what holds for all. Where they come to more already, none of them pays for anything until
// enough have lapsed, or the bound is raised.
//
// It may wait for a second person: then it returns the number of the request.
func (a *Incentives) SetIncentiveBound(ctx context.Context, by caller.Actor, vendor token.VendorID, currency token.Currency, most token.Amount) (request uint64, err error) {
	if err := caller.NeedRole(by, staff.Ask); err != nil {
		return 0, err
	}
	if err := a.directory.KnownVendor(ctx, vendor, false); err != nil {
		return 0, err
	}
	if err := a.directory.CheckCurrency(currency); err != nil {
		return 0, err
	}
	detail := fmt.Sprintf("asked to bound incentive tokens at %s %s", most.Decimal(currency.Digits()), currency)
	if err := a.catalog.AddAct(ctx, by.Act(a.ids, a.clock.Now(), staff.IncentivesBounded, vendor.String(), detail)); err != nil {
		return 0, err
	}
	bound := journal.Instruction{Vendor: vendor, Bound: &journal.Bound{Currency: currency, Max: most}}
	_, request, err = by.Instruct(ctx, a.engine, a.clock.Now(), bound, "")
	if token.CodeOf(err) == token.CodeStale {
		if err := a.BoundIncentives(ctx, 0); err != nil { // nobody served on this journal yet
			return 0, err
		}
		_, request, err = by.Instruct(ctx, a.engine, a.clock.Now(), bound, "")
	}
	return request, err
}

// IncentiveDebt is what a vendor's incentive tokens of one currency come to, and may come to.
type IncentiveDebt struct {
	Currency token.Currency
	Owed     token.Amount
	Max      token.Amount
	Own      bool // Max was set for this vendor, and is not that of all
}

// IncentiveDebts returns what a vendor's incentive tokens come to in every currency in which it
// gave some or has a bound of its own. It is for the operator; who calls it checks that.
func (a *Incentives) IncentiveDebts(ctx context.Context, vendor token.VendorID) ([]IncentiveDebt, error) {
	if err := a.directory.KnownVendor(ctx, vendor, false); err != nil {
		return nil, err
	}
	state := core.NewState()
	for _, id := range []token.AccountID{journal.AllIssuers, journal.IssuerAccount(vendor)} {
		account, err := a.engine.Account(ctx, id)
		if err != nil {
			return nil, err
		}
		state.Accounts[id] = account
	}
	var debts []IncentiveDebt
	for _, d := range state.Accounts[journal.IssuerAccount(vendor)].Debts {
		now := state.IncentiveDebt(vendor, d.Currency)
		debts = append(debts, IncentiveDebt{Currency: d.Currency, Owed: now.Owed, Max: now.Max, Own: d.Bounded})
	}
	slices.SortFunc(debts, func(x, y IncentiveDebt) int { return bytes.Compare(x.Currency[:], y.Currency[:]) })
	return debts, nil
}
