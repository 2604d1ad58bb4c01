package abuse

import (
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"farthing.dev/farthing/sdk"
	"farthing.dev/farthing/tests/launch"
)

// A machine whose clock is set wrong, by hours or a year, sells nothing, and takes nothing
// away; when it is set right it goes on as if nothing had been.
func TestAClockSetWrongSellsNothing(t *testing.T) {
	h := open(t)
	order := func() error {
		_, err := h.shop.live.CreateOrder(t.Context(), sdk.NewOrder{Item: &sdk.Item{SKU: "a", Title: "A", Repeatable: true}, Price: "0.25", Currency: "USD", ReturnURL: h.shop.site + "/a"})
		return err
	}
	if err := order(); err != nil {
		t.Fatal(err)
	}
	for _, by := range []time.Duration{2 * time.Hour, -2 * time.Hour, 365 * 24 * time.Hour, -365 * 24 * time.Hour} {
		before := h.State()
		h.SetWrong(by)
		refusal, ok := errors.AsType[*sdk.Problem](order())
		if !ok || refusal.Status != http.StatusServiceUnavailable {
			t.Errorf("set wrong by %s, an order is answered %v", by, refusal)
		}
		h.ada.Get(h.URL+"/wallet").Want(http.StatusOK, "50") // she is still logged in, and sees what she has
		h.SetWrong(0)
		if after := h.State(); after.Head != before.Head {
			t.Errorf("set wrong by %s, the journal went from %s to %s", by, before.Head, after.Head)
		}
		if err := order(); err != nil {
			t.Errorf("set right after %s: %v", by, err)
		}
		h.ada.Get(h.URL+"/wallet").Want(http.StatusOK, "50")
	}
}

// A journal that a fast clock left ahead stops selling, and when that is accepted, who logs
// in to pay pays: she is not sent round the login.
func TestAnOrderIsPaidWhileTheJournalIsAhead(t *testing.T) {
	data := t.TempDir()
	h := open(t, "--data", data)
	h.Advance(2 * time.Hour)
	order, err := h.shop.live.CreateOrder(t.Context(), sdk.NewOrder{Item: &sdk.Item{SKU: "a", Title: "A"}, Price: "0.25", Currency: "USD", ReturnURL: h.shop.site + "/free/a", ExpiresIn: 3 * 3600})
	if err != nil {
		t.Fatal(err)
	}
	h.Stop(t)
	for _, c := range []struct {
		accept time.Duration
		status string
		made   int
	}{{-time.Hour, "open", http.StatusServiceUnavailable}, {3 * time.Hour, "paid", 0}} {
		again := launch.Hold(t, "--allow-private-sites", "--data", data, "--accept-clock-until", time.Now().Add(c.accept).Format(time.RFC3339))
		b := launch.NewBrowser(t)
		b.Get(again.URL+"/pay/"+order.ID).Want(http.StatusOK, "Log in")
		b.Do(http.MethodPost, again.URL+"/login", nil, url.Values{"email": {h.ada.email}, "password": {password}, "next": {"/pay/" + order.ID}})
		if b.Want(http.StatusOK, "learns that this order was paid").URL.Path != "/pay/"+order.ID {
			t.Errorf("after the login she is at %s", b.URL)
		}
		b.Submit("/pay/" + order.ID)
		client := *h.shop.live
		client.BaseURL = again.URL
		if now, err := client.Order(t.Context(), order.ID); err != nil || now.Status != c.status {
			t.Errorf("accepted until %s: the order is %s (%v), the browser at %s", c.accept, now.Status, err, b)
		}
		_, err := client.CreateOrder(t.Context(), sdk.NewOrder{Item: &sdk.Item{SKU: "b", Title: "B"}, Price: "0.25", Currency: "USD", ReturnURL: h.shop.site + "/free/b"})
		if refusal, ok := errors.AsType[*sdk.Problem](err); c.made == 0 && err != nil || c.made != 0 && (!ok || refusal.Status != c.made) {
			t.Errorf("accepted until %s: a new order is answered %v", c.accept, err)
		}
		again.Stop(t)
	}
}
