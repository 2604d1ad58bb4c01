package app_test

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/app/buying"
	"farthing.dev/farthing/app/selling"
	"farthing.dev/farthing/domain/entitlement"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/keyring"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/tests/provider"
	"farthing.dev/farthing/token"
)

func TestPurchaseFromOrderToView(t *testing.T) {
	h := open(t)
	h.fund(h.reader, usd, "5")
	in := article("a-1", "0.25")
	in.Item.Terms = entitlement.Terms{Times: 3}
	order := h.order(h.live, in)
	want(t, "status", order.Status, "open")
	want(t, "pay url", order.PayURL, "https://pay.example/pay/"+order.ID.String())
	want(t, "login", order.Login, "shop")
	want(t, "authorisation", order.Authorisation, "")

	page, err := h.Checkout(t.Context(), order.ID, nil)
	must(t, err)
	wantCode(t, page.Problem, token.CodeUnauthorised)
	page, err = h.Checkout(t.Context(), order.ID, &h.reader)
	must(t, err)
	want(t, "can pay", page.CanPay, true)
	want(t, "without asking", page.WithoutAsking, false)
	want(t, "site", page.VendorSite, "https://daily.example")

	back, err := h.Pay(t.Context(), h.reader, order.ID, order.Price, journal.ByClick)
	must(t, err)
	u, err := url.Parse(back)
	must(t, err)
	want(t, "way back", strings.HasPrefix(back, "https://daily.example/a-1?order="+order.ID.String()+"&ticket="), true)
	want(t, "post", u.Query().Get("post"), "p=1&q")
	want(t, "balance", h.balance(h.reader, usd), "4.75")

	got, err := h.Redeem(t.Context(), h.live, u.Query().Get("ticket"), true)
	must(t, err)
	want(t, "status", got.Order.Status, "paid")
	want(t, "tracking", got.Order.Tracking, "t-a-1")
	want(t, "authorisation", len(got.Order.Authorisation), 8)
	want(t, "reader", got.Reader, got.Order.Reader)
	want(t, "net", got.Order.Net.Decimal(2), "0.225")
	want(t, "fee", got.Order.Fee.Decimal(2), "0.025")
	want(t, "views used", got.Entitlement.ViewsUsed, 1)
	want(t, "views left", got.Entitlement.ViewsLeft, 2)

	_, err = h.Redeem(t.Context(), h.live, u.Query().Get("ticket"), true)
	wantCode(t, err, token.CodeTicketUsed)
	for left := uint32(1); ; left-- {
		key := h.key()
		view, replayed, err := h.View(t.Context(), h.live, order.ID, key)
		must(t, err)
		want(t, "replayed", replayed, false)
		want(t, "views left", view.ViewsLeft, left)
		again, replayed, err := h.View(t.Context(), h.live, order.ID, key)
		must(t, err)
		want(t, "replayed", replayed, true)
		want(t, "views left", again.ViewsLeft, left)
		if left == 0 {
			break
		}
	}
	_, _, err = h.View(t.Context(), h.live, order.ID, h.key())
	wantCode(t, err, token.CodeEntitlementUsed)
}

func TestTickets(t *testing.T) {
	h := open(t)
	h.fund(h.reader, usd, "5")
	_, other, _ := h.shop(h.owner, "Another", "https://another.example")
	order := h.order(h.live, article("a-1", "0.25"))
	ticket := h.buy(h.reader, order)

	_, err := h.Redeem(t.Context(), other, ticket, true)
	wantCode(t, err, token.CodeTicketInvalid)
	altered := []byte(ticket)
	altered[40] ^= 1
	_, err = h.Redeem(t.Context(), h.live, string(altered), true)
	wantCode(t, err, token.CodeTicketInvalid)
	_, err = h.Redeem(t.Context(), h.live, "", true)
	wantCode(t, err, token.CodeTicketInvalid)
	_, err = h.Redeem(t.Context(), h.test, ticket, true)
	wantCode(t, err, token.CodeModeMismatch)

	h.Clock.Move(2 * time.Minute)
	_, err = h.Redeem(t.Context(), h.live, ticket, true)
	wantCode(t, err, token.CodeTicketExpired)
	ticket = h.buy(h.reader, order) // paying again charges nothing and gives a new ticket
	want(t, "balance", h.balance(h.reader, usd), "4.75")
	h.Clock.Move(3 * time.Hour) // the key of that hour is past
	_, err = h.Redeem(t.Context(), h.live, ticket, true)
	wantCode(t, err, token.CodeTicketExpired)
}

