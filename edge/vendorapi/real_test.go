package vendorapi_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/app/buying"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/login"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/edge/vendorapi"
	"farthing.dev/farthing/sdk"
	"farthing.dev/farthing/tests/provider"
	"farthing.dev/farthing/token"
)

// house is a whole provider: the API over HTTP, the application, the engine and a
// database, with two vendors and a reader who has ten dollars.
type house struct {
	*provider.Provider
	t      testing.TB
	server *httptest.Server

	vendor, rival token.VendorID
	reader        caller.Viewer
	liveKey       string
	operatorKey   string
	live          *sdk.Client // of the vendor
	test          *sdk.Client // of the vendor, in the sandbox
	other         *sdk.Client // of the rival
}

const shopURL = "https://shop.example"

// newHouse opens one. A change may alter what the application is made of.
func newHouse(t testing.TB, changes ...func(*app.Deps)) *house {
	t.Helper()
	ctx := t.Context()
	log := slog.New(slog.DiscardHandler)
	h := &house{t: t, Provider: provider.Open(t, log, func(_ *provider.Provider, d *app.Deps) {
		d.Fee = royalty.FeeRule{PPM: 100_000}
		for _, change := range changes {
			change(d)
		}
	})}
	h.server = httptest.NewServer(vendorapi.New(vendorapi.Options{App: h.App, Clock: h.Clock, Log: log}))
	t.Cleanup(h.server.Close)
	owner := h.signUp("owner@example.org")
	h.reader = h.signUp("reader@example.org")
	h.must(h.App.AddDemoFunds(ctx, h.reader, token.MustCurrency("USD"), 10*token.PerUnit, "first"))
	h.vendor, h.liveKey = h.shop(owner, "Shop", shopURL, false)
	h.live = h.client(h.liveKey)
	secret, _, err := h.App.CreateKey(ctx, owner, h.vendor, "till", true)
	h.must(err)
	h.test = h.client(secret)
	rivalKey := ""
	h.rival, rivalKey = h.shop(owner, "Rival", "https://rival.example", false)
	h.other = h.client(rivalKey)
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) signUp(email string) caller.Viewer {
	h.t.Helper()
	_, viewer, err := h.App.SignUp(h.t.Context(), login.SignUp{Email: email, Password: "correct horse battery", Name: "N"})
	h.must(err)
	return viewer
}

func (h *house) shop(owner caller.Viewer, name, site string, test bool) (token.VendorID, string) {
	h.t.Helper()
	view, err := h.App.CreateVendor(h.t.Context(), owner, name, site)
	h.must(err)
	h.must(h.Web.Prove(h.t.Context(), h.App, view.ID))
	secret, _, err := h.App.CreateKey(h.t.Context(), owner, view.ID, "till", test)
	h.must(err)
	return view.ID, secret
}

func (h *house) client(key string) *sdk.Client {
	return &sdk.Client{BaseURL: h.server.URL, Key: key, HTTPClient: h.server.Client(), Wait: func(context.Context, time.Duration) error { return nil }}
}

// order asks for an order of an item of three views.
func (h *house) order() sdk.NewOrder {
	return sdk.NewOrder{
		Item:  &sdk.Item{SKU: "essay-1", Title: "On farthings", URL: shopURL + "/essay", Times: 3},
		Price: "0.25", Currency: "USD", ReturnURL: shopURL + "/essay", Post: "a b", Tracking: "t-1", Login: "desk",
	}
}

// pay does what the browser does, and returns the ticket that it brings back.
func (h *house) pay(order sdk.Order) string {
	h.t.Helper()
	id, err := token.ParseID[token.OrderKind](order.ID)
	h.must(err)
	price, err := token.ParseAmount(order.Price)
	h.must(err)
	back := ""
	if order.Test {
		back, err = h.App.PayTest(h.t.Context(), id, price)
	} else {
		back, err = h.App.Pay(h.t.Context(), h.reader, id, price, journal.ByClick)
	}
	h.must(err)
	parsed, err := url.Parse(back)
	h.must(err)
	if !strings.HasPrefix(back, shopURL+"/essay?") || parsed.Query().Get("order") != order.ID {
		h.t.Fatalf("the way back is %s", back)
	}
	return parsed.Query().Get("ticket")
}

