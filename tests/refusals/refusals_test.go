// Package refusals goes through everything that is compared on the way of a purchase,
// over HTTP, and holds of each refusal that it has a stable code, and that whom it
// concerns can see it: the reader at /security, the vendor in its console, the operator
// in the log.
package refusals

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// shown returns what somebody can read on a page.
func (p *person) shown(path string) string {
	p.t.Helper()
	page := p.get(path)
	if page.status != http.StatusOK {
		p.t.Fatalf("%s answered %d", path, page.status)
	}
	return html.UnescapeString(page.body)
}

func (v *vendor) security() string { return v.owner.shown("/console/" + v.id.String() + "/security") }

// beside returns how many events a page of the security log shows beside the one that
// everybody has: that the wallet was opened.
func beside(page string) int {
	return strings.Count(page, `<td class="main">`) - strings.Count(page, `<td class="main">Wallet opened<`)
}

// refusal is one comparison that fails, and where that can be seen.
type refusal struct {
	name     string
	do       func(h *house) answer
	status   int
	code     string // of the API's answer; pages have none
	reader   string // at the reader's /security
	other    string // at the other reader's
	vendor   string // in the vendor's console
	rival    string // in the rival's
	operator string // the code in the log
}

func TestWhatIsComparedOnTheWayOfAPurchase(t *testing.T) {
	for _, test := range []refusal{
		{
			name: "price changed in the form", status: http.StatusConflict, operator: "quote_changed",
			do: func(h *house) answer {
				path := "/pay/" + h.order(h.daily, h.daily.live)
				return h.reader.confirm(path, h.reader.form(path), "0.01")
			},
			reader: "The price that was confirmed was not the one", vendor: "Somebody confirmed a price that is not the order's",
		},
		{
			name: "price changed in the form of an offer", status: http.StatusConflict, operator: "quote_changed",
			do: func(h *house) answer {
				path := "/buy/" + h.offer(h.daily)
				return h.reader.confirm(path+"/confirm", h.reader.form(path), "0.01")
			},
			reader: "The price that was confirmed was not the one", vendor: "Somebody confirmed a price that is not the order's",
		},
		{
			name: "order paid by somebody else", status: http.StatusConflict, operator: "order_state",
			do: func(h *house) answer {
				path := "/pay/" + h.order(h.daily, h.daily.live)
				form := h.reader.form(path)
				if paid := h.other.confirm(path, h.other.form(path), "0.25"); paid.status != http.StatusSeeOther {
					h.t.Fatalf("paying answered %d", paid.status)
				}
				return h.reader.confirm(path, form, "0.25")
			},
			reader: "An order that somebody else had paid", vendor: "somebody else than who had paid it",
		},
		{
			name: "page of somebody else", status: http.StatusConflict, operator: "form_stale",
			do: func(h *house) answer {
				path := "/pay/" + h.order(h.daily, h.daily.live)
				return h.reader.confirm(path, h.other.form(path), "0.25")
			},
			reader: "A purchase was confirmed on a page that was not the present one",
		},
		{
			name: "page of another order", status: http.StatusForbidden, operator: "form_invalid",
			do: func(h *house) answer {
				path, dear := "/pay/"+h.order(h.daily, h.daily.live), "/pay/"+h.order(h.daily, h.daily.live)
				return h.reader.confirm(dear, h.reader.form(path), "0.25")
			},
			reader: "A purchase was confirmed on a page that was not the present one",
		},
		{
			name: "ticket of another vendor", status: http.StatusForbidden, code: "ticket_invalid", operator: "ticket_invalid",
			do: func(h *house) answer {
				return h.redeem(h.rival.live, h.buy(h.reader, h.order(h.daily, h.daily.live)), h.daily.site+"/article")
			},
			rival: "Ticket refused",
		},
		{
			name: "ticket at another address", status: http.StatusForbidden, code: "ticket_elsewhere", operator: "ticket_elsewhere",
			do: func(h *house) answer {
				return h.redeem(h.daily.live, h.buy(h.reader, h.order(h.daily, h.daily.live)), h.daily.site+"/another")
			},
			vendor: "it came to another address", reader: "it came to another address",
		},
		{
			name: "ticket used twice", status: http.StatusConflict, code: "ticket_used", operator: "ticket_used",
			do: func(h *house) answer {
				ticket := h.buy(h.reader, h.order(h.daily, h.daily.live))
				if first := h.redeem(h.daily.live, ticket, h.daily.site+"/article"); first.status != http.StatusOK {
					h.t.Fatalf("the first use answered %d %s", first.status, first.body)
				}
				return h.redeem(h.daily.live, ticket, h.daily.site+"/article")
			},
			vendor: "it had been used before", reader: "it had been used before",
		},
		{
			name: "ticket too old", status: http.StatusGone, code: "ticket_expired", operator: "ticket_expired",
			do: func(h *house) answer {
				ticket := h.buy(h.reader, h.order(h.daily, h.daily.live))
				h.Clock.Move(2 * time.Minute)
				return h.redeem(h.daily.live, ticket, h.daily.site+"/article")
			},
			vendor: "it was too old",
		},
		{
			name: "altered ticket", status: http.StatusForbidden, code: "ticket_invalid", operator: "ticket_invalid",
			do: func(h *house) answer {
				ticket := []byte(h.buy(h.reader, h.order(h.daily, h.daily.live)))
				ticket[40] ^= 1
				return h.redeem(h.daily.live, string(ticket), h.daily.site+"/article")
			},
			vendor: "Ticket refused",
		},
		{
			name: "stale tab", status: http.StatusOK, operator: "purchase_window_closed",
			do: func(h *house) answer {
				h.Clock.Move(29 * time.Minute)
				path := "/pay/" + h.order(h.daily, h.daily.live)
				form := h.reader.form(path)
				h.Clock.Move(2 * time.Minute)
				return h.reader.confirm(path, form, "0.25")
			},
			reader: "The last login was too long ago",
		},
		{
			name: "form on a foreign site", status: http.StatusForbidden, operator: "url_not_registered",
			do: func(h *house) answer {
				return h.reader.postFrom("cross-site", "https://evil.example", "/buy/"+h.offer(h.daily))
			},
			vendor: "A form on https://evil.example tried to sell an offer of yours",
		},
		{
			name: "form on a foreign site that pays", status: http.StatusForbidden, operator: "cross_site_request",
			do: func(h *house) answer {
				return h.reader.postFrom("cross-site", "https://evil.example", "/pay/"+h.order(h.daily, h.daily.live), "quoted", "0.25")
			},
		},
		{
			name: "another vendor's order", status: http.StatusNotFound, code: "not_found", operator: "not_found",
			do: func(h *house) answer {
				return h.call(h.rival.live, http.MethodGet, "/v1/orders/"+h.order(h.daily, h.daily.live), "")
			},
			vendor: "Another shop asked for this order of yours, and was told nothing", rival: "A key of yours asked for an order of another shop",
		},
		{
			name: "live order with a test key", status: http.StatusForbidden, code: "mode_mismatch", operator: "mode_mismatch",
			do: func(h *house) answer {
				return h.call(h.daily.test, http.MethodGet, "/v1/orders/"+h.order(h.daily, h.daily.live), "")
			},
			vendor: "A key asked for an order of the other mode",
		},
		{
			name: "revoked key", status: http.StatusUnauthorized, code: "unauthorised", operator: "key_revoked",
			do: func(h *house) answer {
				h.daily.owner.post("/console/"+h.daily.id.String()+"/keys/revoke", "key", h.call(h.daily.live, http.MethodGet, "/v1/me", "").text(h.t, "key"))
				return h.call(h.daily.live, http.MethodGet, "/v1/me", "")
			},
			vendor: "The revoked key that ends in",
		},
		{
			name: "reader of another vendor", status: http.StatusNotFound, code: "not_found", operator: "not_found",
			do: func(h *house) answer {
				theirs := h.call(h.rival.test, http.MethodGet, "/v1/me", "").text(h.t, "sandbox_reader")
				return h.call(h.daily.live, http.MethodPost, "/v1/purchases", `{"reader":"`+theirs+`","offer":"`+h.offer(h.daily)+`"}`)
			},
			vendor: "A charge named a reader that you do not know",
		},
		{
			name: "reader of another vendor in a batch", status: http.StatusOK, operator: "not_found",
			do: func(h *house) answer {
				theirs := h.call(h.rival.test, http.MethodGet, "/v1/me", "").text(h.t, "sandbox_reader")
				got := h.call(h.daily.live, http.MethodPost, "/v1/purchases/batch", `{"purchases":[{"idempotency_key":"k","reader":"`+theirs+`","offer":"`+h.offer(h.daily)+`"}]}`)
				if !strings.HasPrefix(got.body, `{"results":[{"status":404,"problem":{`) || !strings.Contains(got.body, `"code":"not_found"`) {
					h.t.Errorf("answered %s", got.body)
				}
				return got
			},
			vendor: "A charge named a reader that you do not know",
		},
		{
			name: "console of another vendor", status: http.StatusNotFound, operator: "not_found",
			do:     func(h *house) answer { return h.reader.get("/console/" + h.daily.id.String() + "/setup") },
			reader: "Pages of a shop were asked for that you do not act for",
		},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t) })
	}
}

