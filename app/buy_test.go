package app_test

import (
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"farthing.dev/farthing/app/buying"
	"farthing.dev/farthing/app/offering"
	"farthing.dev/farthing/app/selling"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// forSale makes an offer with an address at the vendor.
func (h *house) forSale(sku, price, address string, repeatable bool) catalog.Offer {
	h.t.Helper()
	offer, _, err := h.CreateOffer(h.t.Context(), h.live, offering.OfferInput{
		Item: journal.Item{SKU: sku, Title: "Offer " + sku, URL: address, Repeatable: repeatable}, Price: money(h.t, price), Currency: usd,
	}, h.key(), []byte("offer"))
	must(h.t, err)
	return offer
}

// orders counts what the vendor knows of.
func (h *house) orders() int {
	h.t.Helper()
	page, _, err := h.Orders(h.t.Context(), h.live, "", 100)
	must(h.t, err)
	return len(page)
}

// What was shown is what is bought: an offer that is changed between the look and the click, at
// the same price, is not.
func TestAnOfferChangedBetweenLookAndClickIsNotBought(t *testing.T) {
	h := open(t)
	h.fund(h.reader, usd, "5")
	offer := h.forSale("a-1", "0.25", "https://daily.example/a-1", false)
	page, err := h.OfferCheckout(t.Context(), buying.BuyInput{Offer: offer.ID}, &h.reader)
	must(t, err)
	less := offering.OfferInput{Item: offer.Item, Price: offer.Price, Currency: usd}
	less.Item.Terms.Times = 1
	changed, _, err := h.ChangeOffer(t.Context(), h.live, offer.ID, less, h.key(), nil)
	must(t, err)
	for _, method := range []journal.ConsentMethod{journal.ByClick, journal.ByApproval} {
		_, err = h.Buy(t.Context(), h.reader, page.Buy, page.Price, method, "page-1")
		wantCode(t, err, token.CodeFormStale)
	}
	want(t, "orders", h.orders(), 0)
	page, err = h.OfferCheckout(t.Context(), page.Buy, &h.reader) // the page as it is shown again
	must(t, err)
	want(t, "version", page.Buy.Version, changed.Version)
	back, err := h.Buy(t.Context(), h.reader, page.Buy, page.Price, journal.ByClick, "page-2")
	must(t, err)
	less.Item.Terms.Times = 9
	_, _, err = h.ChangeOffer(t.Context(), h.live, offer.ID, less, h.key(), nil)
	must(t, err)
	again, err := h.Buy(t.Context(), h.reader, page.Buy, page.Price, journal.ByClick, "page-2") // sent twice: bought once
	must(t, err)
	want(t, "the same order", strings.Split(again, "&")[0], strings.Split(back, "&")[0])
	want(t, "balance", h.balance(h.reader, usd), "4.75")
}

func TestBuyAnOfferFromAForm(t *testing.T) {
	h := open(t)
	h.fund(h.reader, usd, "5")
	offer := h.forSale("a-1", "0.25", "https://daily.example/a-1", false)
	in := buying.BuyInput{Offer: offer.ID, Tracking: "spring"}

	page, err := h.OfferCheckout(t.Context(), in, nil)
	must(t, err)
	wantCode(t, page.Problem, token.CodeUnauthorised)
	page, err = h.OfferCheckout(t.Context(), in, &h.reader)
	must(t, err)
	want(t, "can pay", page.CanPay, true)
	want(t, "site", page.VendorSite, "https://daily.example")
	want(t, "price", page.Price, offer.Price)
	want(t, "orders after looking", h.orders(), 0)

	_, err = h.Buy(t.Context(), h.reader, in, offer.Price-1, journal.ByClick, "page-0")
	wantCode(t, err, token.CodeQuoteChanged)
	_, err = h.Buy(t.Context(), h.reader, in, offer.Price, journal.ByApproval, "page-0")
	wantCode(t, err, token.CodeQuoteChanged)
	_, err = h.Buy(t.Context(), h.reader, in, offer.Price, journal.ByClick, "")
	wantCode(t, err, token.CodeMalformed)
	want(t, "orders after refusals", h.orders(), 0)

	back, err := h.Buy(t.Context(), h.reader, in, offer.Price, journal.ByClick, "page-1")
	must(t, err)
	u, err := url.Parse(back)
	must(t, err)
	want(t, "way back", strings.HasPrefix(back, "https://daily.example/a-1?order=ord_"), true)
	got, err := h.Redeem(t.Context(), h.live, u.Query().Get("ticket"), true)
	must(t, err)
	want(t, "offer", got.Order.Offer, offer.ID)
	want(t, "tracking", got.Order.Tracking, "spring")
	want(t, "login", got.Order.Login, "form")
	want(t, "vendor", got.Order.Vendor, h.vendor.ID)
	want(t, "balance", h.balance(h.reader, usd), "4.75")

	in.Session = "a browser"
	back, err = h.Buy(t.Context(), h.reader, in, offer.Price, journal.ByClick, "page-2")
	must(t, err)
	u, err = url.Parse(back)
	must(t, err)
	_, err = h.RedeemAt(t.Context(), h.live, selling.Arrival{Ticket: u.Query().Get("ticket"), Session: "another"})
	wantCode(t, err, token.CodeTicketElsewhere)
	_, err = h.RedeemAt(t.Context(), h.live, selling.Arrival{Ticket: u.Query().Get("ticket"), Session: "a browser", URL: "https://daily.example/a-1"})
	must(t, err)
	want(t, "balance after buying what is owned", h.balance(h.reader, usd), "4.75")
}

func TestAFormSentTwiceBuysOnce(t *testing.T) {
	h := open(t)
	h.fund(h.reader, usd, "5")
	offer := h.forSale("call", "0.25", "https://daily.example/call", true)
	in := buying.BuyInput{Offer: offer.ID}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := h.Buy(t.Context(), h.reader, in, offer.Price, journal.ByClick, "page-1"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	want(t, "orders", h.orders(), 1)
	want(t, "balance", h.balance(h.reader, usd), "4.75")
	_, err := h.Buy(t.Context(), h.reader, buying.BuyInput{Offer: offer.ID, Tracking: "other"}, offer.Price, journal.ByClick, "page-1")
	wantCode(t, err, token.CodeQuoteChanged)
	_, err = h.Buy(t.Context(), h.reader, in, offer.Price, journal.ByClick, "page-2")
	must(t, err)
	want(t, "balance after another page", h.balance(h.reader, usd), "4.50")

	// What can be bought again is never bought without asking.
	must(t, h.SetApproval(t.Context(), h.reader, usd, offer.Price))
	page, err := h.OfferCheckout(t.Context(), in, &h.reader)
	must(t, err)
	want(t, "without asking", page.WithoutAsking, false)
}

func TestOffersThatNoFormBuys(t *testing.T) {
	h := open(t)
	h.fund(h.reader, usd, "5")
	for _, test := range []struct {
		name, address, tracking string
		price                   string
		code                    token.Code
	}{
		{"no address", "", "", "0.25", token.CodeURLNotAllowed},
		{"an address elsewhere", "https://evil.example/a", "", "0.25", token.CodeURLNotAllowed},
		{"a look-alike", "https://daily.example.evil.example/a", "", "0.25", token.CodeURLNotAllowed},
		{"a long tracking", "https://daily.example/a", strings.Repeat("x", 501), "0.25", token.CodeFieldInvalid},
		{"a tracking with control characters", "https://daily.example/a", "a\x00b", "0.25", token.CodeFieldInvalid},
		{"too dear", "https://daily.example/a", "", "5.01", token.CodeFundsMissing},
	} {
		t.Run(test.name, func(t *testing.T) {
			offer := h.forSale(test.name, test.price, test.address, false)
			_, err := h.Buy(t.Context(), h.reader, buying.BuyInput{Offer: offer.ID, Tracking: test.tracking}, offer.Price, journal.ByClick, test.name)
			wantCode(t, err, test.code)
		})
	}
	_, err := h.Buy(t.Context(), h.reader, buying.BuyInput{Offer: token.OfferID{1}}, 1, journal.ByClick, "page")
	wantCode(t, err, token.CodeNotFound)
	h.Clock.Move(31 * time.Minute)
	offer := h.forSale("late", "0.25", "https://daily.example/late", false)
	_, err = h.Buy(t.Context(), h.reader, buying.BuyInput{Offer: offer.ID}, offer.Price, journal.ByClick, "late")
	wantCode(t, err, token.CodeWindowClosed)
	want(t, "orders", h.orders(), 0)
	want(t, "balance", h.balance(h.reader, usd), "5.00")
}

func TestFormsFillNoJournal(t *testing.T) {
	h := open(t)
	h.fund(h.reader, usd, "5")
	offer := h.forSale("a-1", "0.01", "https://daily.example/a-1", false)
	var err error
	bought := 0
	for ; bought < 100 && err == nil; bought++ {
		_, err = h.Buy(t.Context(), h.reader, buying.BuyInput{Offer: offer.ID}, offer.Price, journal.ByClick, h.key())
	}
	wantCode(t, err, token.CodeThrottled)
	want(t, "bought at once", bought, 31)
	h.Clock.Move(time.Minute)
	_, err = h.Buy(t.Context(), h.reader, buying.BuyInput{Offer: offer.ID}, offer.Price, journal.ByClick, h.key())
	must(t, err)
}
