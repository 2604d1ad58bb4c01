// Package pages drives the browser's pages over HTTP on a whole provider with a
// database of its own: what the pages' own tests show with a pretended application
// holds with the real one.
package pages

import (
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/selling"
	"farthing.dev/farthing/domain/entitlement"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/edge/console"
	"farthing.dev/farthing/edge/operator"
	"farthing.dev/farthing/edge/wallet"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/mailer"
	"farthing.dev/farthing/tests/provider"
	"farthing.dev/farthing/token"
)

const (
	shopURL  = "https://harbour.example"
	password = "a horse and its battery"
)

// house is a provider and what tests do to it.
type house struct {
	*provider.Provider
	t      *testing.T
	base   string
	outbox *mailer.Outbox // nil where no e-mail is sent
	shops  int
}

// open makes a provider that sends no e-mail.
func open(t *testing.T) *house {
	t.Helper()
	return openWith(t, func(*house, *app.Deps) {})
}

// openWithMail makes one that does.
func openWithMail(t *testing.T) *house {
	t.Helper()
	return openWith(t, func(h *house, d *app.Deps) {
		h.outbox = mailer.NewOutbox(h.Clock)
		d.Mailer = h.outbox
	})
}

func openWith(t *testing.T, change func(*house, *app.Deps)) *house {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	base, by := provider.Serve(t)
	h := &house{t: t, base: base}
	h.Provider = provider.Open(t, log, func(p *provider.Provider, d *app.Deps) {
		d.BaseURL = base
		h.Provider = p
		change(h, d)
	})
	handler, err := h.pages(log)
	if err != nil {
		t.Fatal(err)
	}
	by(handler)
	return h
}

