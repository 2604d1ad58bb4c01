package music

import (
	"crypto/rand"
	"fmt"
	"maps"
	"net/http"
	"time"

	"farthing.dev/farthing/sdk"
)

// cookieName is the cookie with the orders of this browser's rentals, by slug.
const cookieName = "low_tide_rentals"

// rental is how far a rented track has been played.
type rental struct {
	Order  string
	Left   int
	Ends   time.Time // zero before the first play
	Usable bool
}

// shelf shows all tracks.
func (s *site) shelf(w http.ResponseWriter, _ *http.Request) {
	s.render(w, http.StatusOK, "shelf.html", page{Title: "Low Tide Records", Tracks: s.tracks})
}

// rent creates the order and sends the browser to pay it.
func (s *site) rent(w http.ResponseWriter, r *http.Request) {
	t := s.find(w, r)
	if t == nil {
		return
	}
	rental := t.order(s.SiteURL)
	rental.Session = sdk.Session(w, r, s.Secret, s.SiteURL)
	order, err := s.Client.CreateOrder(r.Context(), rental)
	if err != nil {
		s.trouble(w, "create order", err)
		return
	}
	http.Redirect(w, r, order.PayURL, http.StatusSeeOther)
}

// order is what a rental of the track asks of the provider.
func (t *track) order(siteURL string) sdk.NewOrder {
	address := siteURL + "/tracks/" + t.Slug
	return sdk.NewOrder{
		Item: &sdk.Item{
			SKU: t.sku(), Title: t.Title + ", rental", URL: address, Times: plays, Hours: hours,
			Description: fmt.Sprintf("%d plays within %d hours of the first", plays, hours),
		},
		Price: price, Currency: currency, ReturnURL: address, CancelURL: address,
		Tracking: t.Number, Login: "shop",
	}
}

// Orders returns what the site asks of the provider for a rental of each track.
func Orders(siteURL string) []sdk.NewOrder {
	var orders []sdk.NewOrder
	for _, t := range catalogue() {
		orders = append(orders, t.order(siteURL))
	}
	return orders
}

// track shows one track, and takes in a browser that comes back from paying.
func (s *site) track(w http.ResponseWriter, r *http.Request) {
	t := s.find(w, r)
	if t == nil {
		return
	}
	if ticket := r.FormValue("ticket"); ticket != "" {
		s.comeBack(w, r, t, ticket)
		return
	}
	p := page{Title: t.Title, Track: t, Nonce: rand.Text()}
	if id := s.rentals(r)[t.Slug]; id != "" {
		order, err := s.Client.Order(r.Context(), id)
		if err != nil && sdk.Code(err) != sdk.NotFound {
			s.trouble(w, "look up order", err)
			return
		}
		if err == nil {
			p.Rental = rentalOf(order)
		}
	}
	s.render(w, http.StatusOK, "track.html", p)
}

func rentalOf(order sdk.Order) *rental {
	r := &rental{Order: order.ID, Ends: order.Entitlement.EndsAt, Usable: order.Entitlement.Usable}
	if order.Entitlement.ViewsLeft != nil {
		r.Left = *order.Entitlement.ViewsLeft
	}
	return r
}

// comeBack redeems the ticket, remembers the rental, and shows the page without the
// ticket in its address.
func (s *site) comeBack(w http.ResponseWriter, r *http.Request, t *track, ticket string) {
	clean := "/tracks/" + t.Slug
	redemption, err := s.Client.RedeemAt(r.Context(), sdk.Arrival{
		Ticket: ticket, URL: t.order(s.SiteURL).ReturnURL, Session: sdk.SessionOf(r, s.Secret, s.SiteURL),
	})
	switch sdk.Code(err) {
	case sdk.TicketUsed, sdk.TicketExpired, sdk.TicketInvalid, sdk.TicketElsewhere:
		// A reload, an old bookmark, or a ticket for somebody else: what this browser
		// has already is what it gets.
		http.Redirect(w, r, clean, http.StatusSeeOther)
		return
	}
	if err != nil {
		s.trouble(w, "redeem ticket", err)
		return
	}
	if redemption.Order.Item.SKU != t.sku() {
		s.message(w, http.StatusForbidden, "That was for something else", "The ticket that came with this address is for another track.", t)
		return
	}
	id := redemption.Order.ID
	if redemption.Order.CoveredBy != "" {
		id = redemption.Order.CoveredBy
	}
	rentals := s.rentals(r)
	rentals[t.Slug] = id
	if err := s.sealer.SetCookie(w, s.SiteURL, cookieName, rentals, s.Now().AddDate(0, 1, 0)); err != nil {
		s.trouble(w, "seal cookie", err)
		return
	}
	http.Redirect(w, r, clean, http.StatusSeeOther)
}

// rentals reads the cookie: an order's id for each slug. It keeps only slugs that
// exist, so it cannot grow.
func (s *site) rentals(r *http.Request) map[string]string {
	all := map[string]string{}
	if err := s.sealer.Cookie(r, cookieName, s.Now(), &all); err != nil {
		return map[string]string{}
	}
	maps.DeleteFunc(all, func(slug, _ string) bool {
		for _, t := range s.tracks {
			if t.Slug == slug {
				return false
			}
		}
		return true
	})
	return all
}