func (r *refusal) run(t *testing.T) {
	h := open(t, true)
	if proved := h.prove(h.daily); proved.status != http.StatusOK {
		t.Fatalf("the proof answered %d %s", proved.status, proved.body)
	}
	if got := r.do(h); got.status != r.status || got.code != r.code {
		t.Errorf("answered %d %q, want %d %q:\n%s", got.status, got.code, r.status, r.code, got.body)
	}
	pages := map[string]struct{ shown, want string }{
		"the reader": {h.reader.shown("/security"), r.reader}, "the other reader": {h.other.shown("/security"), r.other},
		"the vendor": {h.daily.security(), r.vendor}, "the rival": {h.rival.security(), r.rival},
	}
	for who, page := range pages {
		switch {
		case page.want != "" && !strings.Contains(strings.ToLower(page.shown), strings.ToLower(page.want)):
			t.Errorf("%s does not see %q:\n%s", who, page.want, page.shown)
		case page.want == "" && beside(page.shown) > 0 && who != "the vendor":
			t.Errorf("%s sees something:\n%s", who, page.shown)
		}
	}
	log := h.logs.String()
	if !strings.Contains(log, "code="+r.operator) {
		t.Errorf("the log has no %s:\n%s", r.operator, log)
	}
	for _, canary := range []string{canaryEmail, canaryName, "Canary"} {
		for where, text := range map[string]string{"the log": log, "the vendor's page": h.daily.security(), "the rival's page": h.rival.security()} {
			if strings.Contains(text, canary) {
				t.Errorf("%s knows %q", where, canary)
			}
		}
	}
}

