package pages

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestLimitsOfEveryKind sets each kind of limit in the wallet, over all shops and at one, and
// buys up to it: the purchase too many is refused until the limit's time begins anew.
func TestLimitsOfEveryKind(t *testing.T) {
	for _, test := range []struct {
		period, max string
		one         bool // at one shop
		span        string
		anew        time.Time // when purchases go on; zero for never
	}{
		{period: "purchase", max: "0.20"},
		{period: "purchase", max: "0.20", one: true},
		{period: "day", max: "0.30", span: "a day", anew: time.Date(2026, 4, 16, 0, 0, 0, 0, time.UTC)},
		{period: "day", max: "0.30", one: true, span: "a day", anew: time.Date(2026, 4, 16, 0, 0, 0, 0, time.UTC)},
		{period: "week", max: "0.30", span: "a week", anew: time.Date(2026, 4, 20, 0, 0, 0, 0, time.UTC)},
		{period: "month", max: "0.30", one: true, span: "a month", anew: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)},
	} {
		t.Run(strings.TrimSpace(test.period+" "+map[bool]string{true: "at one shop"}[test.one]), func(t *testing.T) {
			h := open(t)
			here, there := h.openShop("live"), h.openShop("live")
			reader := h.member("ada@readers.example")
			reader.post("/wallet/funds", "currency", "USD", "amount", "5", "reference", "demo-one").leads(t, "/wallet")
			above := h.order(here, "above")
			shown := reader.shown(above) // before there was a limit
			vendor := ""
			if test.one {
				vendor = strings.TrimPrefix(here.path, "/console/")
			}
			reader.post("/wallet/limits", "max", test.max, "currency", "USD", "period", test.period, "vendor", vendor).leads(t, "/wallet/limits")
			if test.span != "" {
				reader.post(h.order(here, "within"), "quoted", "0.25").leads(t, shopURL)
			}
			reader.get(above, click...).says(t, http.StatusForbidden, "Over your limit", test.max, test.span)
			reader.post(above, "quoted", "0.25", "shown", shown).says(t, http.StatusForbidden, "Over your limit")
			elsewhere := h.order(there, "elsewhere")
			if test.one {
				reader.post(elsewhere, "quoted", "0.25").leads(t, shopURL)
			} else {
				reader.get(elsewhere, click...).says(t, http.StatusForbidden, "Over your limit")
			}
			if !test.anew.IsZero() {
				h.Clock.Move(test.anew.Sub(h.Clock.Now()) - time.Second)
				reader.post("/login", "email", "ada@readers.example", "password", password).leads(t, "/wallet")
				reader.get(h.order(here, "before"), click...).says(t, http.StatusForbidden, "Over your limit")
				h.Clock.Move(time.Second)
				reader.post(h.order(here, "anew"), "quoted", "0.25").leads(t, shopURL)
			}
			id := regexp.MustCompile(`lim_\w+`).FindString(reader.get("/wallet/limits").body)
			reader.post("/wallet/limits/remove", "limit", id).leads(t, "/wallet/limits")
			reader.post(h.order(here, "free"), "quoted", "0.25").leads(t, shopURL)
		})
	}
}
