package pages

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"farthing.dev/farthing/app/offering"
	"farthing.dev/farthing/app/selling"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// offer puts an article up for sale.
func (h *house) offer(s *shop, sku, price string) catalog.Offer {
	h.t.Helper()
	amount, err := token.ParseAmount(price)
	if err != nil {
		h.t.Fatal(err)
	}
	offer, _, err := h.App.CreateOffer(h.t.Context(), s.seller, offering.OfferInput{
		Item: journal.Item{SKU: sku, Title: "The ferry of " + sku, URL: shopURL + "/" + sku}, Price: amount, Currency: token.MustCurrency("USD"),
	}, "offer-"+sku, []byte(sku))
	if err != nil {
		h.t.Fatal(err)
	}
	return offer
}

// redeem has the shop use the ticket of the way back, and returns its name for the reader.
func (h *house) redeem(s *shop, back answer) selling.Redemption {
	h.t.Helper()
	address, err := url.Parse(back.leads(h.t, shopURL).location)
	if err != nil {
		h.t.Fatal(err)
	}
	redeemed, err := h.App.Redeem(h.t.Context(), s.seller, address.Query().Get("ticket"), false)
	if err != nil {
		h.t.Fatal(err)
	}
	return redeemed
}

// charge sells an offer to a reader without a browser.
func (h *house) charge(s *shop, reader token.ReaderID, offer catalog.Offer) error {
	s.orders++
	_, _, err := h.App.CreatePurchase(h.t.Context(), s.seller, selling.PurchaseInput{Reader: reader, Offer: offer.ID}, "charge-"+strconv.Itoa(s.orders), nil)
	return err
}

var hidden = regexp.MustCompile(`<input type="hidden" name="(quoted|once|tracking|session)" value="([^"]*)"`)

// confirm sends the form of an offer's page, as it stands there, with more fields.
func (p *person) confirm(path string, more ...string) answer {
	p.t.Helper()
	fields := more
	for _, match := range hidden.FindAllStringSubmatch(p.get(path, click...).says(p.t, http.StatusOK).body, 4) {
		fields = append(fields, match[1], match[2])
	}
	path, _, _ = strings.Cut(path, "?")
	return p.post(path+"/confirm", fields...)
}

func TestAnAllowanceFromTheFirstPurchaseToItsEnd(t *testing.T) {
	h := open(t)
	harbour := h.openShop("live")
	first, second, third := h.offer(harbour, "monday", "0.25"), h.offer(harbour, "tuesday", "0.25"), h.offer(harbour, "wednesday", "0.25")
	reader := h.member("ada@readers.example")
	reader.post("/wallet/funds", "currency", "USD", "amount", "5", "reference", "demo-one").leads(t, "/wallet")

	// At the first purchase: a bad allowance pays nothing, a good one is given with it.
	page := "/buy/" + first.ID.String()
	allow := func(each, max string) []string {
		return []string{"allow", "yes", "per_purchase", each, "max", max, "period", "week", "days", "30"}
	}
	reader.get(page, click...).says(t, http.StatusOK, "Let The Harbour charge without asking", `name="per_purchase"`, `value="2.50"`)
	for _, bad := range [][]string{allow("", "1"), allow("0.25", "a lot"), allow("0", "1"), append(allow("0.25", "1"), "days", "0"), append(allow("0.25", "1"), "period", "purchase")} {
		reader.confirm(page, bad...).says(t, http.StatusUnprocessableEntity, "The allowance was not given, and nothing was paid", `class="allow" open`)
	}
	reader.get("/wallet").says(t, http.StatusOK, "5.00", "Nothing yet")
	bought := h.redeem(harbour, reader.confirm(page, allow("0.25", "0.60")...))

	// The vendor charges in one call; the wallet shows what, and how much is left.
	if err := h.charge(harbour, bought.Reader, second); err != nil {
		t.Fatal(err)
	}
	reader.get("/wallet").says(t, http.StatusOK, "4.50", "0.25 of 0.60", "The ferry of tuesday", "by allowance")
	reader.get("/wallet/purchases").says(t, http.StatusOK, "The ferry of tuesday", "The Harbour, by allowance")
	receipt := regexp.MustCompile(`/wallet/purchases/ord_\w+`).FindString(reader.get("/wallet/purchases").body)
	reader.get(receipt).says(t, http.StatusOK, "The ferry of tuesday", "by an allowance, without a click", "0.25 of it is spent this week", "Take the allowance back")
	limits := reader.get("/wallet/limits").says(t, http.StatusOK, "each purchase at most", "0.25 of 0.60", "Take back")
	id := regexp.MustCompile(`alw_\w+`).FindString(limits.body)

	// Changed, it does not forget what was spent.
	reader.get("/wallet/limits?allowance="+id).says(t, http.StatusOK, "Change the allowance of The Harbour", `value="0.60"`, `value="30"`)
	vendor := strings.TrimPrefix(harbour.path, "/console/")
	reader.post("/wallet/allowances", "vendor", vendor, "currency", "USD", "per_purchase", "0.25", "max", "0.40", "period", "week", "days", "30").leads(t, "/wallet/limits")
	if err := h.charge(harbour, bought.Reader, third); token.CodeOf(err) != token.CodeAllowanceSpent {
		t.Errorf("a charge beyond the changed allowance: %v", err)
	}
	reader.post("/wallet/allowances", "vendor", vendor, "currency", "USD", "per_purchase", "0.25", "max", "9", "period", "week", "days", "30").leads(t, "/wallet/limits")
	reader.get("/buy/"+third.ID.String(), click...).says(t, http.StatusOK, "may charge you 0.25\u00a0USD each time", "Change what The Harbour may charge")

	// Nobody else can take it back; she can, and the next charge is refused.
	limits = reader.get("/wallet/limits").says(t, http.StatusOK, "0.25 of 9.00")
	id = regexp.MustCompile(`alw_\w+`).FindString(limits.body)
	h.member("eve@readers.example").post("/wallet/allowances/remove", "allowance", id).says(t, http.StatusNotFound)
	reader.post("/wallet/allowances/remove", "allowance", id).leads(t, "/wallet/limits")
	if err := h.charge(harbour, bought.Reader, third); token.CodeOf(err) != token.CodeAllowanceMissing {
		t.Errorf("a charge after it was taken back: %v", err)
	}
	reader.get(receipt).says(t, http.StatusOK, "The Harbour cannot charge under it any more")
	reader.get("/wallet").says(t, http.StatusOK, "4.50")
}

