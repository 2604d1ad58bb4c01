package calls

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"farthing.dev/farthing/sdk"
)

const (
	keyCookie = "plain_answers_key"
	keyPrefix = "pa_"
)

// customer is all that the site knows of who calls, and the key itself carries it.
type customer struct {
	Reader string `json:"r"` // the provider's pseudonym, which means nothing elsewhere
	Order  string `json:"o"` // the pack, or the first call
}

// makeKey seals a customer into a key that is good for a year.
func (s *site) makeKey(c customer) (string, error) {
	text, err := s.sealer.Seal("key", c, s.Now().AddDate(1, 0, 0))
	return keyPrefix + text, err
}

// readKey returns the customer whose key the request carries.
func (s *site) readKey(r *http.Request) (customer, bool) {
	var c customer
	text, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "+keyPrefix)
	if !found || len(text) > 1024 {
		return c, false
	}
	return c, s.sealer.Open("key", text, s.Now(), &c) == nil
}

// buy creates the order for a pack or for one call, and sends the browser to pay it.
func (s *site) buy(w http.ResponseWriter, r *http.Request) {
	order := sdk.NewOrder{ReturnURL: s.SiteURL + "/key", CancelURL: s.SiteURL + "/", Login: "counter"}
	switch r.PathValue("what") {
	case "pack":
		order = PackOrder(s.SiteURL)
	case "call":
		offer, err := s.callOffer(r.Context())
		if err != nil {
			s.trouble(w, "make offer", err)
			return
		}
		order.Offer = offer
	default:
		s.message(w, http.StatusNotFound, "There is nothing of that name", "We sell single calls and packs of a hundred.")
		return
	}
	order.Session = sdk.Session(w, r, s.Secret, s.SiteURL)
	made, err := s.Client.CreateOrder(r.Context(), order)
	if err != nil {
		s.trouble(w, "create order", err)
		return
	}
	http.Redirect(w, r, made.PayURL, http.StatusSeeOther)
}

// PackOrder is what a pack asks of the provider.
func PackOrder(siteURL string) sdk.NewOrder {
	return sdk.NewOrder{
		Item: &sdk.Item{
			SKU: "pack-100", Title: "100 calls to Plain Answers", URL: siteURL + "/", Times: packCalls,
			Description: "Sunrise and sunset, IBANs, Roman numerals: any mixture, no end date",
		},
		Price: packPrice, Currency: currency, ReturnURL: siteURL + "/key", CancelURL: siteURL + "/", Login: "counter",
	}
}

// MakeCallOffer makes the offer of one call. The fixed idempotency key has the
// provider answer with the same one however often it is asked.
func MakeCallOffer(ctx context.Context, client *sdk.Client, siteURL string) (sdk.Offer, error) {
	return client.CreateOffer(ctx, sdk.NewOffer{
		Item:  sdk.Item{SKU: "call", Title: "One call to Plain Answers", URL: siteURL + "/", Times: 1, Repeatable: true},
		Price: callPrice, Currency: currency,
	}, sdk.IdempotencyKey("plain-answers-call-"+siteURL))
}

// callOffer returns the offer of one call, and makes it the first time.
func (s *site) callOffer(ctx context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.offer != "" {
		return s.offer, nil
	}
	offer, err := MakeCallOffer(ctx, s.Client, s.SiteURL)
	if err != nil {
		return "", fmt.Errorf("make the offer of a call: %w", err)
	}
	s.offer = offer.ID
	return s.offer, nil
}

// key shows the key. A browser that comes back from paying gets it first, and
// loses the ticket from its address.
func (s *site) key(w http.ResponseWriter, r *http.Request) {
	if ticket := r.FormValue("ticket"); ticket != "" {
		s.comeBack(w, r, ticket)
		return
	}
	p := page{Title: "Your key"}
	if err := s.sealer.Cookie(r, keyCookie, s.Now(), &p.Key); err != nil {
		s.message(w, http.StatusNotFound, "No key here yet", "Buy one call or a pack, and the key comes with it.")
		return
	}
	var c customer
	if s.sealer.Open("key", strings.TrimPrefix(p.Key, keyPrefix), s.Now(), &c) == nil {
		if order, err := s.Client.Order(r.Context(), c.Order); err == nil && order.Entitlement.ViewsLeft != nil {
			p.Left = *order.Entitlement.ViewsLeft
		}
	}
	s.render(w, http.StatusOK, "key.html", p)
}

func (s *site) comeBack(w http.ResponseWriter, r *http.Request, ticket string) {
	redemption, err := s.Client.RedeemAt(r.Context(), sdk.Arrival{Ticket: ticket, Session: sdk.SessionOf(r, s.Secret, s.SiteURL)})
	switch sdk.Code(err) {
	case sdk.TicketUsed, sdk.TicketExpired, sdk.TicketInvalid, sdk.TicketElsewhere: // a reload: the cookie has the key already
		http.Redirect(w, r, "/key", http.StatusSeeOther)
		return
	}
	if err != nil {
		s.trouble(w, "redeem ticket", err)
		return
	}
	id := redemption.Order.ID
	if redemption.Order.CoveredBy != "" {
		id = redemption.Order.CoveredBy
	}
	key, err := s.makeKey(customer{Reader: redemption.Reader, Order: id})
	if err == nil {
		err = s.sealer.SetCookie(w, s.SiteURL, keyCookie, key, s.Now().Add(365*24*time.Hour))
	}
	if err != nil {
		s.trouble(w, "seal key", err)
		return
	}
	http.Redirect(w, r, "/key", http.StatusSeeOther)
}
