package app_test

import (
	"net/url"
	"testing"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/domain/journal"
)

// BenchmarkTicket measures a ticket's way, on an engine in memory: made when a paid
// order is paid again, which charges nothing, and redeemed.
func BenchmarkTicket(b *testing.B) {
	h := open(b, func(d *app.Deps) { d.Engine = newPaper(d.Clock) })
	h.fund(h.reader, usd, "1")
	order := h.order(h.live, article("a", "0.01"))
	h.buy(h.reader, order)
	tickets := make([]string, 0, b.N)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		back, err := h.Pay(b.Context(), h.reader, order.ID, order.Price, journal.ByClick)
		must(b, err)
		tickets = append(tickets, back)
	}
	b.StopTimer()
	for i, back := range tickets {
		u, err := url.Parse(back)
		must(b, err)
		tickets[i] = u.Query().Get("ticket")
	}
	h.catalog.reads.Store(0)
	b.StartTimer()
	for _, ticket := range tickets {
		_, err := h.Redeem(b.Context(), h.live, ticket, false)
		must(b, err)
	}
	b.ReportMetric(float64(h.catalog.reads.Load())/float64(b.N), "reads/op")
}
