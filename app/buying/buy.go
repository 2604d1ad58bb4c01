package buying

import (
	"context"
	"strconv"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/selling"
	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// formLogin stands as the login of orders that a browser's form made.
const formLogin = "form"

// OfferCheckout shows an offer, to the person who came to buy it from a plain form or
// link on the vendor's page, as the order that it would become. Everything but the
// tracking stands at the provider, and nothing is written: an order is made when the
// person confirms, by Buy.
func (a *Buying) OfferCheckout(ctx context.Context, in BuyInput, v *caller.Viewer) (Checkout, error) {
	order, err := a.planned(ctx, in)
	if err != nil {
		return Checkout{}, err
	}
	c, err := a.checkout(ctx, order, v)
	c.Order, c.Buy, c.ExpiresAt = token.OrderID{}, in, token.TimeAt(0)
	c.Buy.Version = order.OfferVer
	if order.Item.Repeatable {
		c.WithoutAsking = false // coming twice by mistake must not charge twice
	}
	if err == nil && v != nil {
		c.Form, err = a.form(v, &c)
	}
	return c, err
}

// planned is the order that buying an offer would make now.
func (a *Buying) planned(ctx context.Context, in BuyInput) (*core.Order, error) {
	offer, err := a.offering.OfferVersion(ctx, in.Offer, 0)
	if err != nil {
		return nil, caller.Foreign(err, "not_found.offer")
	}
	opened, err := a.selling.Draft(ctx, caller.Seller{Vendor: offer.Vendor, Login: formLogin}, selling.OrderInput{
		Offer: in.Offer, Tracking: in.Tracking, Session: in.Session, CancelURL: offer.Item.URL,
	})
	if err != nil {
		return nil, err
	}
	return &core.Order{
		ID: token.NewID[token.OrderKind](a.ids), Vendor: offer.Vendor, Status: core.Open,
		Opened: opened, OpenedAt: a.clock.Now().UnixMilli(),
	}, nil
}

// Buy makes an order of an offer for the viewer who confirmed it, and pays it. It
// returns where the browser goes then: to the offer's address at the vendor, with a
// ticket. What cannot be paid makes no order, nor does another version of the offer than the
// one that the checkout was made of, whose Buy is to be passed here. once is new for each page that asks, so
// that a form sent twice buys once.
func (a *Buying) Buy(ctx context.Context, v caller.Viewer, in BuyInput, quoted token.Amount, method journal.ConsentMethod, once string) (returnURL string, err error) {
	if method != journal.ByClick && method != journal.ByApproval {
		return "", token.Refuse(token.Malformed, "malformed.by_person")
	}
	if once == "" || len(once) > 100 {
		return "", token.Refuse(token.Malformed, "malformed.form_changed")
	}
	if err := a.buys.Take(v.User.String(), a.clock.Now()); err != nil {
		return "", err
	}
	order, err := a.planned(ctx, in)
	if err != nil {
		return "", err
	}
	request := in.Offer.String() + " " + quoted.Decimal(6) + " " + strconv.Quote(in.Tracking) + in.Session
	key := journal.NewKey(v.Account, "buy "+v.User.String(), once, []byte(request))
	known, err := a.boughtBy(ctx, key)
	if err != nil {
		return "", err
	}
	if known == nil {
		if in.Version != 0 && in.Version != order.OfferVer {
			return "", token.Refuse(token.Conflict, "form_stale.shop_changed")
		}
		if known, err = a.openFor(ctx, buyerOf(&v, method), order, quoted, key); err != nil {
			return "", a.refusedPayment(ctx, order, buyerOf(&v, method), quoted, err)
		}
	}
	return a.pay(ctx, known, buyerOf(&v, method), quoted)
}

// boughtBy returns the order that a page made when its form was sent before, or nil.
func (a *Buying) boughtBy(ctx context.Context, key journal.Key) (*core.Order, error) {
	entries, err := a.engine.Find(ctx, journal.TermKey(key.Name()), func(e *journal.Entry) bool {
		return e.Key.Name() == key.Name()
	}, 0, 1)
	if err != nil || len(entries) == 0 {
		return nil, err
	}
	if entries[0].Key.Digest != key.Digest {
		return nil, token.Refuse(token.Conflict, "quote_changed.form")
	}
	return a.engine.Order(ctx, entries[0].Order)
}

// openFor makes the order, where who buys could pay it as things stand.
func (a *Buying) openFor(ctx context.Context, who buyer, order *core.Order, quoted token.Amount, key journal.Key) (*core.Order, error) {
	if quoted != order.Price {
		return nil, token.Refuse(token.Conflict, "quote_changed.not_confirmed")
	}
	var c Checkout
	if err := a.tryToPay(ctx, order, who, a.clock.Now().UnixMilli(), &c); err != nil {
		return nil, err
	}
	if c.Problem != nil {
		return nil, c.Problem
	}
	out, err := a.engine.Do(ctx, &core.OpenOrder{ID: order.ID, Vendor: order.Vendor, Opened: order.Opened, Key: key})
	if err != nil {
		return nil, err
	}
	return a.engine.Order(ctx, out.Entry.Order)
}

// SellsAt reports whether origin, as browsers write it, is that of a site which the
// offer's vendor registered and showed to be its own.
func (a *Buying) SellsAt(ctx context.Context, id token.OfferID, origin string) (bool, error) {
	offer, err := a.offering.OfferVersion(ctx, id, 0)
	if err != nil {
		return false, caller.Foreign(err, "not_found.offer")
	}
	sites, err := a.directory.SitesOf(ctx, offer.Vendor)
	if err != nil {
		return false, err
	}
	for i := range sites {
		if sites[i].Origin == origin && sites[i].ProvedAt != 0 {
			return true, nil
		}
	}
	return false, nil
}

// Price returns the newest version of an offer as everybody may see it who has its id.
func (a *Buying) Price(ctx context.Context, id token.OfferID) (Price, error) {
	offer, err := a.offering.OfferVersion(ctx, id, 0)
	if err != nil {
		return Price{}, caller.Foreign(err, "not_found.offer")
	}
	return Price{Offer: offer.ID, Title: offer.Item.Title, Amount: offer.Price, Currency: offer.Currency}, nil
}