func (h *house) pages(log *slog.Logger) (http.Handler, error) {
	site, err := web.NewSite(web.Config{Name: "Farthing", BaseURL: h.base, Demo: true, Log: log, Clock: h.Clock})
	if err != nil {
		return nil, err
	}
	readers, err := wallet.New(wallet.Config{Site: site, App: h.App, Clock: h.Clock, Random: rand.Reader, Currencies: []token.Currency{token.MustCurrency("USD"), token.MustCurrency("JPY")}, Demo: true})
	if err != nil {
		return nil, err
	}
	vendors, err := console.New(console.Config{Site: site, App: h.App, Random: rand.Reader})
	if err != nil {
		return nil, err
	}
	operators, err := operator.New(site, h.App)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	readers.Register(mux)
	vendors.Register(mux)
	operators.Register(mux)
	return site.Handler(mux), nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// person is a browser with cookies of its own that follows no redirect.
type person struct {
	*house
	client *http.Client
}

func (h *house) person() *person {
	h.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return &person{h, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// member is a person with a wallet.
func (h *house) member(email string) *person {
	h.t.Helper()
	if h.outbox != nil {
		return h.joins(email)
	}
	p := h.person()
	p.post("/signup", "email", email, "password", password, "name", "Somebody").leads(h.t, "/wallet")
	return p
}

// answer is what a page said.
type answer struct {
	status   int
	body     string
	location string
}

func (a answer) says(t *testing.T, status int, texts ...string) answer {
	t.Helper()
	if a.status != status {
		t.Errorf("status %d, want %d:\n%s", a.status, status, a.body)
	}
	for _, text := range texts {
		if !strings.Contains(a.body, text) {
			t.Errorf("the page does not say %q:\n%s", text, a.body)
		}
	}
	return a
}

func (a answer) leads(t *testing.T, prefix string) answer {
	t.Helper()
	if a.status != http.StatusSeeOther || !strings.HasPrefix(a.location, prefix) {
		t.Errorf("status %d leads to %q, want %q:\n%s", a.status, a.location, prefix, a.body)
	}
	return a
}

func (p *person) get(path string, headers ...string) answer {
	p.t.Helper()
	return p.send(http.MethodGet, path, nil, headers)
}

func (p *person) post(path string, fields ...string) answer {
	p.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	if page, confirms := strings.CutSuffix(path, "/confirm"); (confirms || strings.HasPrefix(path, "/pay/")) && !form.Has("shown") {
		form.Set("shown", p.shown(page)) // looks at the page first, as people do
	}
	return p.send(http.MethodPost, path, form, []string{"Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin"})
}

var shownPattern = regexp.MustCompile(`name="shown" value="([^"]*)"`)

// shown returns what the form of a page that asks to confirm carries, "" where it does not ask.
func (p *person) shown(path string) string {
	p.t.Helper()
	if found := shownPattern.FindStringSubmatch(p.get(path).body); found != nil {
		return found[1]
	}
	return ""
}

func (p *person) send(method, path string, form url.Values, headers []string) answer {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), method, p.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := p.client.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return answer{response.StatusCode, string(body), response.Header.Get("Location")}
}

// shop is a vendor with a key, as its server sees the provider.
type shop struct {
	owner  *person
	path   string // in the console
	seller caller.Seller
	orders int
}

// openShop opens a shop in the console and makes a key of the mode there.
func (h *house) openShop(mode string) *shop {
	h.t.Helper()
	h.shops++
	owner := h.member(fmt.Sprintf("owner-%d@harbour.example", h.shops))
	path := strings.TrimSuffix(owner.post("/console", "name", "The Harbour", "origin", shopURL).leads(h.t, "/console/vnd_").location, "/setup")
	page := owner.post(path+"/keys", "login", "web", "mode", mode).says(h.t, http.StatusOK, "shown this once")
	secret := regexp.MustCompile(`fk_(live|test)_[\w-]+`).FindString(page.body)
	seller, err := h.App.Seller(h.t.Context(), secret)
	if err != nil {
		h.t.Fatal(err)
	}
	sites, _, err := h.App.Sites(h.t.Context(), seller, "", 1)
	if err != nil {
		h.t.Fatal(err)
	}
	if h.shops == 1 { // the next ones stand at the same address
		owner.post(path+"/sites/prove", "site", sites[0].ID.String()).says(h.t, http.StatusUnprocessableEntity, "cannot be read")
	}
	h.Web.Put(sites[0].ProofURL, sites[0].Proof)
	owner.post(path+"/sites/prove", "site", sites[0].ID.String()).leads(h.t, path+"/setup")
	return &shop{owner: owner, path: path, seller: seller}
}

// order makes an order for 0.25 USD and returns the path of its page.
func (h *house) order(s *shop, sku string) string {
	h.t.Helper()
	s.orders++
	view, _, err := h.App.CreateOrder(h.t.Context(), s.seller, selling.OrderInput{
		Item:  &journal.Item{SKU: sku, Title: "The last ferry", URL: shopURL + "/ferry", Terms: entitlement.Terms{Times: 3}},
		Price: 250_000, Currency: token.MustCurrency("USD"), ReturnURL: shopURL + "/ferry", CancelURL: shopURL + "/",
	}, "order-"+sku+"-"+strings.Repeat("x", s.orders), []byte(sku))
	if err != nil {
		h.t.Fatal(err)
	}
	return strings.TrimPrefix(view.PayURL, h.base)
}

var click = []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Sec-Fetch-User", "?1"}

func TestFromSigningUpToTheConsole(t *testing.T) {
	h := open(t)
	harbour := h.openShop("live")
	path := h.order(harbour, "ferry")

	reader := h.person()
	reader.get(path, click...).says(t, http.StatusOK, "Log in to pay", "The last ferry")
	reader.post("/signup", "email", "ada@readers.example", "password", password, "name", "Ada", "next", path).leads(t, path)
	reader.get(path, click...).says(t, http.StatusPaymentRequired, "Missing", "0.25", "/wallet/funds?currency=USD&amp;next="+strings.ReplaceAll(path, "/", "%2f"))
	reader.post("/wallet/funds", "currency", "USD", "amount", "5", "reference", "demo-one", "next", path).leads(t, path)
	reader.post("/wallet/funds", "currency", "USD", "amount", "5", "reference", "demo-one", "next", path).leads(t, path)
	reader.get(path, click...).says(t, http.StatusOK, "3 views", "5.00", "4.75", `value="0.25"`)
	reader.post(path, "quoted", "0.20").says(t, http.StatusConflict, "look at the price again")
	back := reader.post(path, "quoted", "0.25").leads(t, shopURL+"/ferry?order=ord_")

	address, err := url.Parse(back.location)
	if err != nil {
		t.Fatal(err)
	}
	redeemed, err := h.App.Redeem(t.Context(), harbour.seller, address.Query().Get("ticket"), true)
	if err != nil || redeemed.Order.Status != "paid" {
		t.Fatalf("the ticket gave %+v, %v", redeemed.Order, err)
	}

	reader.get("/wallet").says(t, http.StatusOK, "4.75", "The last ferry", "1 of 3 views used")
	reader.get("/wallet/purchases").says(t, http.StatusOK, "The Harbour", "0.25")
	harbour.owner.get(harbour.path).says(t, http.StatusOK, "Earned, USD", "The last ferry")
	harbour.owner.get(harbour.path+"/sales").says(t, http.StatusOK, "paid", "The last ferry")
	harbour.owner.get(harbour.path+"/royalties").says(t, http.StatusOK, "sale")
	harbour.owner.get(harbour.path+"/catalogue").says(t, http.StatusOK, "POST /v1/offers")
	harbour.owner.post(harbour.path+"/sites", "url", "https://two.example").leads(t, harbour.path)
	harbour.owner.get(harbour.path+"/setup").says(t, http.StatusOK, "https://two.example/")
	for _, page := range []string{"", "/sales", "/royalties", "/catalogue", "/setup"} {
		reader.get(harbour.path+page).says(t, http.StatusNotFound)
	}

	// What was bought opens again without a charge, at a click.
	reader.get(h.order(harbour, "ferry"), click...).leads(t, shopURL+"/ferry?order=ord_")
	reader.get("/wallet").says(t, http.StatusOK, "4.75")
	// Nobody else can pay, or reopen, what is paid.
	h.member("eve@readers.example").post(path, "quoted", "0.25").says(t, http.StatusConflict, "closed")
}

func TestTheWindowTheLimitAndTheExpiry(t *testing.T) {
	h := open(t)
	harbour := h.openShop("live")
	reader := h.member("ada@readers.example")
	reader.post("/wallet/funds", "currency", "USD", "amount", "5", "reference", "demo-one").leads(t, "/wallet")

	reader.post("/wallet/limits", "max", "0.30", "currency", "USD", "period", "day", "vendor", "").leads(t, "/wallet/limits")
	reader.post(h.order(harbour, "one"), "quoted", "0.25").leads(t, shopURL)
	reader.get(h.order(harbour, "two"), click...).says(t, http.StatusForbidden, "Over your limit", "0.30", "a day", "16 Apr 2026, 00:00")
	page := reader.get("/wallet/limits").says(t, http.StatusOK, "0.25 of 0.30")
	id := regexp.MustCompile(`lim_\w+`).FindString(page.body)
	reader.post("/wallet/limits/remove", "limit", id).leads(t, "/wallet/limits")

	path := h.order(harbour, "three")
	h.Clock.Move(29 * time.Minute)
	reader.get(path, click...).says(t, http.StatusOK, "Pay 0.25")
	h.Clock.Move(2 * time.Minute)
	reader.get(path, click...).says(t, http.StatusGone, "expired")
	reader.post(path, "quoted", "0.25").says(t, http.StatusGone, "expired")

	path = h.order(harbour, "four")
	reader.get(path, click...).says(t, http.StatusOK, "Log in again to go on", "ada@readers.example")
	reader.post(path, "quoted", "0.25").says(t, http.StatusOK, "Log in again to go on")
	reader.post("/login", "email", "ada@readers.example", "password", password, "next", path).leads(t, path)
	reader.post(path, "quoted", "0.25").leads(t, shopURL)

	reader.post("/wallet/approval", "max", "0.30", "currency", "USD").leads(t, "/wallet/limits")
	path = h.order(harbour, "five")
	reader.get(path).says(t, http.StatusOK, "Pay 0.25")
	reader.get(path, click...).leads(t, shopURL)

	vendor := strings.TrimPrefix(harbour.path, "/console/")
	reader.post("/wallet/allowances", "vendor", vendor, "currency", "USD", "per_purchase", "0.25", "max", "1", "period", "month", "days", "30").leads(t, "/wallet/limits")
	page = reader.get("/wallet/limits").says(t, http.StatusOK, "The Harbour", "Take back")
	reader.post("/wallet/allowances/remove", "allowance", regexp.MustCompile(`alw_\w+`).FindString(page.body)).leads(t, "/wallet/limits")
	reader.get("/wallet/limits").says(t, http.StatusOK, "No shop may charge you without a click")
	reader.get("/wallet").says(t, http.StatusOK, "4.25")
}

func TestATestOrderNeedsNoLogin(t *testing.T) {
	h := open(t)
	harbour := h.openShop("test")
	path := h.order(harbour, "ferry")
	anybody := h.person()
	anybody.get(path, click...).says(t, http.StatusOK, "Test order", "No real tokens")
	anybody.post(path, "quoted", "0.25").leads(t, shopURL+"/ferry?order=ord_")
	harbour.owner.get(harbour.path+"/sales").says(t, http.StatusOK, "test", "paid")
}

func TestPeopleAreNotConfused(t *testing.T) {
	h := open(t)
	h.member("ada@readers.example").post("/logout").leads(t, "/")
	again := h.person()
	again.post("/signup", "email", "ada@readers.example", "password", password, "name", "Eve").says(t, http.StatusConflict)
	again.post("/signup", "email", "eve@readers.example", "password", "short", "name", "Eve").says(t, http.StatusUnprocessableEntity, "Open a wallet")
	wrong := again.post("/login", "email", "ada@readers.example", "password", "not the password")
	unknown := again.post("/login", "email", "bob@readers.example", "password", "not the password")
	if wrong.status != http.StatusUnauthorized || strings.ReplaceAll(wrong.body, "ada@", "bob@") != unknown.body {
		t.Errorf("a wrong password answers %d, an unknown address %d, and the pages differ", wrong.status, unknown.status)
	}
	again.post("/login", "email", "ada@readers.example", "password", password).leads(t, "/wallet")
	again.get("/wallet").says(t, http.StatusOK, "Your wallet is empty")
	again.get("/console").says(t, http.StatusOK, "Open a shop")
}
