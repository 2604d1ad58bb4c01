package sdk

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Paywall sells what an http.Handler serves.
//
// Whoever has not bought a page is sent to the provider to pay for it, comes back
// with a ticket, and is then known by a cookie of your own site, signed with Secret.
// Each time the page is opened counts as a view at the provider, and is refused
// once views or time are used up. HEAD requests count nothing; Range requests (of a
// player that reads a long file in pieces) count nothing for a quarter of an hour
// after a counted view.
//
// No JavaScript is needed, and nothing that the browser sends decides the price.
type Paywall struct {
	Client *Client
	Secret []byte // signs the cookies; at least 32 random bytes, the same on all your servers
	Site   string // how browsers reach you, as "https://news.example": one of your registered sites

	// Sell says what a request opens, and for how much; false means that it is free.
	// The order needs no URLs: the browser comes back to where it was. With an Offer,
	// Item may say what the offer is of; then a new offer of the same SKU locks nobody out.
	Sell func(*http.Request) (NewOrder, bool)

	// Teaser, where set, answers who has not bought, instead of sending them to the
	// provider at once. Its page has a form that posts to "?farthing=buy".
	Teaser func(http.ResponseWriter, *http.Request, NewOrder)

	// ZeroClick, where set, is for how long after a ticket a reader is known to your
	// whole site, by a cookie. Who gave you an allowance then reads on without a click:
	// what Sell names as an Offer is charged as the page is opened. All others are asked,
	// as without it. AccessOf says what was charged, for the page to tell.
	ZeroClick time.Duration

	// Failed, where set, answers when the provider refuses or cannot be reached.
	Failed func(http.ResponseWriter, *http.Request, error)

	Now func() time.Time // nil means time.Now
}

// viewLasts is how long after a counted view Range requests belong to it.
const viewLasts = 15 * time.Minute

// Access is what a reader has who got through a Paywall.
type Access struct {
	Order       string      // the purchase
	Reader      string      // your pseudonym for the reader
	Entitlement Entitlement // as it stands after this view; zero for requests that count none
	Charged     string      // what opening the page just now charged under the reader's allowance; mostly nothing
	Currency    string      // of what was charged
}

type accessKey struct{}

// AccessOf returns by what right a request got through a Paywall; false for what is free.
func AccessOf(ctx context.Context) (Access, bool) {
	access, ok := ctx.Value(accessKey{}).(Access)
	return access, ok
}

// Protect returns a handler that lets only those through to next who have bought
// what they ask for. It panics where the Paywall is not complete.
func (p *Paywall) Protect(next http.Handler) http.Handler {
	if p.Client == nil || p.Sell == nil || len(p.Secret) < 32 || !strings.Contains(p.Site, "://") {
		panic("sdk: a Paywall needs a Client, a Site, Sell, and a Secret of at least 32 bytes")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sale, sold := p.Sell(r)
		if !sold {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Cache-Control", "private, no-store")
		w.Header().Add("Vary", "Cookie")
		query := r.URL.Query()
		switch {
		case r.Method == http.MethodGet && query.Get("ticket") != "":
			p.comeBack(w, r, sale, query.Get("ticket"))
		case r.Method == http.MethodPost && query.Get("farthing") == "buy":
			p.sendToPay(w, r, sale)
		default:
			p.open(w, r, sale, next)
		}
	})
}

// open serves the page to who has bought it.
func (p *Paywall) open(w http.ResponseWriter, r *http.Request, sale NewOrder, next http.Handler) {
	pass, ok := p.readPass(r, sale)
	access := Access{Order: pass.order, Reader: pass.reader}
	if !ok {
		if access, ok = p.charge(r, sale); !ok {
			p.offer(w, r, sale)
			return
		}
		pass.order, pass.reader = access.Order, access.Reader
	}
	var err error
	switch {
	case r.Method == http.MethodHead:
		access.Entitlement, err = p.peek(r.Context(), pass.order)
	case r.Header.Get("Range") != "" && p.now().Sub(pass.seen) < viewLasts:
	default:
		var viewing Viewing
		viewing, err = p.Client.View(r.Context(), pass.order)
		access.Entitlement = viewing.Entitlement
		pass.seen = p.now()
		if err == nil {
			p.writePass(w, r, sale, pass)
		}
	}
	switch Code(err) {
	case EntitlementUsedUp, EntitlementExpired, EntitlementRevoked:
		p.over(w, r, sale, Code(err))
		return
	case NotFound, OrderState: // of another key or provider than now
		p.offer(w, r, sale)
		return
	}
	if err != nil {
		p.failed(w, r, err)
		return
	}
	next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), accessKey{}, access)))
}

