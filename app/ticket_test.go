package app_test

import (
	"strings"
	"testing"

	"farthing.dev/farthing/app/selling"
	"farthing.dev/farthing/token"
)

func TestTicketsAreBoundToAddressAndBrowser(t *testing.T) {
	const page = "https://daily.example/a"
	tests := []struct {
		name       string
		ordered    string // the order's session
		url        string
		session    string
		wantRefuse bool
	}{
		{"as it was made for", "browser 1", page, "browser 1", false},
		{"the vendor does not say where it came to", "browser 1", "", "browser 1", false},
		{"an order without a session", "", page, "browser 1", false},
		{"another browser", "browser 1", page, "browser 2", true},
		{"a browser without a cookie", "browser 1", page, "", true},
		{"another page", "browser 1", page + "b", "browser 1", true},
		{"the page with more behind", "browser 1", page + "?x=1", "browser 1", true},
		{"the same page of another host", "browser 1", "https://daily.example.evil.example/a", "browser 1", true},
	}
	h := open(t)
	h.fund(h.reader, usd, "5")
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := article("a", "0.10")
			in.Session = test.ordered
			order := h.order(h.live, in)
			ticket := h.buy(h.reader, order)
			_, err := h.RedeemAt(t.Context(), h.live, selling.Arrival{Ticket: ticket, URL: test.url, Session: test.session})
			if !test.wantRefuse {
				must(t, err)
				return
			}
			wantCode(t, err, token.CodeTicketElsewhere)
			_, err = h.RedeemAt(t.Context(), h.live, selling.Arrival{Ticket: ticket, URL: page, Session: test.ordered})
			must(t, err) // the refusal did not use it up
			must(t, h.WriteNotes(t.Context()))
			events, err := h.catalog.EventsOfUser(t.Context(), h.reader.User, token.EventID{}, 10)
			must(t, err)
			want(t, "the refusal is in the reader's security log", events[0].Code, token.CodeTicketElsewhere)
			want(t, "for this order", events[0].Order, order.ID)
		})
	}
	in := article("b", "0.10")
	in.Session = strings.Repeat("s", 201)
	_, _, err := h.CreateOrder(t.Context(), h.live, in, h.key(), nil)
	wantCode(t, err, token.CodeFieldInvalid)
}
