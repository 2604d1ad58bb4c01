package newspaper

import (
	"maps"
	"net/http"

	"farthing.dev/farthing/sdk"
)

// cookieName is the cookie with the orders of this browser's articles, by slug.
const cookieName = "gazette_articles"

// maxOrders bounds how many articles the cookie remembers. One that is forgotten
// opens again through the provider, at no charge.
const maxOrders = 24

// Order is what an article asks of the provider.
func Order(a Article, siteURL, split string) sdk.NewOrder {
	address := siteURL + "/articles/" + a.Slug
	return sdk.NewOrder{
		Item:  &sdk.Item{SKU: a.SKU(), Title: a.Title, Description: a.Standfirst, URL: address},
		Price: a.Price, Currency: a.Currency, Split: split, ReturnURL: address, CancelURL: address,
		Tracking: a.Section, Login: "website",
	}
}

// buy creates the order and sends the browser to pay it.
func (s *site) buy(w http.ResponseWriter, r *http.Request) {
	a := s.find(w, r)
	if a == nil {
		return
	}
	split, err := s.split(r.Context(), a.Author)
	if err != nil {
		s.trouble(w, "prepare royalties", err)
		return
	}
	order, err := s.Client.CreateOrder(r.Context(), Order(*a, s.SiteURL, split))
	if err != nil {
		s.trouble(w, "create order", err)
		return
	}
	http.Redirect(w, r, order.PayURL, http.StatusSeeOther)
}

// article shows the whole article to a browser that has bought it, and its
// beginning to every other.
func (s *site) article(w http.ResponseWriter, r *http.Request) {
	a := s.find(w, r)
	if a == nil {
		return
	}
	if ticket := r.FormValue("ticket"); ticket != "" {
		s.comeBack(w, r, a, ticket)
		return
	}
	p := page{Title: a.Title, Article: a}
	if id := s.orders(r)[a.Slug]; id != "" {
		order, err := s.Client.Order(r.Context(), id)
		switch {
		case sdk.Code(err) == sdk.NotFound:
		case err != nil:
			s.trouble(w, "look up order", err)
			return
		case order.Status == "refunded":
			p.Notice = "This article was refunded, so it is closed again."
		default:
			p.Full = order.Item.SKU == a.SKU() && order.Entitlement.Usable
		}
	}
	s.render(w, http.StatusOK, "article.html", p)
}

// comeBack redeems the ticket, remembers the order, and shows the article at its
// own address.
func (s *site) comeBack(w http.ResponseWriter, r *http.Request, a *Article, ticket string) {
	clean := "/articles/" + a.Slug
	redemption, err := s.Client.Redeem(r.Context(), ticket, true)
	switch sdk.Code(err) {
	case sdk.TicketUsed, sdk.TicketExpired, sdk.TicketInvalid:
		// A reload, an old bookmark, or a ticket for somebody else: what this browser
		// has already is what it gets.
		http.Redirect(w, r, clean, http.StatusSeeOther)
		return
	}
	if err != nil {
		s.trouble(w, "redeem ticket", err)
		return
	}
	if redemption.Order.Item.SKU != a.SKU() {
		s.render(w, http.StatusForbidden, "article.html", page{Title: a.Title, Article: a, Notice: "The ticket that came with this address is for another article."})
		return
	}
	id := redemption.Order.ID
	if redemption.Order.CoveredBy != "" {
		id = redemption.Order.CoveredBy
	}
	orders := s.orders(r)
	orders[a.Slug] = id
	if err := s.sealer.SetCookie(w, s.SiteURL, cookieName, orders, s.Now().AddDate(1, 0, 0)); err != nil {
		s.trouble(w, "seal cookie", err)
		return
	}
	http.Redirect(w, r, clean, http.StatusSeeOther)
}

// orders reads the cookie: an order's id for each article in the paper.
func (s *site) orders(r *http.Request) map[string]string {
	all := map[string]string{}
	if err := s.sealer.Cookie(r, cookieName, s.Now(), &all); err != nil || len(all) > maxOrders {
		return map[string]string{}
	}
	maps.DeleteFunc(all, func(slug, _ string) bool { return s.bySlug(slug) == nil })
	return all
}