// readerID pays an order, to learn by which pseudonym the vendor knows the reader.
func (h *house) readerID() string {
	h.t.Helper()
	made, err := h.live.CreateOrder(h.t.Context(), sdk.NewOrder{
		Item: &sdk.Item{SKU: "hello", Title: "Hello"}, Price: "0.01", Currency: "USD", ReturnURL: shopURL + "/essay",
	})
	h.must(err)
	redeemed, err := h.live.Redeem(h.t.Context(), h.pay(made), false)
	h.must(err)
	return redeemed.Reader
}

func (h *house) allow(perPurchase, most token.Amount) {
	h.t.Helper()
	h.must(h.App.GiveAllowance(h.t.Context(), h.reader, buying.AllowanceInput{
		Vendor: h.vendor, Currency: token.MustCurrency("USD"), PerPurchase: perPurchase, Period: limit.Day, Max: most, Days: 30,
	}))
}

func (h *house) offer() string {
	h.t.Helper()
	offer, err := h.live.CreateOffer(h.t.Context(), sdk.NewOffer{Item: sdk.Item{SKU: "call", Title: "A call", Repeatable: true}, Price: "0.10", Currency: "USD"})
	h.must(err)
	return offer.ID
}

// refused fails unless err is a refusal with this code, and the journal is as it was.
func (h *house) refused(before journal.Head, err error, code string) {
	h.t.Helper()
	if sdk.Code(err) != code {
		h.t.Errorf("got %v, want %s", err, code)
	}
	if h.Engine.Head() != before {
		h.t.Errorf("%s: the journal has moved", code)
	}
}

func TestTheFirstSale(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	me, err := h.test.Me(ctx)
	h.must(err)
	if me.Vendor != h.vendor.String() || me.Mode != "test" || me.Login != "till" || me.SandboxReader == "" {
		t.Errorf("me: %+v", me)
	}
	order, err := h.test.CreateOrder(ctx, h.order())
	h.must(err)
	if order.Status != "open" || !order.Test || order.PayURL != "https://pay.example/pay/"+order.ID || order.Price != "0.25" || order.Login != "desk" {
		t.Errorf("order: %+v", order)
	}
	redeemed, err := h.test.Redeem(ctx, h.pay(order), true)
	h.must(err)
	paid := redeemed.Order
	if paid.Status != "paid" || paid.Authorisation == "" || paid.Reader != me.SandboxReader || redeemed.Reader != paid.Reader ||
		paid.Net != "0.225" || paid.Fee != "0.025" || paid.Charged != "0.25" || paid.Post != "a b" || paid.Tracking != "t-1" {
		t.Errorf("paid: %+v", paid)
	}
	if e := paid.Entitlement; e.ViewsUsed != 1 || e.ViewsLeft == nil || *e.ViewsLeft != 2 || !e.Usable {
		t.Errorf("entitlement: %+v", e)
	}
	earnings, err := h.test.Earnings(ctx)
	h.must(err)
	if len(earnings) != 1 || earnings[0] != (sdk.Balance{Currency: "USD", Class: "test", Amount: "0.225"}) {
		t.Errorf("earnings: %+v", earnings)
	}
}

func TestViewsAreCountedAndEnd(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	order, err := h.live.CreateOrder(ctx, h.order())
	h.must(err)
	ticket := h.pay(order)
	_, err = h.live.Redeem(ctx, ticket, false)
	h.must(err)
	head := h.Engine.Head()
	_, err = h.live.Redeem(ctx, ticket, false)
	h.refused(head, err, sdk.TicketUsed)
	for view := 1; view <= 3; view++ {
		viewing, err := h.live.View(ctx, order.ID, sdk.IdempotencyKey("view-"+strconv.Itoa(view)))
		h.must(err)
		if viewing.Entitlement.ViewsUsed != view || *viewing.Entitlement.ViewsLeft != 3-view {
			t.Errorf("view %d: %+v", view, viewing)
		}
	}
	head = h.Engine.Head()
	again, err := h.live.View(ctx, order.ID, sdk.IdempotencyKey("view-3"))
	h.must(err)
	if again.Entitlement.ViewsUsed != 3 || h.Engine.Head() != head {
		t.Errorf("a repeated view counted: %+v", again)
	}
	_, err = h.live.View(ctx, order.ID)
	h.refused(head, err, sdk.EntitlementUsedUp)
}