func TestReadersHaveOtherNamesElsewhere(t *testing.T) {
	h := open(t)
	_, other, _ := h.shop(h.owner, "Another", "https://daily.example")
	here, there := h.pseudonym(h.reader, h.live), h.pseudonym(h.reader, other)
	if here == there || here.IsZero() || there.IsZero() {
		t.Errorf("two vendors know one reader as %v and %v", here, there)
	}
	want(t, "the same name again", h.pseudonym(h.reader, h.live), here)
}

func TestRefusedPayments(t *testing.T) {
	h := open(t)
	h.fund(h.reader, usd, "1")
	stranger := h.person("eve@reader.example")
	order := h.order(h.live, article("a-1", "0.25"))

	_, err := h.Pay(t.Context(), stranger, order.ID, order.Price, journal.ByClick)
	wantCode(t, err, token.CodeFundsMissing)
	_, err = h.Pay(t.Context(), h.reader, order.ID, order.Price-1, journal.ByClick)
	wantCode(t, err, token.CodeQuoteChanged)
	_, err = h.Pay(t.Context(), h.reader, token.OrderID{1}, order.Price, journal.ByClick)
	wantCode(t, err, token.CodeNotFound)
	_, err = h.Pay(t.Context(), h.reader, order.ID, order.Price, journal.ByTest)
	wantCode(t, err, token.CodeMalformed)
	_, err = h.PayTest(t.Context(), order.ID, order.Price)
	wantCode(t, err, token.CodeModeMismatch)

	h.buy(h.reader, order)
	h.fund(stranger, usd, "1")
	_, err = h.Pay(t.Context(), stranger, order.ID, order.Price, journal.ByClick)
	wantCode(t, err, token.CodeOrderState)

	late := h.order(h.live, article("a-2", "0.25"))
	h.Clock.Move(30 * time.Minute)
	_, err = h.Pay(t.Context(), h.reader, late.ID, late.Price, journal.ByClick)
	wantCode(t, err, token.CodeOrderExpired)
	page, err := h.Checkout(t.Context(), late.ID, &h.reader)
	must(t, err)
	want(t, "expired", page.Expired, true)
	want(t, "can pay", page.CanPay, false)
	view, err := h.Order(t.Context(), h.live, late.ID)
	must(t, err)
	want(t, "status", view.Status, "expired")
	want(t, "balance", h.balance(h.reader, usd), "0.75")
}

func TestPurchaseWindow(t *testing.T) {
	h := open(t, func(d *app.Deps) { d.PurchaseWindow = 10 * time.Minute })
	h.fund(h.reader, usd, "1")
	order := h.order(h.live, article("a-1", "0.25"))
	h.Clock.Move(10 * time.Minute)
	page, err := h.Checkout(t.Context(), order.ID, &h.reader)
	must(t, err)
	wantCode(t, page.Problem, token.CodeWindowClosed)
	_, err = h.Pay(t.Context(), h.reader, order.ID, order.Price, journal.ByClick)
	wantCode(t, err, token.CodeWindowClosed)
	err = h.GiveAllowance(t.Context(), h.reader, buying.AllowanceInput{Vendor: h.vendor.ID, Currency: usd, PerPurchase: 1, Period: limit.Day, Max: 1, Days: 1})
	wantCode(t, err, token.CodeWindowClosed)
	_, again, err := h.LogIn(t.Context(), "ada@reader.example", "correct horse battery")
	must(t, err)
	h.buy(again, order)
}

