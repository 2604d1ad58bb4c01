package vendorapi_test

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"farthing.dev/farthing/edge/wellknown"
	"farthing.dev/farthing/sdk"
)

// transport answers a client's requests by a handler.
type transport struct{ http.Handler }

func (tr transport) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	tr.ServeHTTP(w, r)
	return w.Result(), nil
}

// A vendor fetches a receipt, and anybody who has the published keys checks it.
func TestReceiptsOverHTTP(t *testing.T) {
	h := newHouse(t)
	order, err := h.live.CreateOrder(t.Context(), h.order())
	h.must(err)
	if _, err := h.live.Receipt(t.Context(), order.ID); sdk.Code(err) != sdk.OrderState {
		t.Errorf("before it was paid: %v", err)
	}
	redeemed, err := h.live.Redeem(t.Context(), h.pay(order), true)
	h.must(err)
	text, err := h.live.Receipt(t.Context(), order.ID)
	h.must(err)
	keys := transport{wellknown.Keys(h.App, slog.New(slog.DiscardHandler))}
	anybody := &sdk.Receipts{BaseURL: "https://pay.example/", HTTPClient: &http.Client{Transport: keys}, Now: h.Clock.Now}
	got, err := anybody.Verify(t.Context(), text)
	h.must(err)
	want := sdk.Receipt{
		Issuer: "https://pay.example", PaidAt: h.Clock.Now(), Reader: redeemed.Reader, Vendor: h.vendor.String(), Order: order.ID,
		Item: sdk.ReceiptItem{SKU: "essay-1", Title: "On farthings", URL: shopURL + "/essay"}, Price: "0.25", Currency: "USD", Entry: got.Entry,
	}
	if got != want || got.Entry == 0 {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if _, err := anybody.Verify(t.Context(), text[:len(text)-4]+"AAAA"); !errors.Is(err, sdk.ErrReceipt) {
		t.Errorf("altered: %v", err)
	}
	if _, err := h.other.Receipt(t.Context(), order.ID); sdk.Code(err) != sdk.NotFound {
		t.Errorf("another vendor: %v", err)
	}
}

// A ticket that was copied to another browser or page opens nothing there, and is not
// used up by the attempt.
func TestTicketsElsewhereOverHTTP(t *testing.T) {
	h := newHouse(t)
	asked := h.order()
	asked.Session = "browser 1"
	order, err := h.live.CreateOrder(t.Context(), asked)
	h.must(err)
	ticket := h.pay(order)
	for name, arrival := range map[string]sdk.Arrival{
		"another browser": {Ticket: ticket, Session: "browser 2"},
		"no session":      {Ticket: ticket},
		"another page":    {Ticket: ticket, Session: "browser 1", URL: shopURL + "/other"},
	} {
		if _, err := h.live.RedeemAt(t.Context(), arrival); sdk.Code(err) != sdk.TicketElsewhere {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err = h.live.RedeemAt(t.Context(), sdk.Arrival{Ticket: ticket, Session: "browser 1", URL: shopURL + "/essay", View: true})
	h.must(err)
}
