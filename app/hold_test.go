package app_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/app/incentive"
	"farthing.dev/farthing/app/selling"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/tests/provider"
	"farthing.dev/farthing/token"
)

// hold places a hold of a price.
func (h *house) hold(sku, price string, hours uint32) selling.OrderView {
	h.t.Helper()
	in := article(sku, price)
	in.Manual, in.HoldHours = true, hours
	order := h.order(h.live, in)
	_, err := h.Redeem(h.t.Context(), h.live, h.buy(h.reader, order), true)
	must(h.t, err)
	return order
}

func TestHoldDeliverCapture(t *testing.T) {
	h := open(t)
	h.fund(h.reader, usd, "5")
	order := h.hold("a", "2", 24)
	held, err := h.Order(t.Context(), h.live, order.ID)
	must(t, err)
	want(t, "status", held.Status, "held")
	want(t, "until", held.HoldUntil, provider.Noon.Add(24*time.Hour))
	want(t, "net", held.Net, 0)
	purse := h.holding(h.reader, usd, token.Purchased)
	want(t, "spendable", purse.Amount.Decimal(2), "3.00")
	want(t, "held", purse.Held.Decimal(2), "2.00")
	_, _, err = h.Refund(t.Context(), h.live, order.ID, selling.RefundInput{}, h.key(), nil)
	wantCode(t, err, token.CodeOrderState)
	_, _, err = h.Capture(t.Context(), h.live, order.ID, selling.CaptureInput{Amount: money(t, "2.01")}, h.key(), nil)
	wantCode(t, err, token.CodeHoldTooSmall)

	key := h.key()
	for _, again := range []bool{false, true} {
		paid, replayed, err := h.Capture(t.Context(), h.live, order.ID, selling.CaptureInput{Amount: money(t, "1.50")}, key, []byte("1.50"))
		must(t, err)
		want(t, "replayed", replayed, again)
		want(t, "status", paid.Status, "paid")
		want(t, "charged", paid.Charged.Decimal(2), "1.50")
		want(t, "net", paid.Net.Decimal(2), "1.35")
		if !again { // the repetition must get the first answer even so
			_, _, err = h.Refund(t.Context(), h.live, order.ID, selling.RefundInput{Amount: money(t, "1.50")}, h.key(), nil)
			must(t, err)
		}
	}
	want(t, "balance", h.balance(h.reader, usd), "5.00")
	_, _, err = h.Capture(t.Context(), h.live, order.ID, selling.CaptureInput{}, h.key(), nil)
	wantCode(t, err, token.CodeOrderState)
}

func TestRelease(t *testing.T) {
	h := open(t)
	h.fund(h.reader, usd, "5")
	order := h.hold("a", "2", 24)
	view, _, err := h.Release(t.Context(), h.live, order.ID, h.key(), nil)
	must(t, err)
	want(t, "status", view.Status, "released")
	want(t, "charged", view.Charged, 0)
	want(t, "usable", view.Entitlement.Usable, false)
	want(t, "balance", h.balance(h.reader, usd), "5.00")
	_, _, err = h.View(t.Context(), h.live, order.ID, h.key())
	wantCode(t, err, token.CodeEntitlementGone)
	_, err = h.Pay(t.Context(), h.reader, order.ID, order.Price, journal.ByClick)
	wantCode(t, err, token.CodeOrderState)
}

func TestHoldsExpire(t *testing.T) {
	h := open(t)
	h.fund(h.reader, usd, "20")
	hour, day := h.hold("hour", "1", 1), h.hold("day", "2", 24)
	taken := h.hold("taken", "4", 1)
	_, _, err := h.Capture(t.Context(), h.live, taken.ID, selling.CaptureInput{}, h.key(), nil)
	must(t, err)

	expire := func(want int) {
		t.Helper()
		released, err := h.DoDue(t.Context())
		must(t, err)
		if released != want {
			t.Errorf("%d holds expired, want %d", released, want)
		}
	}
	expire(0)
	h.Clock.Move(time.Hour - time.Millisecond)
	expire(0)
	h.Clock.Move(time.Millisecond)
	expire(1)
	expire(0)
	view, err := h.Order(t.Context(), h.live, hour.ID)
	must(t, err)
	want(t, "status", view.Status, "released")
	h.Clock.Move(30 * 24 * time.Hour) // the server was down for a month, and this is another process
	h.Rooms = app.Compose(h.Deps)
	expire(1)
	view, err = h.Order(t.Context(), h.live, day.ID)
	must(t, err)
	want(t, "status", view.Status, "released")
	want(t, "balance", h.balance(h.reader, usd), "16.00")
}