func TestApprovalLimitBuysWithoutAsking(t *testing.T) {
	h := open(t)
	h.fund(h.reader, usd, "5")
	cheap, dear := h.order(h.live, article("a-1", "0.25")), h.order(h.live, article("a-2", "0.26"))
	_, err := h.Pay(t.Context(), h.reader, cheap.ID, cheap.Price, journal.ByApproval)
	wantCode(t, err, token.CodeQuoteChanged)
	must(t, h.SetApproval(t.Context(), h.reader, usd, money(t, "0.25")))

	for _, test := range []struct {
		order         selling.OrderView
		withoutAsking bool
	}{{cheap, true}, {dear, false}} {
		page, err := h.Checkout(t.Context(), test.order.ID, &h.reader)
		must(t, err)
		want(t, "without asking", page.WithoutAsking, test.withoutAsking)
		want(t, "can pay", page.CanPay, true)
	}
	_, err = h.Pay(t.Context(), h.reader, dear.ID, dear.Price, journal.ByApproval)
	wantCode(t, err, token.CodeQuoteChanged)
	_, err = h.Pay(t.Context(), h.reader, cheap.ID, cheap.Price, journal.ByApproval)
	must(t, err)
	bought, _, err := h.Purchases(t.Context(), h.reader, "", 10)
	must(t, err)
	want(t, "consent", bought[0].Consent, "approval")

	must(t, h.RaiseApproval(t.Context(), h.reader, usd, money(t, "0.10"))) // less than she said before
	page, err := h.Checkout(t.Context(), h.order(h.live, article("a-4", "0.25")).ID, &h.reader)
	must(t, err)
	want(t, "without asking", page.WithoutAsking, true)
	must(t, h.RaiseApproval(t.Context(), h.reader, usd, dear.Price))
	page, err = h.Checkout(t.Context(), dear.ID, &h.reader)
	must(t, err)
	want(t, "without asking", page.WithoutAsking, true)
	late := h.reader
	late.WindowUntil = h.Clock.Now()
	wantCode(t, h.RaiseApproval(t.Context(), late, usd, money(t, "1")), token.CodeWindowClosed)

	must(t, h.SetApproval(t.Context(), h.reader, usd, 0))
	third := h.order(h.live, article("a-3", "0.01"))
	_, err = h.Pay(t.Context(), h.reader, third.ID, third.Price, journal.ByApproval)
	wantCode(t, err, token.CodeQuoteChanged)
}

func TestWhatIsOwnedIsCovered(t *testing.T) {
	h := open(t)
	h.fund(h.reader, usd, "5")
	in := article("a-1", "0.25")
	in.Item.Terms = entitlement.Terms{Times: 2}
	first := h.order(h.live, in)
	_, err := h.Redeem(t.Context(), h.live, h.buy(h.reader, first), true)
	must(t, err)

	second := h.order(h.live, in)
	page, err := h.Checkout(t.Context(), second.ID, &h.reader)
	must(t, err)
	want(t, "owned", page.Owned, true)
	want(t, "without asking", page.WithoutAsking, true)
	back, err := h.Pay(t.Context(), h.reader, second.ID, second.Price, journal.ByApproval)
	must(t, err)
	u, err := url.Parse(back)
	must(t, err)
	got, err := h.Redeem(t.Context(), h.live, u.Query().Get("ticket"), true)
	must(t, err)
	want(t, "status", got.Order.Status, "covered")
	want(t, "covered by", got.Order.CoveredBy, first.ID)
	want(t, "charged", got.Order.Charged, 0)
	want(t, "entitlement of", got.Entitlement.Order, first.ID)
	want(t, "views left", got.Entitlement.ViewsLeft, 0)
	want(t, "balance", h.balance(h.reader, usd), "4.75")

	third := h.order(h.live, in) // both views are used, so this one is charged
	h.buy(h.reader, third)
	want(t, "balance", h.balance(h.reader, usd), "4.50")

	other := h.person("bob@reader.example") // what one account owns opens nothing for another
	h.fund(other, usd, "1")
	h.buy(other, h.order(h.live, in))
	want(t, "balance", h.balance(other, usd), "0.75")
}

