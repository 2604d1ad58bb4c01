package app_test

import (
	"context"
	"testing"
	"time"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/incentive"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

// give gives the reader tokens of a new campaign of the vendor.
func (h *house) give(amount string) error {
	h.t.Helper()
	campaign, _, err := h.CreateCampaign(h.t.Context(), h.live, incentive.CampaignInput{Name: "spring", Currency: usd}, h.key(), nil)
	must(h.t, err)
	_, err = h.GrantIncentive(h.t.Context(), h.live, incentive.GrantInput{Campaign: campaign.ID, Reader: h.pseudonym(h.reader, h.live), Amount: money(h.t, amount)}, h.key(), nil)
	return err
}

// A vendor without earnings gives its own reader a million and sells to it: payees would be
// owed half of what nobody has. It may not, unless the operator stands for it.
func TestAVendorGivesNoMoreThanTheOperatorStandsFor(t *testing.T) {
	h := open(t)
	wantCode(t, h.give("1000000"), token.CodeIncentiveDebt)
	wantCode(t, h.give("0.000001"), token.CodeIncentiveDebt)
	must(t, h.BoundIncentives(t.Context(), 0))
	wantCode(t, h.give("0.000001"), token.CodeIncentiveDebt)
	in := article("a", "1")
	in.Split = h.split(h.live, "half").ID
	order := h.order(h.live, in)
	_, err := h.Pay(t.Context(), h.reader, order.ID, order.Price, journal.ByClick)
	wantCode(t, err, token.CodeFundsMissing)

	must(t, h.BoundIncentives(t.Context(), money(t, "2")))
	must(t, h.give("1.50"))
	wantCode(t, h.give("0.51"), token.CodeIncentiveDebt)
	h.buy(h.reader, order)
	wantCode(t, h.give("0.51"), token.CodeIncentiveDebt) // what was spent counts
	must(t, bound(h.SetIncentiveBound(t.Context(), caller.ByCommand(), h.vendor.ID, usd, money(t, "3"))))
	must(t, h.give("0.51"))
	debts, err := h.IncentiveDebts(t.Context(), h.vendor.ID)
	must(t, err)
	want(t, "debts", debts[0], incentive.IncentiveDebt{Currency: usd, Owed: money(t, "2.01"), Max: money(t, "3"), Own: true})

	// Beyond the bound, nothing more is earned by them: the page says so before.
	must(t, bound(h.SetIncentiveBound(t.Context(), caller.ByCommand(), h.vendor.ID, usd, money(t, "2"))))
	next := h.order(h.live, article("b", "0.10"))
	page, err := h.Checkout(t.Context(), next.ID, &h.reader)
	must(t, err)
	wantCode(t, page.Problem, token.CodeFundsMissing)
	must(t, bound(h.SetIncentiveBound(t.Context(), caller.ByCommand(), h.vendor.ID, usd, money(t, "2.01"))))
	page, err = h.Checkout(t.Context(), next.ID, &h.reader)
	must(t, err)
	want(t, "can be paid", page.CanPay, true)
	h.buy(h.reader, next)

	wantCode(t, bound(h.SetIncentiveBound(t.Context(), caller.ByCommand(), token.VendorID{1}, usd, 1)), token.CodeNotFound)
	wantCode(t, bound(h.SetIncentiveBound(t.Context(), caller.ByCommand(), h.vendor.ID, token.MustCurrency("CHF"), 1)), token.CodeCurrencyInvalid)
	wantCode(t, bound(h.SetIncentiveBound(t.Context(), caller.ByCommand(), h.vendor.ID, usd, -1)), token.CodeAmountInvalid)
}

// A journal from before there were bounds: what was given then is counted once, and what of it
// lapses later is taken off.
func TestWhatWasGivenBeforeThereWereBoundsCounts(t *testing.T) {
	h := open(t)
	campaign, early := token.NewID[token.CampaignKind](h.Deps.IDs), token.NewID[token.CampaignKind](h.Deps.IDs)
	old := h.oldGrant(campaign, "1", h.Clock.Now().Add(time.Hour).UnixMilli())
	must(t, h.reopen(old, h.oldGrant(early, "0.25", 0)))
	must(t, h.BoundIncentives(t.Context(), money(t, "2")))
	owed := func(what, amount string) {
		t.Helper()
		debts, err := h.IncentiveDebts(t.Context(), h.vendor.ID)
		must(t, err)
		want(t, what, debts[0].Owed.Decimal(2), amount)
	}
	owed("counted", "1.25")
	wantCode(t, h.give("0.76"), token.CodeIncentiveDebt)
	must(t, h.give("0.75"))
	owed("with what was given since", "2.00")
	h.Clock.Move(time.Hour)
	_, err := h.DoDue(t.Context()) // old grants do not say that they fall due
	must(t, err)
	owed("still with what is over", "2.00")
	_, _, err = h.LogIn(t.Context(), "ada@reader.example", "correct horse battery")
	must(t, err)
	owed("without what lapsed; 0.02 of it were spent to make the reader known to the shop", "1.02")
	must(t, h.reopen())
	owed("after a restart", "1.02")
	must(t, h.BoundIncentives(t.Context(), money(t, "2")))
	owed("and another start", "1.02")
}

// oldGrant is a grant as it was recorded before there were bounds.
func (h *house) oldGrant(campaign token.CampaignID, amount string, expiry int64) *journal.Entry {
	h.t.Helper()
	state := core.NewState()
	state.Accounts[h.reader.Account] = &core.Account{ID: h.reader.Account}
	out, err := (&core.Grant{Account: h.reader.Account, Grant: journal.Grant{
		Campaign: campaign, Amount: money(h.t, amount), Currency: usd, Expiry: expiry}}).Decide(state, h.Clock.Now().UnixMilli())
	must(h.t, err)
	out.Entry.Grant.Issuer, out.Entry.Parts = h.vendor.ID, nil
	return out.Entry
}

// reopen stops the engine, appends entries to the journal, and starts another.
func (h *house) reopen(entries ...*journal.Entry) error {
	h.t.Helper()
	must(h.t, h.Engine.Close(h.t.Context()))
	if len(entries) > 0 {
		head, err := h.DB.Settled(h.t.Context())
		must(h.t, err)
		err = h.DB.Append(h.t.Context(), head, func([]*journal.Block) error { return nil }, func() (*journal.Block, error) {
			return journal.Seal(head, h.Clock.Now().UnixMilli(), entries)
		})
		must(h.t, err)
	}
	engine, err := store.OpenEngine(h.t.Context(), h.DB, h.Clock, h.Deps.Log, store.Options{})
	if err != nil {
		return err
	}
	h.t.Cleanup(func() { _ = engine.Close(context.WithoutCancel(h.t.Context())) })
	h.Engine, h.Deps.Engine = engine, engine
	h.Rooms = app.Compose(h.Deps)
	return nil
}

// bound is what became of a bound that needs nobody else.
func bound(_ uint64, err error) error { return err }