// late is an engine that hides an entry from whoever looks for entries, until it is shown: it was
// decided before that, and written or read later.
type late struct {
	app.Engine
	hides func(*journal.Entry) bool
	shown bool
}

func (l *late) Find(ctx context.Context, t journal.Term, match func(*journal.Entry) bool, before uint64, limit int) ([]*journal.Entry, error) {
	return l.Engine.Find(ctx, t, func(e *journal.Entry) bool { return (l.shown || !l.hides(e)) && (match == nil || match(e)) }, before, limit)
}

func TestAHoldPlacedAsTheHourEndsIsGivenBack(t *testing.T) {
	h := open(t)
	h.fund(h.reader, usd, "20")
	expire := func(want int) {
		t.Helper()
		released, err := h.DoDue(t.Context())
		must(t, err)
		if released != want {
			t.Errorf("%d holds expired, want %d", released, want)
		}
	}
	var hold token.OrderID
	hidden := &late{Engine: h.Engine, hides: func(e *journal.Entry) bool { return e.Kind == journal.HoldPlaced && e.Order == hold }}
	h.Deps.Engine = hidden
	h.Rooms = app.Compose(h.Deps)
	h.Clock.Move(time.Hour - 5*time.Millisecond)
	var err error
	_, h.reader, err = h.LogIn(t.Context(), "ada@reader.example", "correct horse battery")
	must(t, err)
	early := h.hold("early", "1", 1)
	hold = h.hold("late", "2", 1).ID
	h.Clock.Move(6 * time.Millisecond)
	expire(0) // reads the hour that has begun, in which both expire
	h.Clock.Move(time.Hour - 6*time.Millisecond)
	expire(1)
	hidden.shown = true
	h.Clock.Move(10 * time.Millisecond) // the hour is over, and is read once more
	expire(1)
	expire(0)
	for _, id := range []token.OrderID{early.ID, hold} {
		view, err := h.Order(t.Context(), h.live, id)
		must(t, err)
		want(t, "status", view.Status, "released")
	}
	want(t, "balance", h.balance(h.reader, usd), "20.00")
}

// What falls due within the hour in which it came about is found, too.
func TestTokensThatLiveForMinutesLapse(t *testing.T) {
	h := open(t)
	must(t, h.BoundIncentives(t.Context(), money(t, "1")))
	reader := h.pseudonym(h.reader, h.live)
	for i := range 3 {
		done, err := h.DoDue(t.Context())
		must(t, err)
		want(t, "nothing is due", done, 0)
		campaign, _, err := h.CreateCampaign(t.Context(), h.live, incentive.CampaignInput{Name: fmt.Sprint("minutes", i), Currency: usd, ExpiresAt: h.Clock.Now().Add(3 * time.Minute)}, h.key(), nil)
		must(t, err)
		_, err = h.GrantIncentive(t.Context(), h.live, incentive.GrantInput{Campaign: campaign.ID, Reader: reader, Amount: 1}, h.key(), nil)
		must(t, err)
		h.Clock.Move(3 * time.Minute)
		done, err = h.DoDue(t.Context())
		must(t, err)
		want(t, "lapsed", done, 1)
	}
}

// due has what has fallen due be done, and says how much that is.
func (h *house) due(done int) {
	h.t.Helper()
	got, err := h.DoDue(h.t.Context())
	must(h.t, err)
	want(h.t, "done", got, done)
}

// What falls due in the last moment of an hour may be read when the next one has begun for a
// while: it was decided by a replica whose clock is behind.
func TestWhatFallsDueAsTheHourEndsIsDone(t *testing.T) {
	h := open(t)
	must(t, h.BoundIncentives(t.Context(), money(t, "1")))
	reader := h.pseudonym(h.reader, h.live)
	hidden := &late{Engine: h.Engine, hides: func(e *journal.Entry) bool { return e.Kind == journal.Granted }}
	h.Deps.Engine = hidden
	h.Rooms = app.Compose(h.Deps)
	h.Clock.Move(time.Hour - 10*time.Millisecond)
	campaign, _, err := h.CreateCampaign(t.Context(), h.live, incentive.CampaignInput{Name: "a moment", Currency: usd, ExpiresAt: h.Clock.Now().Add(5 * time.Millisecond)}, h.key(), nil)
	must(t, err)
	_, err = h.GrantIncentive(t.Context(), h.live, incentive.GrantInput{Campaign: campaign.ID, Reader: reader, Amount: 1}, h.key(), nil)
	must(t, err)
	h.due(0)
	h.Clock.Move(10 * time.Millisecond)
	h.due(0) // the next hour has begun
	hidden.shown = true
	h.Clock.Move(10 * time.Minute)
	h.due(1)
	h.due(0)
}

