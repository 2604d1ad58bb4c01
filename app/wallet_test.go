package app_test

import (
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/app/buying"
	"farthing.dev/farthing/app/incentive"
	"farthing.dev/farthing/app/selling"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/tests/provider"
	"farthing.dev/farthing/token"
)

func TestLimitsRefuseAndSayWhenTheyFree(t *testing.T) {
	for _, test := range []struct {
		period limit.Period
		frees  time.Time
	}{
		{limit.Day, time.Date(2026, 4, 16, 0, 0, 0, 0, time.UTC)},
		{limit.Week, time.Date(2026, 4, 20, 0, 0, 0, 0, time.UTC)},
		{limit.Month, time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)},
		{limit.PerPurchase, time.Time{}},
	} {
		t.Run(test.period.String(), func(t *testing.T) {
			h := open(t)
			h.fund(h.reader, usd, "10")
			h.buy(h.reader, h.order(h.live, article("before", "0.30"))) // counts also if bought before the limit was set
			must(t, h.SetLimit(t.Context(), h.reader, buying.LimitInput{Currency: usd, Period: test.period, Max: money(t, "1")}))
			w, err := h.Wallet(t.Context(), h.reader)
			must(t, err)
			if test.period != limit.PerPurchase {
				want(t, "spent", w.Limits[0].Spent.Decimal(2), "0.30")
				h.buy(h.reader, h.order(h.live, article("fits", "0.70")))
			}
			price := "0.01"
			if test.period == limit.PerPurchase {
				price = "1.01"
			}
			order := h.order(h.live, article("over", price))
			page, err := h.Checkout(t.Context(), order.ID, &h.reader)
			must(t, err)
			wantCode(t, page.Problem, token.CodeLimitExceeded)
			_, err = h.Pay(t.Context(), h.reader, order.ID, order.Price, journal.ByClick)
			refusal := wantCode(t, err, token.CodeLimitExceeded)
			want(t, "frees", refusal.RetryAt, test.frees)
			want(t, "limit", refusal.Limit, w.Limits[0].ID)
			if test.frees.IsZero() {
				return
			}
			h.Clock.Move(test.frees.Sub(provider.Noon))
			_, later, err := h.LogIn(t.Context(), "ada@reader.example", "correct horse battery")
			must(t, err)
			h.buy(later, h.order(h.live, article("later", "1")))
		})
	}
}

func TestLimitsOfOneVendor(t *testing.T) {
	h := open(t)
	h.fund(h.reader, usd, "10")
	_, other, _ := h.shop(h.owner, "Another", "https://another.example")
	elsewhere := article("a", "0.50")
	elsewhere.ReturnURL = "https://another.example/"
	h.buy(h.reader, h.order(other, elsewhere))
	must(t, h.SetLimit(t.Context(), h.reader, buying.LimitInput{Vendor: h.vendor.ID, Currency: usd, Period: limit.Day, Max: money(t, "0.50")}))
	h.buy(h.reader, h.order(h.live, article("a", "0.50")))
	order := h.order(h.live, article("b", "0.50"))
	_, err := h.Pay(t.Context(), h.reader, order.ID, order.Price, journal.ByClick)
	wantCode(t, err, token.CodeLimitExceeded)
	elsewhere = article("b", "0.50")
	elsewhere.ReturnURL = "https://another.example/"
	h.buy(h.reader, h.order(other, elsewhere))

	w, err := h.Wallet(t.Context(), h.reader)
	must(t, err)
	must(t, h.RemoveLimit(t.Context(), h.reader, w.Limits[0].ID))
	h.buy(h.reader, order)
	wantCode(t, h.RemoveLimit(t.Context(), h.reader, w.Limits[0].ID), token.CodeNotFound)
	err = h.SetLimit(t.Context(), h.reader, buying.LimitInput{Vendor: token.VendorID{1}, Currency: usd, Period: limit.Day, Max: 1})
	wantCode(t, err, token.CodeNotFound)
}