func TestAHoldIsCapturedOrReleased(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	hold := h.order()
	hold.Capture, hold.HoldHours, hold.Item.Repeatable = "manual", 2, true
	first, err := h.live.CreateOrder(ctx, hold)
	h.must(err)
	head := h.Engine.Head()
	_, err = h.live.Capture(ctx, first.ID, "")
	h.refused(head, err, sdk.OrderState)
	h.pay(first)
	held, err := h.live.Order(ctx, first.ID)
	h.must(err)
	if held.Status != "held" || held.HoldUntil != h.Clock.Now().Add(2*time.Hour) {
		t.Errorf("held: %+v", held)
	}
	head = h.Engine.Head()
	_, err = h.live.Capture(ctx, first.ID, "0.26")
	h.refused(head, err, "hold_too_small")
	captured, err := h.live.Capture(ctx, first.ID, "0.20")
	h.must(err)
	if captured.Status != "paid" || captured.Charged != "0.20" || captured.Net != "0.18" {
		t.Errorf("captured: %+v", captured)
	}
	second, err := h.live.CreateOrder(ctx, hold)
	h.must(err)
	h.pay(second)
	released, err := h.live.Release(ctx, second.ID)
	h.must(err)
	if released.Status != "released" {
		t.Errorf("released: %+v", released)
	}
	third, err := h.live.CreateOrder(ctx, hold)
	h.must(err)
	h.pay(third)
	h.Clock.Move(2 * time.Hour)
	head = h.Engine.Head()
	_, err = h.live.Capture(ctx, third.ID, "")
	h.refused(head, err, "order_expired")
}

func TestASaleIsRefunded(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	payee, err := h.live.CreatePayee(ctx, "Ada")
	h.must(err)
	split, err := h.live.CreateSplit(ctx, "Half", []sdk.Share{{Payee: payee.ID, Percent: "50"}})
	h.must(err)
	order := h.order()
	order.Split = split.ID
	made, err := h.live.CreateOrder(ctx, order)
	h.must(err)
	h.pay(made)
	part, err := h.live.Refund(ctx, made.ID, "0.10", "late")
	h.must(err)
	if part.Status != "paid" || part.Refunded != "0.10" || part.Fee != "0.015" || len(part.Royalties) != 1 || part.Royalties[0].Amount != "0.075" {
		t.Errorf("after a part: %+v", part)
	}
	head := h.Engine.Head()
	_, err = h.live.Refund(ctx, made.ID, "0.16", "")
	h.refused(head, err, "refund_too_large")
	whole, err := h.live.Refund(ctx, made.ID, "", "")
	h.must(err)
	if whole.Status != "refunded" || whole.Refunded != "0.25" || whole.Net != "0.00" || whole.Fee != "0.00" {
		t.Errorf("after all: %+v", whole)
	}
	head = h.Engine.Head()
	_, err = h.live.Refund(ctx, made.ID, "", "")
	h.refused(head, err, sdk.OrderState)
	_, err = h.live.View(ctx, made.ID)
	h.refused(head, err, sdk.EntitlementRevoked)
	lines, err := h.live.Royalties(ctx, sdk.Page{})
	h.must(err)
	if len(lines.Data) != 6 || lines.Data[0].Kind != "order.refunded" || !strings.HasPrefix(lines.Data[0].Amount, "-") {
		t.Errorf("royalties: %+v", lines.Data)
	}
}