func TestEntitlementsEnd(t *testing.T) {
	h := open(t)
	h.fund(h.reader, usd, "5")
	hours, days, expiry := article("hours", "0.25"), article("days", "0.25"), article("expiry", "0.25")
	hours.Item.Terms, days.Item.Terms = entitlement.Terms{Hours: 2}, entitlement.Terms{Days: 1}
	expiry.Item.Terms.Expiry = provider.Noon.Add(90 * time.Minute).UnixMilli()
	var orders []selling.OrderView
	for _, in := range []selling.OrderInput{hours, days, expiry} {
		order := h.order(h.live, in)
		h.buy(h.reader, order)
		_, _, err := h.View(t.Context(), h.live, order.ID, h.key())
		must(t, err)
		orders = append(orders, order)
	}
	for _, step := range []struct {
		move time.Duration
		ends int // which of them has ended by then
	}{{90 * time.Minute, 2}, {30 * time.Minute, 0}, {22 * time.Hour, 1}} {
		h.Clock.Move(step.move - time.Millisecond)
		_, _, err := h.View(t.Context(), h.live, orders[step.ends].ID, h.key())
		must(t, err)
		h.Clock.Move(time.Millisecond)
		_, _, err = h.View(t.Context(), h.live, orders[step.ends].ID, h.key())
		wantCode(t, err, token.CodeEntitlementOver)
	}
}

func TestTestModeNeverTouchesLiveTokens(t *testing.T) {
	h := open(t)
	h.fund(h.reader, usd, "5")
	order := h.order(h.test, article("a-1", "0.25"))
	page, err := h.Checkout(t.Context(), order.ID, nil)
	must(t, err)
	want(t, "test", page.Test, true)
	want(t, "can pay", page.CanPay, true)
	_, err = h.Pay(t.Context(), h.reader, order.ID, order.Price, journal.ByClick)
	wantCode(t, err, token.CodeModeMismatch)
	back, err := h.PayTest(t.Context(), order.ID, order.Price)
	must(t, err)
	u, err := url.Parse(back)
	must(t, err)
	got, err := h.Redeem(t.Context(), h.test, u.Query().Get("ticket"), true)
	must(t, err)
	me, err := h.Me(t.Context(), h.test)
	must(t, err)
	want(t, "reader", got.Reader, me.SandboxReader)
	want(t, "test", got.Order.Test, true)
	want(t, "balance", h.balance(h.reader, usd), "5.00")

	_, err = h.Order(t.Context(), h.live, order.ID)
	wantCode(t, err, token.CodeModeMismatch)
	_, _, err = h.Refund(t.Context(), h.live, order.ID, selling.RefundInput{}, h.key(), nil)
	wantCode(t, err, token.CodeModeMismatch)

	offer := h.offer(h.test, "o-1", "0.50", entitlement.Terms{}, token.SplitID{})
	_, _, err = h.CreatePurchase(t.Context(), h.live, selling.PurchaseInput{Reader: me.SandboxReader, Offer: offer.ID}, h.key(), nil)
	wantCode(t, err, token.CodeModeMismatch)
	reader := h.allow(h.reader, h.live, "1", "10")
	_, _, err = h.CreatePurchase(t.Context(), h.test, selling.PurchaseInput{Reader: reader, Offer: offer.ID}, h.key(), nil)
	wantCode(t, err, token.CodeModeMismatch)
	bought, _, err := h.CreatePurchase(t.Context(), h.test, selling.PurchaseInput{Reader: me.SandboxReader, Offer: offer.ID}, h.key(), nil)
	must(t, err)
	want(t, "test", bought.Test, true)

	live, err := h.Earnings(t.Context(), h.live)
	must(t, err)
	for _, b := range live {
		want(t, "live earnings", b.Amount.Decimal(2), "0.009") // of the sale that told the pseudonym
	}
	test, err := h.Earnings(t.Context(), h.test)
	must(t, err)
	want(t, "test earnings", test[0].Amount.Decimal(2), "0.675")
	want(t, "class", test[0].Class, token.TestClass)
	all, _, err := h.Orders(t.Context(), h.test, "", 10)
	must(t, err)
	want(t, "test orders", len(all), 2)
}

