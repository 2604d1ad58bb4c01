package selling

import (
	"cmp"
	"context"
	"crypto/sha256"
	"slices"
	"sync"
	"time"

	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/keys"
	"farthing.dev/farthing/app/paging"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// order returns a vendor's order of the seller's mode.
func (a *Selling) order(ctx context.Context, s caller.Seller, id token.OrderID) (*core.Order, error) {
	order, err := a.engine.Order(ctx, id)
	if err != nil || order == nil || order.Vendor != s.Vendor {
		return nil, a.refusedOrder(ctx, s, order, caller.Foreign(err, "not_found.order"))
	}
	if order.Test != s.Test {
		return nil, a.refusedOrder(ctx, s, order, caller.WrongMode(order.Test))
	}
	return order, nil
}

// The bounds of how long an order waits to be paid.
const (
	minExpiry     = time.Minute
	maxExpiry     = 7 * 24 * time.Hour
	defaultExpiry = 30 * time.Minute
)

// CreateOrder records an order of the vendor's server. From here on its price and
// item stand; the browser carries its id and nothing else.
func (a *Selling) CreateOrder(ctx context.Context, s caller.Seller, in OrderInput, key string, digest []byte) (view OrderView, replayed bool, err error) {
	idem, err := caller.RequestKey(s, key, "order", digest)
	if err != nil {
		return OrderView{}, false, err
	}
	opened, err := a.Draft(ctx, s, in)
	if err != nil {
		return a.replayOr(ctx, idem, err)
	}
	return a.submit(ctx, &core.OpenOrder{ID: token.NewID[token.OrderKind](a.ids), Vendor: s.Vendor, Opened: opened, Key: idem})
}

// Draft checks an order, in this sequence: what is sold, its price, how the price is
// divided, texts, times, addresses.
func (a *Selling) Draft(ctx context.Context, s caller.Seller, in OrderInput) (journal.Opened, error) {
	o := journal.Opened{
		Price: in.Price, Currency: in.Currency, Manual: in.Manual, ReturnURL: in.ReturnURL, CancelURL: in.CancelURL,
		Login: in.Login, Post: in.Post, Tracking: in.Tracking, Test: s.Test,
	}
	if in.Session != "" {
		if err := catalog.CheckText("/session", in.Session, keys.MaxSession); err != nil {
			return o, err
		}
		o.Session = keys.MarkSession(s.Vendor, in.Session)
	}
	if o.Login == "" {
		o.Login = s.Login
	}
	split := in.Split
	switch {
	case in.Item == nil && in.Offer.IsZero():
		return o, token.Refuse(token.Unprocessable, "field_invalid.order_nothing")
	case in.Item != nil && !in.Offer.IsZero(), !in.Offer.IsZero() && (in.Price != 0 || !in.Currency.IsZero() || !in.Split.IsZero()):
		return o, token.Refuse(token.Unprocessable, "field_invalid.order_both")
	case in.Item != nil:
		item, err := catalog.NormalItem(*in.Item)
		if err != nil {
			return o, token.In("/item", err)
		}
		o.Item = item
	default:
		offer, err := a.offering.Offer(ctx, s, in.Offer)
		if err != nil {
			return o, err
		}
		o.Item, o.Price, o.Currency, split = offer.Item, offer.Price, offer.Currency, offer.Split
		o.Offer, o.OfferVer = offer.ID, offer.Version
	}
	if err := o.Price.Positive(); err != nil {
		return o, token.In("/price", err)
	}
	if err := a.directory.CheckCurrency(o.Currency); err != nil {
		return o, token.In("/currency", err)
	}
	var err error
	if o.Rule, _, err = a.offering.RuleNow(ctx, s.Vendor, split); err != nil {
		return o, err
	}
	if err := checkOrderTexts(&o); err != nil {
		return o, err
	}
	if err := a.times(&o, in); err != nil {
		return o, err
	}
	return o, a.directory.Addresses(ctx, s, &o)
}

func checkOrderTexts(o *journal.Opened) error {
	for _, check := range []error{
		catalog.CheckText("/login", o.Login, catalog.MaxLogin),
		catalog.CheckText("/post", o.Post, catalog.MaxPost),
		catalog.CheckText("/tracking", o.Tracking, catalog.MaxTracking),
	} {
		if check != nil {
			return check
		}
	}
	return nil
}

func (a *Selling) times(o *journal.Opened, in OrderInput) error {
	expires := in.ExpiresIn
	if expires == 0 {
		expires = defaultExpiry
	}
	if expires < minExpiry || expires > maxExpiry {
		return token.Refuse(token.Unprocessable, "field_invalid.order_life", token.Number("least", int64(minExpiry/time.Second)), token.Number("most", int64(maxExpiry/time.Second)),
			token.Number("got", int64(expires/time.Second))).In("/expires_in")
	}
	o.ExpiresAt = a.clock.Now().Add(expires).UnixMilli()
	if !in.Manual {
		if in.HoldHours != 0 {
			return token.Refuse(token.Unprocessable, "field_invalid.hold_hours_automatic")
		}
		return nil
	}
	o.HoldHours = in.HoldHours
	if o.HoldHours == 0 {
		o.HoldHours = core.DefaultHoldHours
	}
	if o.HoldHours > core.MaxHoldHours {
		return token.Refuse(token.Unprocessable, "field_invalid.hold_hours", token.Number("most", core.MaxHoldHours), token.Number("got", int64(o.HoldHours))).In("/hold_hours")
	}
	return nil
}

// Order returns an order of the vendor.
func (a *Selling) Order(ctx context.Context, s caller.Seller, id token.OrderID) (OrderView, error) {
	order, err := a.order(ctx, s, id)
	if err != nil {
		return OrderView{}, err
	}
	return a.view(ctx, order)
}

// Orders returns a page of the vendor's orders, newest first.
func (a *Selling) Orders(ctx context.Context, s caller.Seller, before string, limit int) (page []OrderView, next string, err error) {
	return a.orders(ctx, s.Vendor, before, limit, func(e *journal.Entry) bool { return begins(e) && isTest(e) == s.Test })
}

// begins reports whether the entry is the first of its order.
func begins(e *journal.Entry) bool {
	return e.Kind == journal.OrderOpened || (e.Kind == journal.Purchased && !e.Sale.Offer.IsZero())
}

// isTest reports whether the entry belongs to a sandbox.
func isTest(e *journal.Entry) bool {
	switch {
	case e.Opened != nil:
		return e.Opened.Test
	case e.Sale != nil:
		return e.Sale.Test
	}
	return len(e.Legs) > 0 && e.Legs[0].Account.Class.Kind == token.Test
}

// orders returns the orders of the vendor's entries that match picks out.
func (a *Selling) orders(ctx context.Context, vendor token.VendorID, before string, limit int, match func(*journal.Entry) bool) (page []OrderView, next string, err error) {
	from, err := paging.ParseCursor(before)
	if err != nil {
		return nil, "", err
	}
	entries, next, err := paging.Entries(ctx, a.engine, journal.TermVendor(vendor), func(e *journal.Entry) bool {
		return e.Vendor == vendor && match(e)
	}, from, paging.Size(limit))
	if err != nil {
		return nil, "", err
	}
	orders, err := a.OrdersOf(ctx, entries)
	if err != nil {
		return nil, "", err
	}
	page = make([]OrderView, 0, len(orders))
	for _, order := range orders {
		view, err := a.view(ctx, order)
		if err != nil {
			return nil, "", err
		}
		page = append(page, view)
	}
	return page, next, nil
}

// OrdersOf returns the orders that entries are about. They are asked for side by
// side, so that the engine looks at all of them in one batch.
func (a *Selling) OrdersOf(ctx context.Context, entries []*journal.Entry) ([]*core.Order, error) {
	orders, failures := make([]*core.Order, len(entries)), make([]error, len(entries))
	var all sync.WaitGroup
	for i, e := range entries { // a page of them, so not too many
		all.Go(func() { orders[i], failures[i] = a.engine.Order(ctx, e.Order) })
	}
	all.Wait()
	for _, err := range failures {
		if err != nil {
			return nil, err
		}
	}
	return orders, nil
}

// submit has the engine do what a vendor's server asked for.
func (a *Selling) submit(ctx context.Context, command core.Command) (OrderView, bool, error) {
	out, err := a.engine.Do(ctx, command)
	if err != nil {
		return OrderView{}, false, err
	}
	return a.answer(ctx, out)
}

// answer shows an order as it stood when the outcome was new: a repetition gets
// the first answer, whatever has happened to the order since.
func (a *Selling) answer(ctx context.Context, out core.Outcome) (OrderView, bool, error) {
	order := out.Order
	if out.Replayed && (order == nil || order.Seq != out.Entry.Seq) {
		var err error
		if order, err = a.asOf(ctx, out.Entry); err != nil {
			return OrderView{}, false, err
		}
	}
	view, err := a.viewAt(ctx, order, out.Entry.At)
	if err != nil { // it was done all the same
		return view, false, token.Refuse(token.Unavailable, "commit_unknown.answer").Because(err)
	}
	if out.Entry.Kind == journal.Covered {
		view.CoveredBy = out.Entry.By
	}
	return view, out.Replayed, nil
}

// maxFold bounds the entries that are read to show an order as it once was.
const maxFold = 10_000

// asOf returns the order as it stood after one of its entries.
func (a *Selling) asOf(ctx context.Context, entry *journal.Entry) (*core.Order, error) {
	state := core.NewState()
	if begins(entry) {
		state.ApplyOrder(entry)
		return state.Orders[entry.Order], nil
	}
	entries, err := a.engine.Find(ctx, journal.TermOrder(entry.Order), func(e *journal.Entry) bool {
		return e.Order == entry.Order
	}, entry.Seq+1, maxFold)
	if err != nil {
		return nil, err
	}
	viewed := func(most int) ([]*journal.Entry, error) {
		return a.engine.Find(ctx, journal.TermViews(entry.Order), func(e *journal.Entry) bool { return e.Order == entry.Order }, entry.Seq+1, most)
	}
	views, err := viewed(1)
	if err == nil && len(views) == 1 && !views[0].TellsFirst() {
		views, err = viewed(maxFold)
	}
	if err != nil {
		return nil, err
	}
	entries = append(entries, views...)
	slices.SortFunc(entries, func(a, b *journal.Entry) int { return cmp.Compare(a.Seq, b.Seq) })
	for _, e := range entries {
		state.ApplyOrder(e)
	}
	if order := state.Orders[entry.Order]; order != nil {
		return order, nil
	}
	return a.engine.Order(ctx, entry.Order) // refunded in so many parts that its beginning is too far back
}

// replayOr answers a request that cannot be done as things stand now: with the first
// answer where the same request was done before, else with why not.
func (a *Selling) replayOr(ctx context.Context, key journal.Key, refusal error) (OrderView, bool, error) {
	entries, err := a.engine.Find(ctx, journal.TermKey(key.Name()), func(e *journal.Entry) bool {
		return e.Key.Name() == key.Name()
	}, 0, 1)
	if err != nil || len(entries) == 0 {
		return OrderView{}, false, refusal
	}
	if entries[0].Key.Digest != key.Digest {
		return OrderView{}, false, token.Refuse(token.Unprocessable, "idempotency_key_reused.request")
	}
	return a.answer(ctx, core.Outcome{Entry: entries[0], Replayed: true})
}

// view shows an order as it stands.
func (a *Selling) view(ctx context.Context, o *core.Order) (OrderView, error) {
	return a.viewAt(ctx, o, a.clock.Now().UnixMilli())
}

func (a *Selling) viewAt(ctx context.Context, o *core.Order, now int64) (OrderView, error) {
	entitled := o
	if o.Status == core.Covers {
		var err error
		if entitled, err = a.engine.Order(ctx, o.By); err != nil {
			return OrderView{}, err
		}
	}
	return a.viewOf(ctx, o, entitled, now)
}

// viewOf shows an order, with the purchase that gives the entitlement: itself, or
// the one that covers it.
func (a *Selling) viewOf(ctx context.Context, o, entitled *core.Order, now int64) (OrderView, error) {
	v := OrderView{
		ID: o.ID, Vendor: o.Vendor, Status: StatusAt(o, now), Price: o.Price, Currency: o.Currency, Item: o.Item,
		Offer: o.Offer, Split: o.Rule.Split, SplitVersion: o.Rule.Version, Post: o.Post, Tracking: o.Tracking, Login: o.Login,
		ReturnURL: o.ReturnURL, CancelURL: o.CancelURL, Test: o.Test, Manual: o.Manual, HoldHours: o.HoldHours,
		CreatedAt: token.TimeAt(o.OpenedAt), ExpiresAt: token.TimeAt(o.ExpiresAt), PaidAt: token.TimeAt(o.PaidAt), CoveredBy: o.By,
	}
	if o.ExpiresAt != 0 {
		v.PayURL = a.PayURL(o.ID)
	}
	if o.Item.Title == "" && !o.Offer.IsZero() {
		offer, err := a.offering.OfferVersion(ctx, o.Offer, o.OfferVer)
		if err != nil {
			return v, err
		}
		v.Item = offer.Item
	}
	if o.Status == core.Open {
		return v, nil
	}
	var err error
	if v.Reader, err = a.deriver.Pseudonym(o.Vendor, o.User); err != nil {
		return v, err
	}
	v.Authorisation = authorisation(o.ID)
	charged(&v, o)
	entitlement := entitlementAt(entitled, now)
	v.Entitlement = &entitlement
	return v, nil
}

// charged fills in what was charged and who keeps how much of it.
func charged(v *OrderView, o *core.Order) {
	if o.Status == core.OnHold {
		v.HoldUntil = token.TimeAt(o.Sale.Until)
	}
	if o.Status == core.Freed || o.Status == core.Covers {
		return
	}
	v.Charged, v.Refunded = o.Sale.Price, o.Refunded
	v.Net, v.Fee = o.Sale.Net-o.Back.Net, o.Sale.Fee-o.Back.Fee
	for i, line := range o.Sale.Lines {
		if i < len(o.Back.Lines) {
			line.Amount -= o.Back.Lines[i].Amount
		}
		v.Royalties = append(v.Royalties, RoyaltyLine{Payee: line.Payee, Amount: line.Amount})
	}
}

func StatusAt(o *core.Order, now int64) string {
	if o.Status == core.Open && o.ExpiresAt != 0 && now >= o.ExpiresAt {
		return "expired"
	}
	return o.Status.String()
}

func (a *Selling) PayURL(id token.OrderID) string { return a.baseURL + "/pay/" + id.String() }

// refusedOrder notes that a vendor's server asked for an order that is another's, or
// of the other mode, and returns the refusal.
func (a *Selling) refusedOrder(ctx context.Context, s caller.Seller, order *core.Order, refusal error) error {
	switch {
	case order == nil:
	case order.Vendor != s.Vendor:
		a.activity.Record(ctx, activity.Event{Code: token.CodeNotFound, Vendor: s.Vendor, Detail: "a key of yours asked for an order of another shop"})
		a.activity.Record(ctx, activity.Event{Code: token.CodeNotFound, Vendor: order.Vendor, Order: order.ID, Detail: "another shop asked for this order of yours, and was told nothing"})
	case order.Test != s.Test:
		a.activity.Record(ctx, activity.Event{Code: token.CodeModeMismatch, Vendor: s.Vendor, Order: order.ID, Detail: "a key asked for an order of the other mode: test keys act in the sandbox only, live keys never there"})
	}
	return refusal
}

// authorisation is the provider's authorising answer to a paid order: a short code
// that a vendor's staff can read out.
func authorisation(order token.OrderID) string {
	sum := sha256.Sum256(append([]byte("authorisation"), order[:]...))
	return keys.Crockford.EncodeToString(sum[:5])
}