func TestALimitSetAnewCountsWhatTheCoreWouldHaveCounted(t *testing.T) {
	h := open(t)
	h.fund(h.reader, usd, "20")
	old := h.order(h.live, article("yesterday", "3"))
	h.buy(h.reader, old)
	h.Clock.Move(24 * time.Hour)
	_, v, err := h.LogIn(t.Context(), "ada@reader.example", "correct horse battery")
	must(t, err)
	in := buying.LimitInput{Currency: usd, Period: limit.Day, Max: money(t, "10")}
	must(t, h.SetLimit(t.Context(), v, in))

	h.buy(v, h.order(h.live, article("a", "1")))
	part := h.order(h.live, article("b", "2"))
	h.buy(v, part)
	_, _, err = h.Refund(t.Context(), h.live, part.ID, selling.RefundInput{Amount: money(t, "0.50")}, h.key(), nil)
	must(t, err)
	_, _, err = h.Refund(t.Context(), h.live, old.ID, selling.RefundInput{}, h.key(), nil) // frees yesterday, not today
	must(t, err)
	held := article("c", "4")
	held.Manual = true
	hold := h.order(h.live, held)
	h.buy(v, hold)
	_, _, err = h.Capture(t.Context(), h.live, hold.ID, selling.CaptureInput{Amount: money(t, "1.25")}, h.key(), nil)
	must(t, err)

	w, err := h.Wallet(t.Context(), v)
	must(t, err)
	byCore := w.Limits[0]
	want(t, "spent", byCore.Spent.Decimal(2), "3.75")
	must(t, h.SetLimit(t.Context(), v, in)) // counts again from the journal
	w, err = h.Wallet(t.Context(), v)
	must(t, err)
	want(t, "the same limit, the same sum", fmt.Sprint(w.Limits), fmt.Sprint([]buying.LimitView{byCore}))
}

func TestSettingALimitWhileBuying(t *testing.T) {
	h := open(t)
	h.fund(h.reader, usd, "10")
	var orders []selling.OrderView
	for i := range 20 {
		orders = append(orders, h.order(h.live, article(fmt.Sprint("a-", i), "0.10")))
	}
	var wait sync.WaitGroup
	for _, order := range orders {
		wait.Go(func() {
			if _, err := h.Pay(t.Context(), h.reader, order.ID, order.Price, journal.ByClick); err != nil {
				t.Error(err)
			}
		})
	}
	var err error
	wait.Go(func() {
		err = h.SetLimit(t.Context(), h.reader, buying.LimitInput{Currency: usd, Period: limit.Day, Max: money(t, "5")})
	})
	wait.Wait()
	if token.CodeOf(err) == token.CodeStale {
		t.Skip("the account never stood still for long enough; the caller was told so")
	}
	must(t, err)
	w, err := h.Wallet(t.Context(), h.reader)
	must(t, err)
	want(t, "spent", w.Limits[0].Spent.Decimal(2), "2.00")
}

func TestDemoFunds(t *testing.T) {
	h := open(t)
	for range 2 {
		must(t, h.AddDemoFunds(t.Context(), h.reader, usd, money(t, "5"), "top-up 1"))
	}
	want(t, "balance", h.balance(h.reader, usd), "5.00")
	err := h.AddDemoFunds(t.Context(), h.reader, usd, money(t, "6"), "top-up 1")
	wantCode(t, err, token.CodeKeyReused)
	h.fund(h.reader, eur, "3")
	want(t, "dollars", h.balance(h.reader, usd), "5.00")
	want(t, "euros", h.balance(h.reader, eur), "3.00")

	serious := open(t, func(d *app.Deps) { d.Demo = false })
	err = serious.AddDemoFunds(t.Context(), serious.reader, usd, money(t, "5"), "free")
	wantCode(t, err, token.CodeForbidden)
}