func TestAPurchaseUnderAnAllowance(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	reader, offer := h.readerID(), h.offer()
	head := h.Engine.Head()
	_, err := h.live.CreatePurchase(ctx, sdk.NewPurchase{Reader: reader, Offer: offer})
	h.refused(head, err, sdk.AllowanceMissing)
	h.allow(200_000, 300_000)
	purchase, err := h.live.CreatePurchase(ctx, sdk.NewPurchase{Reader: reader, Offer: offer, Tracking: "c-1"}, sdk.IdempotencyKey("call-1"))
	h.must(err)
	if !purchase.Charged || purchase.Replayed || purchase.Status != "paid" || purchase.Price != "0.10" || purchase.Reader != reader || purchase.Offer != offer || purchase.Tracking != "c-1" {
		t.Errorf("purchase: %+v", purchase)
	}
	head = h.Engine.Head()
	replay, err := h.live.CreatePurchase(ctx, sdk.NewPurchase{Reader: reader, Offer: offer, Tracking: "c-1"}, sdk.IdempotencyKey("call-1"))
	h.must(err)
	if !replay.Replayed || replay.ID != purchase.ID || h.Engine.Head() != head {
		t.Errorf("replay: %+v", replay)
	}
	_, err = h.live.CreatePurchase(ctx, sdk.NewPurchase{Reader: reader, Offer: offer, Tracking: "c-2"}, sdk.IdempotencyKey("call-1"))
	h.refused(head, err, sdk.IdempotencyKeyReused)
	for range 2 {
		_, err = h.live.CreatePurchase(ctx, sdk.NewPurchase{Reader: reader, Offer: offer})
		h.must(err)
	}
	head = h.Engine.Head()
	_, err = h.live.CreatePurchase(ctx, sdk.NewPurchase{Reader: reader, Offer: offer})
	h.refused(head, err, sdk.AllowanceExceeded)
}

func TestWhatIsOwnedIsNotChargedAgain(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	reader := h.readerID()
	h.allow(token.PerUnit, token.PerUnit)
	offer, err := h.live.CreateOffer(ctx, sdk.NewOffer{Item: sdk.Item{SKU: "book", Title: "A book"}, Price: "0.50", Currency: "USD"})
	h.must(err)
	first, err := h.live.CreatePurchase(ctx, sdk.NewPurchase{Reader: reader, Offer: offer.ID})
	h.must(err)
	second, err := h.live.CreatePurchase(ctx, sdk.NewPurchase{Reader: reader, Offer: offer.ID})
	h.must(err)
	if !first.Charged || second.Charged || second.ID != first.ID || second.CoveredBy != first.ID {
		t.Errorf("first %+v, second %+v", first, second)
	}
	earnings, err := h.live.Earnings(ctx)
	h.must(err)
	if len(earnings) != 1 || earnings[0].Amount != "0.459" { // 90% of 0.50 and of 0.01
		t.Errorf("earnings: %+v", earnings)
	}
}

func TestRefusalsOfMoneyMoveNothing(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	reader, offer := h.readerID(), h.offer()
	h.allow(1000*token.PerUnit, 1000*token.PerUnit)
	dear, err := h.live.CreateOffer(ctx, sdk.NewOffer{Item: sdk.Item{SKU: "dear", Title: "Dear"}, Price: "100", Currency: "USD"})
	h.must(err)
	euro, err := h.live.CreateOffer(ctx, sdk.NewOffer{Item: sdk.Item{SKU: "euro", Title: "Euro"}, Price: "1", Currency: "EUR"})
	h.must(err)
	sandbox, err := h.test.Me(ctx)
	h.must(err)
	buy := func(client *sdk.Client, reader, offer string) error {
		_, err := client.CreatePurchase(ctx, sdk.NewPurchase{Reader: reader, Offer: offer})
		return err
	}
	head := h.Engine.Head()
	h.refused(head, buy(h.live, reader, dear.ID), sdk.InsufficientFunds)
	h.refused(head, buy(h.live, reader, euro.ID), sdk.AllowanceMissing)
	h.refused(head, buy(h.live, sandbox.SandboxReader, offer), "mode_mismatch")
	h.refused(head, buy(h.test, reader, offer), "mode_mismatch")
	h.refused(head, buy(h.other, reader, offer), sdk.NotFound)
	h.refused(head, buy(h.live, token.ReaderID{1}.String(), offer), sdk.NotFound)
	h.refused(head, buy(h.live, reader, token.OfferID{1}.String()), sdk.NotFound)

	h.must(h.App.SetLimit(ctx, h.reader, buying.LimitInput{Currency: token.MustCurrency("USD"), Period: limit.Day, Max: 100_000}))
	head = h.Engine.Head()
	err = buy(h.live, reader, offer)
	h.refused(head, err, sdk.LimitExceeded)
	problem, _ := err.(*sdk.Problem)
	if problem == nil || problem.Status != 403 || !strings.HasPrefix(problem.Limit, "lim_") || !problem.RetryAt.After(h.Clock.Now()) {
		t.Errorf("the limit is not named: %#v", problem)
	}
}