func TestBuyingByAPlainForm(t *testing.T) {
	h := open(t)
	harbour := h.openShop("live")
	offer := h.offer(harbour, "monday", "0.25")
	page := "/buy/" + offer.ID.String() + "?tracking=front+page"

	reader := h.person()
	form := []string{"Origin", shopURL, "Sec-Fetch-Site", "cross-site", "Content-Type", "application/x-www-form-urlencoded"}
	reader.send(http.MethodPost, "/buy/"+offer.ID.String(), url.Values{"tracking": {"front page"}, "price": {"0.01"}}, form).leads(t, page)
	reader.send(http.MethodPost, "/buy/"+offer.ID.String(), nil, []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}).says(t, http.StatusForbidden, "has not registered")
	reader.get(page, click...).says(t, http.StatusOK, "Log in to pay", "The ferry of monday")
	reader.post("/signup", "email", "ada@readers.example", "password", password, "name", "Ada", "next", page).leads(t, page)
	reader.get(page, click...).says(t, http.StatusPaymentRequired, "Missing", "next="+strings.ReplaceAll(url.QueryEscape(page), "%2F", "%2f")[:12])
	harbour.owner.get(harbour.path+"/sales").says(t, http.StatusOK, "No orders yet")
	reader.post("/wallet/funds", "currency", "USD", "amount", "5", "reference", "demo-one", "next", page).leads(t, page)

	// The price that stands at the provider counts, and the one that was shown.
	changed, _, err := h.App.ChangeOffer(t.Context(), harbour.seller, offer.ID, offering.OfferInput{Item: offer.Item, Price: 2 * offer.Price, Currency: offer.Currency}, "change", nil)
	if err != nil {
		t.Fatal(err)
	}
	reader.post("/buy/"+offer.ID.String()+"/confirm", "quoted", "0.25", "once", "an-old-page", "tracking", "front page").says(t, http.StatusConflict, "look at the price again", "Pay 0.50")
	redeemed := h.redeem(harbour, reader.confirm(page))
	if o := redeemed.Order; o.Offer != offer.ID || o.Price != changed.Price || o.Tracking != "front page" || o.Status != "paid" || o.Login != "form" {
		t.Errorf("the shop sees %+v", o)
	}
	reader.get("/wallet").says(t, http.StatusOK, "4.50", "The ferry of monday")

	// What is owned opens again at a click on the shop's page, without a charge.
	back := reader.get(page, append([]string{"Referer", shopURL + "/"}, click...)...)
	h.redeem(harbour, back)
	reader.get("/wallet").says(t, http.StatusOK, "4.50")
}