func TestIncentivesAreSpentFirstAndLapse(t *testing.T) {
	h := open(t)
	must(t, h.BoundIncentives(t.Context(), money(t, "1")))
	reader := h.pseudonym(h.reader, h.live)
	h.fund(h.reader, usd, "5")
	campaign, _, err := h.CreateCampaign(t.Context(), h.live, incentive.CampaignInput{Name: "spring", Currency: usd, ExpiresAt: provider.Noon.Add(time.Hour)}, h.key(), nil)
	must(t, err)
	key := h.key()
	for _, again := range []bool{false, true} {
		replayed, err := h.GrantIncentive(t.Context(), h.live, incentive.GrantInput{Campaign: campaign.ID, Reader: reader, Amount: money(t, "1")}, key, nil)
		must(t, err)
		want(t, "replayed", replayed, again)
	}
	first := h.order(h.live, article("a", "0.40"))
	h.buy(h.reader, first)
	want(t, "incentive left", h.holding(h.reader, usd, token.Incentive).Amount.Decimal(2), "0.60")
	want(t, "bought left", h.balance(h.reader, usd), "5.00")

	_, other, _ := h.shop(h.owner, "Another", "https://daily.example/other/")
	in := article("b", "0.10")
	in.ReturnURL = "https://daily.example/other/"
	h.buy(h.reader, h.order(other, in)) // a vendor's incentive pays at that vendor only
	want(t, "incentive left", h.holding(h.reader, usd, token.Incentive).Amount.Decimal(2), "0.60")

	both := h.order(h.live, article("c", "1"))
	h.buy(h.reader, both)
	want(t, "incentive left", h.holding(h.reader, usd, token.Incentive).Amount.Decimal(2), "0.00")
	want(t, "bought left", h.balance(h.reader, usd), "4.50")
	_, _, err = h.Refund(t.Context(), h.live, both.ID, selling.RefundInput{}, h.key(), nil)
	must(t, err)
	want(t, "incentive back", h.holding(h.reader, usd, token.Incentive).Amount.Decimal(2), "0.60")
	want(t, "bought back", h.balance(h.reader, usd), "4.90")

	h.Clock.Move(time.Hour) // expired tokens are out at once; looking at the wallet takes nothing away
	head := h.Engine.Head()
	want(t, "incentive left", h.holding(h.reader, usd, token.Incentive).Amount.Decimal(2), "0.00")
	if h.Engine.Head() != head {
		t.Error("looking at the wallet wrote an entry")
	}
	done, err := h.DoDue(t.Context())
	must(t, err)
	want(t, "lapsed", done, 1)
	account, err := h.Engine.Account(t.Context(), h.reader.Account)
	must(t, err)
	want(t, "wallets", len(account.Wallets), 1)

	// What comes back after its time is taken away, too.
	_, _, err = h.Refund(t.Context(), h.live, first.ID, selling.RefundInput{}, h.key(), nil)
	must(t, err)
	want(t, "incentive back", h.holding(h.reader, usd, token.Incentive).Amount.Decimal(2), "0.00")
	done, err = h.DoDue(t.Context())
	must(t, err)
	want(t, "lapsed again", done, 1)

	_, err = h.GrantIncentive(t.Context(), other, incentive.GrantInput{Campaign: campaign.ID, Reader: reader, Amount: 1}, h.key(), nil)
	wantCode(t, err, token.CodeNotFound)
}

// Gifts that are over make room for new ones, and none keeps the reader's own money out.
func TestGiftsThatAreOverMakeRoom(t *testing.T) {
	h := open(t)
	must(t, h.BoundIncentives(t.Context(), money(t, "1")))
	reader := h.pseudonym(h.reader, h.live)
	give := func(name string, until time.Time) error {
		campaign, _, err := h.CreateCampaign(t.Context(), h.live, incentive.CampaignInput{Name: name, Currency: usd, ExpiresAt: until}, h.key(), nil)
		must(t, err)
		_, err = h.GrantIncentive(t.Context(), h.live, incentive.GrantInput{Campaign: campaign.ID, Reader: reader, Amount: 1}, h.key(), nil)
		return err
	}
	for i := range core.MaxGiftsOfOne {
		must(t, give(fmt.Sprint("c-", i), provider.Noon.Add(time.Hour)))
	}
	wantCode(t, give("too many", time.Time{}), token.CodeGiftsFull)
	h.fund(h.reader, usd, "5")
	h.fund(h.reader, eur, "5")
	h.Clock.Move(time.Hour)
	must(t, give("later", time.Time{}))
	account, err := h.Engine.Account(t.Context(), h.reader.Account)
	must(t, err)
	want(t, "wallets", len(account.Wallets), 3)
}

func TestProvidersIncentives(t *testing.T) {
	h := open(t)
	campaign, err := h.CreateProviderCampaign(t.Context(), incentive.CampaignInput{Name: "welcome", Currency: usd})
	must(t, err)
	for range 2 {
		must(t, h.GrantProviderIncentive(t.Context(), h.reader.Account, campaign.ID, money(t, "1"), nil, "welcome"))
	}
	order := h.order(h.live, article("a", "1"))
	h.buy(h.reader, order)
	paid, err := h.Order(t.Context(), h.live, order.ID)
	must(t, err)
	want(t, "the vendor's net", paid.Net.Decimal(2), "0.90")
	err = h.GrantProviderIncentive(t.Context(), token.AccountID{1}, campaign.ID, 1, nil, "nobody")
	wantCode(t, err, token.CodeNotFound)
}

