package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"farthing.dev/farthing/app/offering"
	"farthing.dev/farthing/app/selling"
	"farthing.dev/farthing/domain/entitlement"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

func TestRepeatedOrdersGetTheFirstAnswer(t *testing.T) {
	h := open(t)
	h.fund(h.reader, usd, "5")
	first, replayed, err := h.CreateOrder(t.Context(), h.live, article("a-1", "0.25"), "k", []byte("body"))
	must(t, err)
	want(t, "replayed", replayed, false)
	h.buy(h.reader, first)
	h.Clock.Move(time.Hour)
	again, replayed, err := h.CreateOrder(t.Context(), h.live, article("a-1", "0.25"), "k", []byte("body"))
	must(t, err)
	want(t, "replayed", replayed, true)
	want(t, "the same answer", fmt.Sprintf("%+v", again), fmt.Sprintf("%+v", first))

	_, _, err = h.CreateOrder(t.Context(), h.live, article("a-1", "0.26"), "k", []byte("other body"))
	wantCode(t, err, token.CodeKeyReused)
	broken := article("a-1", "0.25")
	broken.ReturnURL = "https://elsewhere.example/"
	_, _, err = h.CreateOrder(t.Context(), h.live, broken, "k", []byte("broken body"))
	wantCode(t, err, token.CodeKeyReused)
	_, _, err = h.Refund(t.Context(), h.live, first.ID, selling.RefundInput{}, "k", []byte("body"))
	wantCode(t, err, token.CodeKeyReused)
	_, replayed, err = h.CreateOrder(t.Context(), h.test, article("a-1", "0.25"), "k", []byte("body")) // the sandbox has keys of its own
	must(t, err)
	want(t, "replayed", replayed, false)

	for _, key := range []string{"", "with space", "ü", strings.Repeat("k", 256)} {
		_, _, err = h.CreateOrder(t.Context(), h.live, article("a-1", "0.25"), key, nil)
		wantCode(t, err, token.CodeKeyMissing)
	}
}

func TestRepeatsOutliveWhatTheyNeeded(t *testing.T) {
	h := open(t)
	in := article("a-1", "0.25")
	in.ExpiresIn = time.Minute
	first, _, err := h.CreateOrder(t.Context(), h.live, in, "k", []byte("body"))
	must(t, err)
	in.ReturnURL = "https://gone.example/" // as if the site had been taken away since
	again, replayed, err := h.CreateOrder(t.Context(), h.live, in, "k", []byte("body"))
	must(t, err)
	want(t, "replayed", replayed, true)
	want(t, "order", again.ID, first.ID)
}

func TestRefusedOrders(t *testing.T) {
	h := open(t)
	other := h.person("other@vendor.example")
	_, theirs, _ := h.shop(other, "Theirs", "https://theirs.example")
	offer := h.offer(theirs, "o", "1", entitlement.Terms{}, token.SplitID{})
	split := h.split(theirs, "theirs")
	long := strings.Repeat("x", 2001)
	for name, test := range map[string]struct {
		change func(*selling.OrderInput)
		code   token.Code
	}{
		"nothing to sell":    {func(o *selling.OrderInput) { o.Item = nil }, token.CodeFieldInvalid},
		"item and offer":     {func(o *selling.OrderInput) { o.Offer = offer.ID }, token.CodeFieldInvalid},
		"foreign offer":      {func(o *selling.OrderInput) { *o = selling.OrderInput{Offer: offer.ID, ReturnURL: o.ReturnURL} }, token.CodeNotFound},
		"foreign split":      {func(o *selling.OrderInput) { o.Split = split.ID }, token.CodeNotFound},
		"no price":           {func(o *selling.OrderInput) { o.Price = 0 }, token.CodeAmountInvalid},
		"negative price":     {func(o *selling.OrderInput) { o.Price = -1 }, token.CodeAmountInvalid},
		"price too high":     {func(o *selling.OrderInput) { o.Price = token.MaxAmount + 1 }, token.CodeOverflow},
		"no currency":        {func(o *selling.OrderInput) { o.Currency = token.Currency{} }, token.CodeCurrencyInvalid},
		"unknown currency":   {func(o *selling.OrderInput) { o.Currency = token.MustCurrency("XTS") }, token.CodeCurrencyInvalid},
		"no title":           {func(o *selling.OrderInput) { o.Item.Title = " " }, token.CodeFieldInvalid},
		"long title":         {func(o *selling.OrderInput) { o.Item.Title = long[:201] }, token.CodeFieldInvalid},
		"long description":   {func(o *selling.OrderInput) { o.Item.Description = long[:1001] }, token.CodeFieldInvalid},
		"long item url":      {func(o *selling.OrderInput) { o.Item.URL = "https://daily.example/" + long }, token.CodeFieldInvalid},
		"item url of script": {func(o *selling.OrderInput) { o.Item.URL = "javascript:alert(1)" }, token.CodeFieldInvalid},
		"long sku":           {func(o *selling.OrderInput) { o.Item.SKU = long[:201] }, token.CodeFieldInvalid},
		"no name":            {func(o *selling.OrderInput) { o.Item.SKU, o.Item.URL = "", "" }, token.CodeFieldInvalid},
		"long tracking":      {func(o *selling.OrderInput) { o.Tracking = long[:501] }, token.CodeFieldInvalid},
		"not text":           {func(o *selling.OrderInput) { o.Tracking = "\xff" }, token.CodeFieldInvalid},
		"too many views":     {func(o *selling.OrderInput) { o.Item.Terms.Times = entitlement.MaxTimes + 1 }, token.CodeFieldInvalid},
		"too soon":           {func(o *selling.OrderInput) { o.ExpiresIn = time.Second }, token.CodeFieldInvalid},
		"too late":           {func(o *selling.OrderInput) { o.ExpiresIn = 8 * 24 * time.Hour }, token.CodeFieldInvalid},
		"hold without hold":  {func(o *selling.OrderInput) { o.HoldHours = 1 }, token.CodeFieldInvalid},
		"hold too long":      {func(o *selling.OrderInput) { o.Manual, o.HoldHours = true, 1<<20 }, token.CodeFieldInvalid},
		"nowhere to go":      {func(o *selling.OrderInput) { o.ReturnURL, o.Item.URL = "", "" }, token.CodeURLNotAllowed},
		"foreign return":     {func(o *selling.OrderInput) { o.ReturnURL = "https://theirs.example/" }, token.CodeURLNotAllowed},
		"foreign cancel":     {func(o *selling.OrderInput) { o.CancelURL = "https://theirs.example/" }, token.CodeURLNotAllowed},
	} {
		t.Run(name, func(t *testing.T) {
			in := article("a-1", "0.25")
			test.change(&in)
			_, _, err := h.CreateOrder(t.Context(), h.live, in, h.key(), []byte(name))
			wantCode(t, err, test.code)
		})
	}
}

