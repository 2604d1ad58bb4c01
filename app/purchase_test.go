package app_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"farthing.dev/farthing/app/buying"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/offering"
	"farthing.dev/farthing/app/selling"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/entitlement"
	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/token"
)

// split shares half of each price with a new payee.
func (h *house) split(s caller.Seller, name string) catalog.Split {
	h.t.Helper()
	payee, _, err := h.CreatePayee(h.t.Context(), s, "Ann Author", h.key(), nil)
	must(h.t, err)
	split, _, err := h.CreateSplit(h.t.Context(), s, offering.SplitInput{Name: name, Shares: []offering.ShareInput{{Payee: payee.ID, PPM: 500_000}}}, h.key(), nil)
	must(h.t, err)
	return split
}

func TestPurchaseUnderAnAllowance(t *testing.T) {
	h := open(t)
	split := h.split(h.live, "half")
	offer := h.offer(h.live, "o-1", "0.40", entitlement.Terms{Times: 1}, split.ID)
	h.fund(h.reader, usd, "10")
	in := selling.PurchaseInput{Reader: h.pseudonym(h.reader, h.live), Offer: offer.ID, Tracking: "t-1"}
	_, _, err := h.CreatePurchase(t.Context(), h.live, in, h.key(), nil)
	wantCode(t, err, token.CodeAllowanceMissing)
	h.allow(h.reader, h.live, "0.50", "1")

	key := h.key()
	first, replayed, err := h.CreatePurchase(t.Context(), h.live, in, key, []byte("body"))
	must(t, err)
	want(t, "replayed", replayed, false)
	want(t, "status", first.Status, "paid")
	want(t, "title", first.Item.Title, "Offer o-1")
	want(t, "tracking", first.Tracking, "t-1")
	want(t, "net", first.Net.Decimal(2), "0.16")
	want(t, "royalty", first.Royalties[0].Amount.Decimal(2), "0.20")
	want(t, "split version", first.SplitVersion, 1)
	want(t, "reader", first.Reader, in.Reader)

	seen, allowance, err := h.Purchase(t.Context(), h.reader, first.ID)
	must(t, err)
	want(t, "consent", seen.Consent, "allowance")
	want(t, "spent of the allowance", allowance.Spent.Decimal(2), "0.40")
	_, _, err = h.Purchase(t.Context(), h.person("eve@reader.example"), first.ID)
	wantCode(t, err, token.CodeNotFound)
	text, err := h.Receipt(t.Context(), h.live, first.ID)
	must(t, err)
	said, err := base64.RawURLEncoding.DecodeString(strings.Split(text, ".")[1])
	must(t, err)
	want(t, "the receipt tells that there was no click", strings.Contains(string(said), `"allowance":true`), true)

	covered, _, err := h.CreatePurchase(t.Context(), h.live, in, h.key(), []byte("body"))
	must(t, err)
	want(t, "order", covered.ID, first.ID)
	want(t, "covered by", covered.CoveredBy, first.ID)
	_, _, err = h.View(t.Context(), h.live, first.ID, h.key()) // the only view; then it is charged again
	must(t, err)
	second, _, err := h.CreatePurchase(t.Context(), h.live, in, h.key(), []byte("body"))
	must(t, err)
	if second.ID == first.ID {
		t.Error("a used up purchase was sold again under the same order")
	}
	again, replayed, err := h.CreatePurchase(t.Context(), h.live, in, key, []byte("body"))
	must(t, err)
	want(t, "replayed", replayed, true)
	want(t, "the first answer", fmt.Sprintf("%+v", withoutPointers(again)), fmt.Sprintf("%+v", withoutPointers(first)))
	want(t, "entitlement then", *again.Entitlement, *first.Entitlement)
	_, _, err = h.CreatePurchase(t.Context(), h.live, in, key, []byte("other body"))
	wantCode(t, err, token.CodeKeyReused)

	_, _, err = h.View(t.Context(), h.live, second.ID, h.key())
	must(t, err)
	_, _, err = h.CreatePurchase(t.Context(), h.live, in, h.key(), []byte("body"))
	refusal := wantCode(t, err, token.CodeAllowanceSpent)
	want(t, "frees", refusal.RetryAt, time.Date(2026, 4, 16, 0, 0, 0, 0, time.UTC))
	dear := h.offer(h.live, "o-2", "0.51", entitlement.Terms{}, token.SplitID{})
	_, _, err = h.CreatePurchase(t.Context(), h.live, selling.PurchaseInput{Reader: in.Reader, Offer: dear.ID}, h.key(), nil)
	wantCode(t, err, token.CodeAllowanceSpent)

	w, err := h.Wallet(t.Context(), h.reader)
	must(t, err)
	want(t, "spent", w.Allowances[0].Spent.Decimal(2), "0.80")
	must(t, h.TakeAllowance(t.Context(), h.reader, w.Allowances[0].ID))
	_, _, err = h.CreatePurchase(t.Context(), h.live, in, h.key(), nil)
	wantCode(t, err, token.CodeAllowanceMissing)
}