func TestBadOrdersAreRefused(t *testing.T) {
	h := newHouse(t)
	for _, test := range []struct {
		name   string
		change func(*sdk.NewOrder)
		code   string
	}{
		{"a price of nothing", func(o *sdk.NewOrder) { o.Price = "" }, "amount_invalid"},
		{"a negative price", func(o *sdk.NewOrder) { o.Price = "-0.25" }, "amount_invalid"},
		{"too many decimals", func(o *sdk.NewOrder) { o.Price = "0.2500001" }, "amount_invalid"},
		{"a price above the most", func(o *sdk.NewOrder) { o.Price = "1000000001" }, "amount_overflow"},
		{"no currency", func(o *sdk.NewOrder) { o.Currency = "" }, "currency_invalid"},
		{"a currency of elsewhere", func(o *sdk.NewOrder) { o.Currency = "XAU" }, "currency_invalid"},
		{"no item", func(o *sdk.NewOrder) { o.Item = nil }, "field_invalid"},
		{"item and offer", func(o *sdk.NewOrder) { o.Offer = token.OfferID{1}.String() }, "field_invalid"},
		{"no title", func(o *sdk.NewOrder) { o.Item.Title = " " }, "field_invalid"},
		{"a long title", func(o *sdk.NewOrder) { o.Item.Title = strings.Repeat("x", 201) }, "field_invalid"},
		{"control characters", func(o *sdk.NewOrder) { o.Tracking = "\x00" }, "field_invalid"},
		{"a short expiry", func(o *sdk.NewOrder) { o.ExpiresIn = 1 }, "field_invalid"},
		{"another's address", func(o *sdk.NewOrder) { o.ReturnURL = "https://rival.example/essay" }, "url_not_registered"},
		{"an address like ours", func(o *sdk.NewOrder) { o.ReturnURL = "https://shop.example.evil.example/" }, "url_not_registered"},
		{"an address with a user", func(o *sdk.NewOrder) { o.ReturnURL = "https://shop.example@evil.example/" }, "url_not_registered"},
		{"a script", func(o *sdk.NewOrder) { o.CancelURL = "javascript:alert(1)" }, "url_not_registered"},
		{"another's split", func(o *sdk.NewOrder) { o.Split = token.SplitID{1}.String() }, "not_found"},
	} {
		t.Run(test.name, func(t *testing.T) {
			order := h.order()
			test.change(&order)
			head := h.Engine.Head()
			_, err := h.live.CreateOrder(t.Context(), order)
			h.refused(head, err, test.code)
		})
	}
}