var shownPattern = regexp.MustCompile(`name="(shown|once)" value="([^"]*)"`)

// form reads the hidden fields of the page that asks to confirm a purchase.
func (p *person) form(path string) []string {
	p.t.Helper()
	var fields []string
	for _, match := range shownPattern.FindAllStringSubmatch(p.get(path).body, -1) {
		fields = append(fields, match[1], match[2])
	}
	return fields
}

// confirm confirms a purchase at a price.
func (p *person) confirm(path string, form []string, quoted string) answer {
	p.t.Helper()
	return p.post(path, append(form, "quoted", quoted)...)
}

// buy has somebody pay an order, and returns the ticket.
func (h *house) buy(p *person, order string) string {
	h.t.Helper()
	path := "/pay/" + order
	back, err := url.Parse(p.confirm(path, p.form(path), "0.25").location)
	h.must(err)
	return back.Query().Get("ticket")
}

func (h *house) redeem(key, ticket, address string) answer {
	h.t.Helper()
	return h.call(key, http.MethodPost, "/v1/tickets/redeem", `{"ticket":"`+ticket+`","url":"`+address+`"}`)
}

// offer puts something up for sale and returns its id.
func (h *house) offer(v *vendor) string {
	h.t.Helper()
	made := h.call(v.live, http.MethodPost, "/v1/offers", `{"item":{"sku":"o","title":"Offer","url":"`+v.site+`/o"},"price":"0.25","currency":"USD"}`)
	if made.status != http.StatusCreated {
		h.t.Fatalf("an offer answered %d %s", made.status, made.body)
	}
	return made.text(h.t, "id")
}