func TestForeignOrdersAreNotThere(t *testing.T) {
	h := open(t)
	h.fund(h.reader, usd, "5")
	order := h.order(h.live, article("a-1", "0.25"))
	h.buy(h.reader, order)
	_, theirs, _ := h.shop(h.person("other@vendor.example"), "Theirs", "https://theirs.example")
	ctx := t.Context()
	for name, call := range map[string]func(id token.OrderID) error{
		"order": func(id token.OrderID) error { _, err := h.Order(ctx, theirs, id); return err },
		"view":  func(id token.OrderID) error { _, _, err := h.View(ctx, theirs, id, h.key()); return err },
		"capture": func(id token.OrderID) error {
			_, _, err := h.Capture(ctx, theirs, id, selling.CaptureInput{}, h.key(), nil)
			return err
		},
		"release": func(id token.OrderID) error { _, _, err := h.Release(ctx, theirs, id, h.key(), nil); return err },
		"refund": func(id token.OrderID) error {
			_, _, err := h.Refund(ctx, theirs, id, selling.RefundInput{}, h.key(), nil)
			return err
		},
	} {
		foreign, missing := call(order.ID), call(token.OrderID{9})
		wantCode(t, foreign, token.CodeNotFound)
		want(t, name, foreign.Error(), missing.Error())
	}
	offer := h.offer(h.live, "o", "1", entitlement.Terms{}, token.SplitID{})
	_, err := h.Offer(ctx, theirs, offer.ID)
	wantCode(t, err, token.CodeNotFound)
	_, _, err = h.ChangeSplit(ctx, theirs, h.split(h.live, "mine").ID, offering.SplitInput{Name: "taken"}, h.key(), nil)
	wantCode(t, err, token.CodeNotFound)
	reader := h.allow(h.reader, h.live, "1", "10")
	_, _, err = h.CreatePurchase(ctx, theirs, selling.PurchaseInput{Reader: reader, Offer: h.offer(theirs, "o", "1", entitlement.Terms{}, token.SplitID{}).ID}, h.key(), nil)
	wantCode(t, err, token.CodeNotFound) // a pseudonym stolen from one vendor is nobody at another
	all, _, err := h.Orders(ctx, theirs, "", 10)
	must(t, err)
	want(t, "orders", len(all), 0)
}

func TestOrdersOfOffersTakeTheVersionOfTheTime(t *testing.T) {
	h := open(t)
	offer := h.offer(h.live, "o-1", "0.50", entitlement.Terms{Times: 1}, token.SplitID{})
	in := selling.OrderInput{Offer: offer.ID, ReturnURL: "https://daily.example/"}
	before := h.order(h.live, in)
	changed, _, err := h.ChangeOffer(t.Context(), h.live, offer.ID, offering.OfferInput{
		Item: journal.Item{SKU: "o-1", Title: "Dearer"}, Price: money(t, "0.60"), Currency: usd,
	}, h.key(), nil)
	must(t, err)
	want(t, "version", changed.Version, 2)
	after := h.order(h.live, in)
	want(t, "price before", before.Price.Decimal(2), "0.50")
	want(t, "price after", after.Price.Decimal(2), "0.60")
	got, err := h.Order(t.Context(), h.live, before.ID)
	must(t, err)
	want(t, "title", got.Item.Title, "Offer o-1")
}

func TestPagesOfOrders(t *testing.T) {
	h := open(t)
	var made []token.OrderID
	for i := range 7 {
		made = append([]token.OrderID{h.order(h.live, article(fmt.Sprint("a-", i), "0.25")).ID}, made...)
	}
	var seen []token.OrderID
	for before := ""; ; {
		page, next, err := h.Orders(t.Context(), h.live, before, 3)
		must(t, err)
		for _, o := range page {
			seen = append(seen, o.ID)
		}
		if before = next; next == "" {
			break
		}
	}
	want(t, "orders", fmt.Sprint(seen), fmt.Sprint(made))
	_, _, err := h.Orders(t.Context(), h.live, "not a cursor", 3)
	wantCode(t, err, token.CodeMalformed)
}