func TestManyCallersWithMoneyForOne(t *testing.T) {
	h := open(t)
	h.fund(h.reader, usd, "0.25")
	const callers = 64
	var orders []selling.OrderView
	for i := range callers {
		orders = append(orders, h.order(h.live, article(fmt.Sprint("a-", i), "0.25")))
	}
	var start, end sync.WaitGroup
	results := make([]error, callers)
	start.Add(1)
	for i := range callers {
		end.Go(func() {
			start.Wait()
			_, results[i] = h.Pay(t.Context(), h.reader, orders[i].ID, orders[i].Price, journal.ByClick)
		})
	}
	start.Done()
	end.Wait()
	done := 0
	for _, err := range results {
		if err == nil {
			done++
			continue
		}
		wantCode(t, err, token.CodeFundsMissing)
	}
	want(t, "paid", done, 1)
	want(t, "balance", h.balance(h.reader, usd), "0.00")
}

// What was paid is not refused because the database went away behind it: the reader comes to
// the purchase's own page, which makes a ticket when it can.
func TestWhatIsPaidIsNotRefused(t *testing.T) {
	engine := &pausing{}
	h := open(t, func(d *app.Deps) { engine.Engine, d.Engine = d.Engine, engine })
	h.fund(h.reader, usd, "1")
	order := h.order(h.live, article("a", "0.25"))
	engine.paid = func() { // a long pause, behind which the keys of the new epoch cannot be read
		h.Clock.Move(2 * keyring.EpochLength)
		h.catalog.away.Store(true)
	}
	back, err := h.Pay(t.Context(), h.reader, order.ID, order.Price, journal.ByClick)
	must(t, err)
	want(t, "the way back", back, "https://pay.example/pay/"+order.ID.String())
	engine.paid = nil
	h.catalog.away.Store(false)
	want(t, "balance", h.balance(h.reader, usd), "0.75")
	_, err = h.Redeem(t.Context(), h.live, h.buy(h.reader, order), true)
	must(t, err)
	want(t, "balance", h.balance(h.reader, usd), "0.75")
}

// A refund that was made and cannot be shown is not said to have failed.
func TestWhatIsDoneIsNotSaidToHaveFailed(t *testing.T) {
	engine := &pausing{}
	h := open(t, func(d *app.Deps) { engine.Engine, d.Engine = d.Engine, engine })
	h.fund(h.reader, usd, "1")
	offer := h.offer(h.live, "o-1", "0.25", entitlement.Terms{}, token.SplitID{})
	in := selling.PurchaseInput{Reader: h.allow(h.reader, h.live, "1", "10"), Offer: offer.ID}
	sold, _, err := h.CreatePurchase(t.Context(), h.live, in, h.key(), nil)
	must(t, err)
	want(t, "balance", h.balance(h.reader, usd), "0.75")

	restarted, key := app.Compose(h.Deps), h.key() // it knows no offers yet
	engine.paid = func() { h.catalog.away.Store(true) }
	_, _, err = restarted.Refund(t.Context(), h.live, sold.ID, selling.RefundInput{}, key, nil)
	wantCode(t, err, token.CodeCommitUnknown)
	engine.paid = nil
	h.catalog.away.Store(false)
	want(t, "balance", h.balance(h.reader, usd), "1.00")
	view, replayed, err := restarted.Refund(t.Context(), h.live, sold.ID, selling.RefundInput{}, key, nil)
	must(t, err)
	want(t, "replayed", replayed, true)
	want(t, "refunded", view.Refunded.Decimal(2), "0.25")
	want(t, "balance", h.balance(h.reader, usd), "1.00")
}