func TestPurchasesOfAnAccount(t *testing.T) {
	h := open(t)
	h.fund(h.reader, usd, "5")
	for i := range 5 {
		h.buy(h.reader, h.order(h.live, article(fmt.Sprint("a-", i), "0.25")))
	}
	stranger := h.person("eve@reader.example")
	none, _, err := h.Purchases(t.Context(), stranger, "", 10)
	must(t, err)
	want(t, "a stranger's purchases", len(none), 0)
	page, next, err := h.Purchases(t.Context(), h.reader, "", 3)
	must(t, err)
	want(t, "newest", page[0].Title, "Article a-4")
	want(t, "vendor", page[0].VendorName, "The Daily")
	want(t, "page", len(page), 3)
	page, next, err = h.Purchases(t.Context(), h.reader, next, 3)
	must(t, err)
	want(t, "oldest", page[1].Title, "Article a-0")
	want(t, "next", next, "")
}

func TestFrozenAccountsDoNotBuy(t *testing.T) {
	h := open(t)
	h.fund(h.reader, usd, "5")
	frozen := journal.Frozen
	_, err := h.Deps.Engine.Do(t.Context(), &core.Permit{Account: h.reader.Account, SetStanding: &frozen})
	must(t, err)
	order := h.order(h.live, article("a", "0.25"))
	_, err = h.Pay(t.Context(), h.reader, order.ID, order.Price, journal.ByClick)
	wantCode(t, err, token.CodeAccountClosed)
}

// On a device that was left logged in, nobody takes the owner's bounds away.
func TestLettingMoreBeSpentNeedsThePurchaseWindow(t *testing.T) {
	h := open(t)
	v := h.reader
	daily := func(most string) error {
		return h.SetLimit(t.Context(), v, buying.LimitInput{Currency: usd, Period: limit.Day, Max: money(t, most)})
	}
	must(t, daily("5"))
	must(t, h.SetApproval(t.Context(), v, usd, money(t, "0.50")))
	h.Clock.Move(31 * time.Minute)
	w, err := h.Wallet(t.Context(), v)
	must(t, err)
	for what, err := range map[string]error{
		"raising a limit":             daily("6"),
		"removing a limit":            h.RemoveLimit(t.Context(), v, w.Limits[0].ID),
		"raising the approval limit":  h.SetApproval(t.Context(), v, usd, money(t, "0.60")),
		"an approval limit elsewhere": h.SetApproval(t.Context(), v, eur, money(t, "0.10")),
	} {
		if token.CodeOf(err) != token.CodeWindowClosed {
			t.Errorf("%s after the window: %v", what, err)
		}
	}
	must(t, daily("4"))
	must(t, h.SetLimit(t.Context(), v, buying.LimitInput{Currency: usd, Period: limit.Week, Max: money(t, "9")}))
	must(t, h.SetApproval(t.Context(), v, usd, money(t, "0.40")))
	must(t, h.SetApproval(t.Context(), v, usd, 0))
}

// What somebody who is logged in sets again and again is written for ever, so it is bounded; what she
// takes back is not.
func TestPermissionsAreSetAtAPace(t *testing.T) {
	h := open(t)
	v := h.reader
	head := func() uint64 { return h.Engine.Head().Seq }
	set := []func(n int) error{
		func(n int) error {
			return h.SetLimit(t.Context(), v, buying.LimitInput{Currency: usd, Period: limit.Day, Max: money(t, "5")})
		},
		func(n int) error {
			return h.SetApproval(t.Context(), v, usd, money(t, "0."+strconv.Itoa(10+n%80)))
		},
		func(int) error {
			return h.GiveAllowance(t.Context(), v, buying.AllowanceInput{Vendor: h.live.Vendor, Currency: usd, PerPurchase: money(t, "1"), Period: limit.Day, Max: money(t, "1"), Days: 1})
		},
	}
	for n := range 60 {
		must(t, set[n%2](n))
	}
	before := head()
	for n, again := range set {
		err := again(n)
		refusal := wantCode(t, err, token.CodeThrottled)
		if refusal.RetryAt.Sub(h.Clock.Now()) != 2*time.Second {
			t.Errorf("%d may be set again at %s", n, refusal.RetryAt)
		}
	}
	if head() != before {
		t.Errorf("the journal grew from %d to %d", before, head())
	}
	w, err := h.Wallet(t.Context(), v)
	must(t, err)
	must(t, h.RemoveLimit(t.Context(), v, w.Limits[0].ID))
	h.Clock.Move(2 * time.Second)
	must(t, set[2](0))
}
