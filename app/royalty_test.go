package app_test

import (
	"fmt"
	"strings"
	"testing"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/app/selling"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

func TestRoyaltiesAndEarnings(t *testing.T) {
	h := open(t)
	h.fund(h.reader, usd, "10")
	in := article("a", "1")
	in.Split = h.split(h.live, "half").ID
	order := h.order(h.live, in)
	h.buy(h.reader, order)
	_, _, err := h.Refund(t.Context(), h.live, order.ID, selling.RefundInput{Amount: money(t, "0.50")}, h.key(), nil)
	must(t, err)

	wantRows := []string{"order.refunded net -0.20", "order.refunded Ann Author -0.25", "order.paid net 0.40", "order.paid Ann Author 0.50"}
	for _, size := range []int{1, 3, 4, 10} { // however the pages are cut
		var rows []string
		for before := ""; ; {
			page, next, err := h.Royalties(t.Context(), h.live, before, size)
			must(t, err)
			for _, r := range page {
				name := r.PayeeName
				if r.Payee.IsZero() {
					name = "net"
				}
				rows = append(rows, fmt.Sprintf("%s %s %s", r.Kind, name, r.Amount.Decimal(2)))
				want(t, "split", r.Split, in.Split)
				want(t, "split version", r.SplitVersion, 1)
			}
			if before = next; next == "" {
				break
			}
		}
		want(t, "royalties", strings.Join(rows, "; "), strings.Join(wantRows, "; "))
	}
	earned, err := h.Earnings(t.Context(), h.live)
	must(t, err)
	want(t, "earned", earned[0].Amount.Decimal(2), "0.20")
	_, _, err = h.Royalties(t.Context(), h.live, "1-99", 10)
	wantCode(t, err, token.CodeMalformed)
}

func TestEarningsAddEachEntryOnce(t *testing.T) {
	h := open(t)
	h.fund(h.reader, usd, "100")
	var sum token.Amount
	for i := range 300 {
		order := h.order(h.live, article(fmt.Sprint("a-", i), "0.10"))
		_, err := h.Pay(t.Context(), h.reader, order.ID, order.Price, journal.ByClick)
		must(t, err)
		sum += 90_000
		if i%50 == 0 {
			earned, err := h.Earnings(t.Context(), h.live)
			must(t, err)
			want(t, "earned", earned[0].Amount, sum)
		}
	}
	for _, replica := range []*app.Rooms{h.Rooms, app.Compose(h.Deps)} {
		for range 2 {
			earned, err := replica.Earnings(t.Context(), h.live)
			must(t, err)
			want(t, "earned", earned[0].Amount, sum)
		}
	}
	console, err := h.VendorEarnings(t.Context(), h.owner, h.vendor.ID)
	must(t, err)
	want(t, "earned", console[0].Amount, sum)
	sales, next, err := h.Sales(t.Context(), h.owner, h.vendor.ID, "", 100)
	must(t, err)
	want(t, "sales", len(sales), 100)
	want(t, "more", next != "", true)
}
