package abuse

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"farthing.dev/farthing/sdk"
	"farthing.dev/farthing/tests/launch"
)

// TestTickets attacks the ticket that a browser carries from the provider to the vendor.
func TestTickets(t *testing.T) {
	open(t).steps(
		step{"a thousand times at once", ticketIsGoodOnce},
		step{"another vendor's", ticketOfAnotherVendor},
		step{"at another page", ticketAtAnotherPage},
		step{"copied to another browser", linkCopiedToAnotherBrowser},
		step{"nothing like one", nothingTicketLike},
		step{"of an earlier epoch", ticketOfAnEarlierEpoch},
	)
}

// ticketIsGoodOnce redeems one ticket a thousand times at once.
func ticketIsGoodOnce(t *testing.T, h *house) {
	ticket := h.pay(h.ada, h.order(h.shop, "/a", "0.25")).Query().Get("ticket")
	const times = 1000
	client := *h.shop.live
	client.HTTPClient = &http.Client{Transport: plain}
	codes := map[string]int{}
	var mu sync.Mutex
	var all sync.WaitGroup
	begin := make(chan struct{})
	for range times {
		all.Go(func() {
			<-begin
			_, err := client.Redeem(t.Context(), ticket, false)
			code := sdk.Code(err)
			if err != nil && code == "" {
				code = err.Error()
			}
			mu.Lock()
			defer mu.Unlock()
			codes[code]++
		})
	}
	close(begin)
	all.Wait()
	if codes[""] != 1 || codes[sdk.TicketUsed] != times-1 {
		t.Errorf("of %d redemptions: %v, want one success and %q for all others", times, codes, sdk.TicketUsed)
	}
}

// ticketOfAnotherVendor lets a vendor try a ticket that was made for another, in
// both modes, and altered ones. The right vendor can use it after all of that.
func ticketOfAnotherVendor(t *testing.T, h *house) {
	ticket := h.pay(h.ada, h.order(h.shop, "/a", "0.25")).Query().Get("ticket")
	h.unmoved("a stranger's ticket", func() {
		for _, client := range []*sdk.Client{h.rival.live, h.rival.test} {
			_, err := client.Redeem(t.Context(), ticket, true)
			wantCode(t, "another vendor", err, sdk.TicketInvalid) // it cannot even be read
		}
		_, err := h.shop.test.Redeem(t.Context(), ticket, true)
		wantCode(t, "the vendor's test key", err, "mode_mismatch")
		for at := 0; at < len(ticket); at += 7 {
			other := "A"
			if ticket[at] == 'A' {
				other = "B"
			}
			_, err := h.shop.live.Redeem(t.Context(), ticket[:at]+other+ticket[at+1:], true)
			wantCode(t, "a changed ticket", err, sdk.TicketInvalid, sdk.TicketExpired)
		}
	})
	if _, err := h.shop.live.Redeem(t.Context(), ticket, false); err != nil {
		t.Errorf("the right vendor: %v", err)
	}
}

// ticketAtAnotherPage brings the ticket of a cheap page to a dear one of the same
// vendor, and to the other vendor's site.
func ticketAtAnotherPage(t *testing.T, h *house) {
	query := h.pay(h.ada, h.order(h.shop, "/cheap", "0.25")).RawQuery
	h.ada.Get(h.shop.site + "/dear/one?" + query).Without("All of")
	if h.ada.Status < 400 {
		t.Errorf("the dear page answered %d", h.ada.Status)
	}
	query = h.pay(h.ada, h.order(h.shop, "/cheap/2", "0.25")).RawQuery
	h.ada.Get(h.rival.site + "/cheap/2?" + query).Without("All of")
	if h.ada.Status < 400 {
		t.Errorf("the other vendor's page answered %d", h.ada.Status)
	}
}

// linkCopiedToAnotherBrowser sends the address that a reader would come back by to
// somebody else, who opens it first; and, when she has come back by it, once more with
// the one that she is left at. It opens in her browser only, and is not used up by others.
func linkCopiedToAnotherBrowser(t *testing.T, h *house) {
	h.ada.Get(h.shop.site+"/a").Want(http.StatusOK, "Pay ") // by the site, which knows its browsers
	paid := h.send(h.ada.Browser, "POST", h.ada.URL.Path, nil, formOf(t, h.ada.Browser, "/pay/"))
	back := paid.header.Get("Location")
	steal := func(link string) {
		h.ben.Get(h.shop.site + "/of/ben") // has a session of his own there
		for _, thief := range []*launch.Browser{h.ben.Browser, launch.NewBrowser(t)} {
			thief.Get(link).Without("All of")
		}
	}
	h.unmoved("a link that was copied", func() { h.ben.Get(back).Want(http.StatusForbidden, "another browser") })
	steal(back)
	h.ada.Get(back).Want(http.StatusOK, "All of /a")
	if strings.Contains(h.ada.URL.String(), "ticket") {
		t.Errorf("the ticket is still in the address: %s", h.ada.URL)
	}
	steal(back)
	steal(h.ada.URL.String())
}

// ticketOfAnEarlierEpoch lets time go by: a ticket lives for two minutes, its key
// for two epochs of five.
func ticketOfAnEarlierEpoch(t *testing.T, h *house) {
	for _, wait := range []time.Duration{2 * time.Minute, 5 * time.Minute, 11 * time.Minute, 24 * time.Hour} {
		h.logIn(h.ada.Browser, h.ada.email).Want(http.StatusOK)
		ticket := h.pay(h.ada, h.order(h.shop, "/at/"+wait.String(), "0.25")).Query().Get("ticket")
		h.Advance(wait)
		h.unmoved("an old ticket", func() {
			_, err := h.shop.live.Redeem(t.Context(), ticket, true)
			wantCode(t, wait.String()+" later", err, sdk.TicketExpired)
		})
	}
}

// nothingTicketLike sends what is no ticket at all.
func nothingTicketLike(t *testing.T, h *house) {
	h.unmoved("no tickets", func() {
		for _, ticket := range []string{"", " ", "x", strings.Repeat("A", 160), strings.Repeat("A", 100_000), "../..", url.QueryEscape("\x00"), "null"} {
			_, err := h.shop.live.Redeem(t.Context(), ticket, true)
			if problem, ok := errors.AsType[*sdk.Problem](err); !ok || problem.Status < 400 || problem.Status >= 500 {
				t.Errorf("%.20q: %v, want a refusal", ticket, err)
			}
		}
	})
}