// peek asks whether a view would be allowed, and counts none.
func (p *Paywall) peek(ctx context.Context, id string) (Entitlement, error) {
	order, err := p.Client.Order(ctx, id)
	if err == nil && !order.Entitlement.Usable {
		err = &Problem{Status: http.StatusGone, Code: cmp.Or(order.Entitlement.NotUsable, EntitlementRevoked)}
	}
	return order.Entitlement, err
}

// offer answers who has not bought: by the teaser, or by the way to the provider.
// Programs that only look (HEAD, prefetch) and requests that send something make no order.
func (p *Paywall) offer(w http.ResponseWriter, r *http.Request, sale NewOrder) {
	looking := r.Method != http.MethodGet || strings.Contains(r.Header.Get("Sec-Purpose"), "prefetch")
	switch {
	case looking:
		http.Error(w, "This page is for sale.", http.StatusPaymentRequired)
	case p.Teaser != nil:
		p.Teaser(w, r, sale)
	default:
		p.sendToPay(w, r, sale)
	}
}

// sendToPay makes an order and sends the browser to pay it.
func (p *Paywall) sendToPay(w http.ResponseWriter, r *http.Request, sale NewOrder) {
	if sale.ReturnURL == "" {
		sale.ReturnURL = p.cleanURL(r)
	}
	if sale.Session == "" {
		sale.Session = Session(w, r, p.Secret, p.Site)
	}
	if sale.Offer != "" { // what the offer says counts
		sale.Item, sale.Price, sale.Currency, sale.Split = nil, "", "", ""
	}
	order, err := p.Client.CreateOrder(r.Context(), sale)
	if err != nil {
		p.failed(w, r, err)
		return
	}
	http.Redirect(w, r, order.PayURL, http.StatusSeeOther)
}

// comeBack redeems the ticket that the browser brought, and sends the browser on to
// the same page without it, so that no address with a ticket is kept or shared.
func (p *Paywall) comeBack(w http.ResponseWriter, r *http.Request, sale NewOrder, ticket string) {
	w.Header().Set("Referrer-Policy", "no-referrer")
	redemption, err := p.Client.RedeemAt(r.Context(), Arrival{
		Ticket: ticket, URL: cmp.Or(sale.ReturnURL, p.cleanURL(r)), Session: cmp.Or(sale.Session, SessionOf(r, p.Secret, p.Site)),
	})
	if err == nil && !opens(redemption.Order, sale) {
		p.show(w, r, http.StatusForbidden, "This purchase is of something else", "The ticket in this address does not open this page.")
		return
	}
	if err == nil {
		p.writePass(w, r, sale, pass{order: redemption.Order.ID, reader: redemption.Reader})
		p.RememberReader(w, redemption.Reader)
		http.Redirect(w, r, p.cleanURL(r), http.StatusSeeOther)
		return
	}
	code := Code(err)
	if _, known := p.readPass(r, sale); known && (code == TicketUsed || code == TicketExpired) {
		http.Redirect(w, r, p.cleanURL(r), http.StatusSeeOther) // the address was loaded again
		return
	}
	switch code {
	case TicketUsed, TicketExpired, TicketInvalid:
		p.show(w, r, http.StatusGone, "This link has been used", "Links back from the provider work once, and for two minutes. If you have paid, open the page again: nothing is charged twice.")
	case TicketElsewhere:
		p.show(w, r, http.StatusForbidden, "This link is for another browser", "Links back from the provider open only in the browser that paid. If you have paid, open the page again: nothing is charged twice.")
	case EntitlementUsedUp, EntitlementExpired, EntitlementRevoked:
		p.over(w, r, sale, code)
	default:
		p.failed(w, r, err)
	}
}

// opens reports whether an order is for what is on sale here. Without this check the
// ticket of a cheap page would open a dear one.
func opens(order Order, sale NewOrder) bool {
	if sale.Offer != "" {
		return order.Offer == sale.Offer
	}
	return sale.Item != nil && order.Item.SKU == skuOf(sale)
}

// skuOf names what is on sale, as the provider does.
func skuOf(sale NewOrder) string {
	switch {
	case sale.Item == nil:
		return sale.Offer
	case sale.Item.SKU == "":
		return sale.Item.URL
	}
	return sale.Item.SKU
}

// cleanURL is the address of the page without what paying adds to it. It begins with
// Site, never with what the request says about its host.
func (p *Paywall) cleanURL(r *http.Request) string {
	query := r.URL.Query()
	for _, name := range []string{"order", "ticket", "post", "farthing"} {
		query.Del(name)
	}
	clean := strings.TrimSuffix(p.Site, "/") + (&url.URL{Path: r.URL.Path}).EscapedPath()
	if encoded := query.Encode(); encoded != "" {
		clean += "?" + encoded
	}
	return clean
}

func (p *Paywall) now() time.Time {
	if p.Now != nil {
		return p.Now()
	}
	return time.Now()
}
