package app_test

import (
	"log/slog"
	"net/url"
	"strconv"
	"testing"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/app/buying"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/directory"
	"farthing.dev/farthing/app/funding"
	"farthing.dev/farthing/app/login"
	"farthing.dev/farthing/app/offering"
	"farthing.dev/farthing/app/selling"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/entitlement"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/tests/faults"
	"farthing.dev/farthing/tests/provider"
	"farthing.dev/farthing/token"
)

var (
	usd = token.MustCurrency("USD")
	eur = token.MustCurrency("EUR")
)

// house is a whole provider on a database of its own, with one vendor and one reader.
type house struct {
	*app.Rooms
	*provider.Provider
	t       testing.TB
	catalog *counter

	owner  caller.Viewer // member of the vendor
	vendor directory.VendorView
	live   caller.Seller
	test   caller.Seller
	reader caller.Viewer
	keys   int
}

// open makes a house. A change may alter what it is made of.
func open(t testing.TB, changes ...func(*app.Deps)) *house {
	t.Helper()
	h := &house{t: t}
	h.Provider = provider.Open(t, slog.New(slog.DiscardHandler), func(p *provider.Provider, d *app.Deps) {
		h.catalog = &counter{Catalog: p.Catalog, tables: p.DB}
		d.Catalog, d.Fee = h.catalog, royalty.FeeRule{PPM: 100_000}
		for _, change := range changes {
			change(d)
		}
	})
	h.Rooms = h.Provider.App
	h.owner = h.person("owner@daily.example")
	h.vendor, h.live, h.test = h.shop(h.owner, "The Daily", "https://daily.example")
	h.reader = h.person("ada@reader.example")
	return h
}

// openFaulty makes a house whose catalogue fails when it is told to.
func openFaulty(t testing.TB, changes ...func(*app.Deps)) (*house, *faults.Tables) {
	t.Helper()
	var tables *faults.Tables
	h := open(t, append(changes, func(d *app.Deps) {
		inner := d.Catalog.(*counter)
		tables = faults.Wrap(inner.tables)
		d.Catalog = store.NewCatalog(tables)
	})...)
	return h, tables
}

// person signs somebody up.
func (h *house) person(email string) caller.Viewer {
	h.t.Helper()
	_, v, err := h.SignUp(h.t.Context(), login.SignUp{Email: email, Password: "correct horse battery"})
	must(h.t, err)
	return v
}

// shop opens a vendor with a live and a test key.
func (h *house) shop(owner caller.Viewer, name, origin string) (directory.VendorView, caller.Seller, caller.Seller) {
	h.t.Helper()
	vendor, err := h.CreateVendor(h.t.Context(), owner, name, origin)
	must(h.t, err)
	must(h.t, h.Web.Prove(h.t.Context(), h.Rooms, vendor.ID))
	sellers := [2]caller.Seller{}
	for i, test := range []bool{false, true} {
		secret, _, err := h.CreateKey(h.t.Context(), owner, vendor.ID, "shop", test)
		must(h.t, err)
		sellers[i], err = h.Seller(h.t.Context(), secret)
		must(h.t, err)
	}
	return vendor, sellers[0], sellers[1]
}

// key returns a new idempotency key.
func (h *house) key() string {
	h.keys++
	return "key-" + strconv.Itoa(h.keys)
}

func (h *house) fund(v caller.Viewer, currency token.Currency, amount string) {
	h.t.Helper()
	must(h.t, h.AddDemoFunds(h.t.Context(), v, currency, money(h.t, amount), h.key()))
}

// balance is what the viewer has in purchased tokens.
func (h *house) balance(v caller.Viewer, currency token.Currency) string {
	h.t.Helper()
	return h.holding(v, currency, token.Purchased).Amount.Decimal(2)
}

func (h *house) holding(v caller.Viewer, currency token.Currency, kind token.ClassKind) funding.Balance {
	h.t.Helper()
	w, err := h.Wallet(h.t.Context(), v)
	must(h.t, err)
	for _, b := range w.Balances {
		if b.Currency == currency && b.Class.Kind == kind {
			return b
		}
	}
	return funding.Balance{}
}

// article is an order for one article.
func article(sku, price string) selling.OrderInput {
	amount, err := token.ParseAmount(price)
	if err != nil {
		panic(err)
	}
	return selling.OrderInput{
		Item:  &journal.Item{SKU: sku, Title: "Article " + sku, URL: "https://daily.example/" + sku, Terms: entitlement.Terms{}},
		Price: amount, Currency: usd, ReturnURL: "https://daily.example/" + sku, Post: "p=1&q", Tracking: "t-" + sku,
	}
}

func (h *house) order(s caller.Seller, in selling.OrderInput) selling.OrderView {
	h.t.Helper()
	view, replayed, err := h.CreateOrder(h.t.Context(), s, in, h.key(), []byte("order"))
	must(h.t, err)
	if replayed {
		h.t.Fatal("a new order was called a replay")
	}
	return view
}

// buy pays an order by a click and returns the ticket.
func (h *house) buy(v caller.Viewer, order selling.OrderView) (ticket string) {
	h.t.Helper()
	back, err := h.Pay(h.t.Context(), v, order.ID, order.Price, journal.ByClick)
	must(h.t, err)
	u, err := url.Parse(back)
	must(h.t, err)
	return u.Query().Get("ticket")
}

// allow lets the vendor charge the reader, and returns the vendor's name for her.
func (h *house) allow(v caller.Viewer, s caller.Seller, each, most string) token.ReaderID {
	h.t.Helper()
	must(h.t, h.GiveAllowance(h.t.Context(), v, buying.AllowanceInput{
		Vendor: s.Vendor, Currency: usd, PerPurchase: money(h.t, each), Period: 2, Max: money(h.t, most), Days: 30,
	}))
	return h.pseudonym(v, s)
}

// pseudonym learns the vendor's name for a reader as a vendor does: by a sale.
func (h *house) pseudonym(v caller.Viewer, s caller.Seller) token.ReaderID {
	h.t.Helper()
	h.fund(v, usd, "0.01")
	order := h.order(s, selling.OrderInput{
		Item: &journal.Item{SKU: "pseudonym " + h.key(), Title: "Hello"}, Price: 10_000, Currency: usd, ReturnURL: "https://daily.example/",
	})
	redeemed, err := h.Redeem(h.t.Context(), s, h.buy(v, order), false)
	must(h.t, err)
	return redeemed.Reader
}

func (h *house) offer(s caller.Seller, sku, price string, terms entitlement.Terms, split token.SplitID) catalog.Offer {
	h.t.Helper()
	offer, _, err := h.CreateOffer(h.t.Context(), s, offering.OfferInput{
		Item: journal.Item{SKU: sku, Title: "Offer " + sku, Terms: terms}, Price: money(h.t, price), Currency: usd, Split: split,
	}, h.key(), []byte("offer"))
	must(h.t, err)
	return offer
}

func money(t testing.TB, text string) token.Amount {
	t.Helper()
	amount, err := token.ParseAmount(text)
	must(t, err)
	return amount
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t testing.TB, err error, code token.Code) *token.Error {
	t.Helper()
	refusal, is := err.(*token.Error)
	if is && refusal == nil { // the problem of a page that has none
		err = nil
	}
	if token.CodeOf(err) != code {
		t.Fatalf("error %v, want code %q", err, code)
	}
	return refusal
}

func want[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
