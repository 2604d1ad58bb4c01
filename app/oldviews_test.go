package app_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/domain/entitlement"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/store"
)

// A view that is asked for again is answered as it was, also out of a journal whose views do
// not say when the first one was.
func TestOldViewsAreAnsweredAgain(t *testing.T) {
	h := open(t)
	h.fund(h.reader, usd, "1")
	in := article("a", "0.10")
	in.Item.Terms = entitlement.Terms{Hours: 48}
	order := h.order(h.live, in)
	h.buy(h.reader, order)
	_, _, err := h.View(t.Context(), h.live, order.ID, h.key())
	must(t, err)
	first := h.Clock.Now()

	head := h.Engine.Head()
	must(t, h.Engine.Close(t.Context()))
	for n, key := range []string{"second", "third"} {
		old := []*journal.Entry{{Kind: journal.Viewed, Order: order.ID, Vendor: h.vendor.ID, View: uint32(n + 2),
			Key: journal.NewKey(h.vendor.ID, "api live", key, []byte("view "+order.ID.String()+"\x00"))}}
		none := func([]*journal.Block) error { return nil }
		must(t, h.DB.Append(t.Context(), head, none, func() (*journal.Block, error) {
			block, err := journal.Seal(head, head.At+time.Hour.Milliseconds(), old)
			if err == nil {
				head = block.Head()
			}
			return block, err
		}))
	}
	h.Clock.Move(2 * time.Hour)
	engine, err := store.OpenEngine(t.Context(), h.DB, h.Clock, slog.New(slog.DiscardHandler), store.Options{})
	must(t, err)
	t.Cleanup(func() { _ = engine.Close(context.Background()) })
	h.Deps.Engine, h.Deps.Clock = engine, engine
	view, replayed, err := app.Compose(h.Deps).View(t.Context(), h.live, order.ID, "second")
	must(t, err)
	if !replayed || view.ViewsUsed != 2 || !view.FirstView.Equal(first) || !view.EndsAt.Equal(first.Add(48*time.Hour)) {
		t.Errorf("the second view, asked for again (%t): %+v; the first one was at %v", replayed, view, first)
	}
}