// A server that was started while its clock was ahead, and that was set right, does what falls
// due from then on.
func TestWhatFallsDueIsDoneByAClockThatWasSetBack(t *testing.T) {
	h := open(t)
	h.fund(h.reader, usd, "5")
	h.Clock.Move(3 * time.Hour)
	h.due(0)
	h.Clock.Move(-3 * time.Hour)
	h.hold("a", "1", 1)
	h.due(0)
	h.Clock.Move(time.Hour)
	h.due(1)
	want(t, "balance", h.balance(h.reader, usd), "5.00")
}

// A journal that lacks something goes on with entries whose numbers were read before.
func TestWhatFallsDueIsDoneInAJournalThatLostItsEnd(t *testing.T) {
	h := open(t)
	h.fund(h.reader, usd, "5")
	var hold token.OrderID
	hidden := &late{Engine: h.Engine, hides: func(e *journal.Entry) bool { return e.Order == hold }}
	h.Deps.Engine = hidden
	h.Rooms = app.Compose(h.Deps)
	hold = h.hold("late", "1", 1).ID
	h.hold("read", "2", 1)
	h.Clock.Move(time.Hour)
	h.due(1)
	hidden.shown = true
	h.ForgetJournal()
	h.due(1)
	want(t, "balance", h.balance(h.reader, usd), "5.00")
}

func TestRefundsAreExact(t *testing.T) {
	h := open(t)
	h.fund(h.reader, usd, "10")
	in := article("a", "0.99")
	in.Split = h.split(h.live, "half").ID
	order := h.order(h.live, in)
	h.buy(h.reader, order)
	for _, step := range []struct{ amount, refunded, status string }{
		{"0.33", "0.33", "paid"}, {"0.000001", "0.330001", "paid"}, {"0", "0.99", "refunded"},
	} {
		view, _, err := h.Refund(t.Context(), h.live, order.ID, selling.RefundInput{Amount: money(t, step.amount), Reason: "late"}, h.key(), nil)
		must(t, err)
		want(t, "refunded", view.Refunded.Decimal(2), step.refunded)
		want(t, "status", view.Status, step.status)
		want(t, "net + fee + royalties = charged - refunded", view.Net+view.Fee+view.Royalties[0].Amount, view.Charged-view.Refunded)
	}
	want(t, "balance", h.balance(h.reader, usd), "10.00")
	_, _, err := h.Refund(t.Context(), h.live, order.ID, selling.RefundInput{}, h.key(), nil)
	wantCode(t, err, token.CodeOrderState)
	earned, err := h.Earnings(t.Context(), h.live)
	must(t, err)
	want(t, "earned", earned[0].Amount, 0)
	_, _, err = h.View(t.Context(), h.live, order.ID, h.key())
	wantCode(t, err, token.CodeEntitlementGone)

	second := h.order(h.live, in) // what was given back is not owned any more
	h.buy(h.reader, second)
	_, _, err = h.Refund(t.Context(), h.live, second.ID, selling.RefundInput{Amount: money(t, "1")}, h.key(), nil)
	wantCode(t, err, token.CodeRefundTooLarge)
	want(t, "balance", h.balance(h.reader, usd), "9.01")
}

// jammed is an engine that cannot release one order, for a reason.
type jammed struct {
	app.Engine
	order token.OrderID
	why   error
}

func (j jammed) Do(ctx context.Context, command core.Command) (core.Outcome, error) {
	if release, ok := command.(*core.Release); ok && release.Order == j.order {
		return core.Outcome{}, j.why
	}
	return j.Engine.Do(ctx, command)
}

func TestAHoldThatCannotExpireKeepsNoOther(t *testing.T) {
	for _, why := range []error{token.Wrap(errors.New("a fault"), "decide"), token.Refuse(token.NotFound, "not_found.order")} {
		h := open(t)
		h.fund(h.reader, usd, "20")
		first, second, third := h.hold("a", "1", 1), h.hold("b", "2", 1), h.hold("c", "4", 1)
		h.Deps.Engine = jammed{h.Engine, second.ID, why}
		h.Rooms = app.Compose(h.Deps)
		h.Clock.Move(time.Hour)
		released, err := h.DoDue(t.Context())
		wantCode(t, err, token.CodeOf(why))
		want(t, "released", released, 2)
		for _, order := range []selling.OrderView{first, third} {
			view, err := h.Order(t.Context(), h.live, order.ID)
			must(t, err)
			want(t, "status", view.Status, "released")
		}
		h.Deps.Engine = h.Engine
		h.Rooms = app.Compose(h.Deps)
		h.due(1) // mended
		want(t, "balance", h.balance(h.reader, usd), "20.00")
	}
}