// A vendor that looked first buys what it saw, or nothing.
func TestAnOfferChangedBetweenCheckAndPurchaseIsNotBought(t *testing.T) {
	h := open(t)
	offer := h.offer(h.live, "o-1", "0.10", entitlement.Terms{}, token.SplitID{})
	h.fund(h.reader, usd, "10")
	reader := h.allow(h.reader, h.live, "5", "5")
	allowed, err := h.Allowed(t.Context(), h.live, offer.ID, reader)
	must(t, err)
	want(t, "allowed", allowed, selling.Coverage{Allowed: true, Version: offer.Version})
	dearer := offering.OfferInput{Item: offer.Item, Price: money(t, "4"), Currency: usd}
	_, _, err = h.ChangeOffer(t.Context(), h.live, offer.ID, dearer, h.key(), nil)
	must(t, err)
	in, key := selling.PurchaseInput{Reader: reader, Offer: offer.ID, Version: allowed.Version}, h.key()
	before := h.balance(h.reader, usd)
	_, _, err = h.CreatePurchase(t.Context(), h.live, in, key, nil)
	wantCode(t, err, token.CodeOfferChanged)
	want(t, "balance", h.balance(h.reader, usd), before)
	in.Version = 2
	first, _, err := h.CreatePurchase(t.Context(), h.live, in, key, nil)
	must(t, err)
	_, _, err = h.ChangeOffer(t.Context(), h.live, offer.ID, dearer, h.key(), nil)
	must(t, err)
	again, replayed, err := h.CreatePurchase(t.Context(), h.live, in, key, nil) // the first answer, whatever is sold by now
	must(t, err)
	want(t, "replayed", replayed, true)
	want(t, "order", again.ID, first.ID)
}

func withoutPointers(v selling.OrderView) selling.OrderView {
	v.Entitlement = nil
	return v
}

func TestAllowancesEndAndAreBounded(t *testing.T) {
	h := open(t)
	h.fund(h.reader, usd, "10")
	offer := h.offer(h.live, "o-1", "0.40", entitlement.Terms{}, token.SplitID{})
	reader := h.allow(h.reader, h.live, "1", "10")
	h.Clock.Move(30 * 24 * time.Hour)
	_, _, err := h.CreatePurchase(t.Context(), h.live, selling.PurchaseInput{Reader: reader, Offer: offer.ID}, h.key(), nil)
	wantCode(t, err, token.CodeAllowanceMissing)

	good := buying.AllowanceInput{Vendor: h.vendor.ID, Currency: usd, PerPurchase: 1, Period: limit.Day, Max: 1, Days: 1}
	_, v, err := h.LogIn(t.Context(), "ada@reader.example", "correct horse battery")
	must(t, err)
	for name, change := range map[string]func(*buying.AllowanceInput){
		"per purchase": func(a *buying.AllowanceInput) { a.Period = limit.PerPurchase },
		"no period":    func(a *buying.AllowanceInput) { a.Period = 0 },
		"no days":      func(a *buying.AllowanceInput) { a.Days = 0 },
		"for ever":     func(a *buying.AllowanceInput) { a.Days = 4000 },
		"no vendor":    func(a *buying.AllowanceInput) { a.Vendor = token.VendorID{} },
		"no currency":  func(a *buying.AllowanceInput) { a.Currency = token.Currency{} },
		"no amount":    func(a *buying.AllowanceInput) { a.Max = 0 },
	} {
		in := good
		change(&in)
		if err := h.GiveAllowance(t.Context(), v, in); err == nil {
			t.Errorf("%s: the allowance was given", name)
		}
	}
}

func TestWarmPurchasesReadNoTables(t *testing.T) {
	h := open(t)
	h.fund(h.reader, usd, "10")
	split := h.split(h.live, "half")
	offer := h.offer(h.live, "o-1", "0.10", entitlement.Terms{Times: 1}, split.ID)
	in := selling.PurchaseInput{Reader: h.allow(h.reader, h.live, "1", "10"), Offer: offer.ID}
	secret, _, err := h.CreateKey(t.Context(), h.owner, h.vendor.ID, "fast", false)
	must(t, err)
	for _, warm := range []bool{false, true} {
		before := h.catalog.reads.Load()
		seller, err := h.Seller(t.Context(), secret)
		must(t, err)
		_, _, err = h.CreatePurchase(t.Context(), seller, in, h.key(), nil)
		must(t, err)
		if read := h.catalog.reads.Load() - before; warm != (read == 0) {
			t.Errorf("a purchase (warm: %t) read tables %d times", warm, read)
		}
	}
}

func TestSplitVersions(t *testing.T) {
	h := open(t)
	h.fund(h.reader, usd, "10")
	split := h.split(h.live, "half")
	in := article("a", "1")
	in.Split, in.Manual = split.ID, true
	early := h.order(h.live, in)
	h.buy(h.reader, early)
	payee := split.Shares[0].Payee
	changed, _, err := h.ChangeSplit(t.Context(), h.live, split.ID, offering.SplitInput{Name: "tenth", Shares: []offering.ShareInput{{Payee: payee, PPM: 100_000}}}, h.key(), nil)
	must(t, err)
	want(t, "version", changed.Version, 2)
	in.Item.SKU, in.Manual = "b", false
	late := h.order(h.live, in)
	h.buy(h.reader, late)
	captured, _, err := h.Capture(t.Context(), h.live, early.ID, selling.CaptureInput{}, h.key(), nil)
	must(t, err)
	want(t, "by the version of its time", captured.Royalties[0].Amount.Decimal(2), "0.50")
	paid, err := h.Order(t.Context(), h.live, late.ID)
	must(t, err)
	want(t, "by the newest version", paid.Royalties[0].Amount.Decimal(2), "0.10")

	all, _, err := h.Splits(t.Context(), h.live, "", 10)
	must(t, err)
	want(t, "splits", len(all), 1)
	want(t, "newest", all[0].Name, "tenth")
	key := h.key()
	for _, again := range []bool{false, true} {
		third, replayed, err := h.ChangeSplit(t.Context(), h.live, split.ID, offering.SplitInput{Name: "third"}, key, nil)
		must(t, err)
		want(t, "replayed", replayed, again)
		want(t, "version", third.Version, 3)
	}
}