func TestWhatIsNotYoursIsNotThere(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	order, err := h.live.CreateOrder(ctx, h.order())
	h.must(err)
	ticket := h.pay(order)
	offer := h.offer()
	payee, err := h.live.CreatePayee(ctx, "Ada")
	h.must(err)
	split, err := h.live.CreateSplit(ctx, "All", []sdk.Share{{Payee: payee.ID, Percent: "10"}})
	h.must(err)
	head := h.Engine.Head()
	for name, call := range map[string]func() error{
		"order":   func() error { _, err := h.other.Order(ctx, order.ID); return err },
		"capture": func() error { _, err := h.other.Capture(ctx, order.ID, ""); return err },
		"release": func() error { _, err := h.other.Release(ctx, order.ID); return err },
		"refund":  func() error { _, err := h.other.Refund(ctx, order.ID, "", ""); return err },
		"view":    func() error { _, err := h.other.View(ctx, order.ID); return err },
		"offer":   func() error { _, err := h.other.Offer(ctx, offer); return err },
		"split": func() error {
			_, err := h.other.ReviseSplit(ctx, split.ID, "Mine", []sdk.Share{{Payee: payee.ID, Percent: "100"}})
			return err
		},
		"payee": func() error {
			_, err := h.other.CreateSplit(ctx, "Mine", []sdk.Share{{Payee: payee.ID, Percent: "100"}})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) { h.refused(head, call(), sdk.NotFound) })
	}
	_, err = h.other.Redeem(ctx, ticket, true)
	h.refused(head, err, sdk.TicketInvalid)
	list, err := h.other.Orders(ctx, sdk.Page{})
	h.must(err)
	if len(list.Data) != 0 {
		t.Errorf("the rival sees %+v", list.Data)
	}
	_, err = h.live.Redeem(ctx, ticket[:len(ticket)-4]+"AAAA", true)
	h.refused(head, err, sdk.TicketInvalid)
	h.Clock.Move(2*time.Minute + time.Second)
	_, err = h.live.Redeem(ctx, ticket, true)
	h.refused(head, err, sdk.TicketExpired)
}

func TestListsHaveAllPages(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	var want []string
	for i := range 5 {
		order := h.order()
		order.Tracking = strconv.Itoa(i)
		made, err := h.live.CreateOrder(ctx, order)
		h.must(err)
		want = append([]string{made.ID}, want...)
	}
	var got []string
	page := sdk.Page{Limit: 2}
	for range 4 {
		list, err := h.live.Orders(ctx, page)
		h.must(err)
		for _, order := range list.Data {
			got = append(got, order.ID)
		}
		if page.Cursor = list.NextCursor; page.Cursor == "" {
			break
		}
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("got %v, want %v", got, want)
	}
	head := h.Engine.Head()
	_, err := h.live.Orders(ctx, sdk.Page{Cursor: "!"})
	h.refused(head, err, "malformed")
}

// Requests that arrive at the same time under one key are one sale.
func TestOneKeyIsOneSale(t *testing.T) {
	h := newHouse(t)
	reader, offer := h.readerID(), h.offer()
	h.allow(token.PerUnit, token.PerUnit)
	const callers = 16
	ids := make([]string, callers)
	var wait sync.WaitGroup
	for i := range callers {
		wait.Go(func() {
			purchase, err := h.live.CreatePurchase(t.Context(), sdk.NewPurchase{Reader: reader, Offer: offer}, sdk.IdempotencyKey("same"))
			if err != nil {
				t.Error(err)
			}
			ids[i] = purchase.ID
		})
	}
	wait.Wait()
	for _, id := range ids {
		if id != ids[0] || id == "" {
			t.Errorf("got orders %v", ids)
			break
		}
	}
}

// The first answer comes again word for word, whatever happened since.
func TestAReplayIsTheFirstAnswer(t *testing.T) {
	h := newHouse(t)
	ask := func() (string, string) {
		t.Helper()
		body, err := json.Marshal(h.order())
		h.must(err)
		request, err := http.NewRequestWithContext(t.Context(), "POST", h.server.URL+"/v1/orders", strings.NewReader(string(body)))
		h.must(err)
		request.Header.Set("Authorization", "Bearer "+h.liveKey)
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Idempotency-Key", "once")
		response, err := h.server.Client().Do(request)
		h.must(err)
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		h.must(err)
		if response.StatusCode != 201 {
			t.Fatalf("%d %s", response.StatusCode, text)
		}
		return string(text), response.Header.Get("Idempotent-Replayed")
	}
	first, marked := ask()
	if marked != "" {
		t.Error("the first answer is marked as a replay")
	}
	var order sdk.Order
	h.must(json.Unmarshal([]byte(first), &order))
	h.pay(order)
	h.Clock.Move(time.Hour)
	second, marked := ask()
	if marked != "true" || second != first {
		t.Errorf("replay, marked %q:\n%s\nfirst:\n%s", marked, second, first)
	}
}
