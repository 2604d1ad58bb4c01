package newspaper

import (
	"net/http"
	"time"

	"farthing.dev/farthing/examples/shop"
	"farthing.dev/farthing/sdk"
)

// knownFor is how long a reader who bought something or logged in is known to the paper. Who gave
// it an allowance reads on without a click for so long.
const knownFor = 12 * time.Hour

// Order is what an article asks of the provider. The Paywall adds the address to
// come back to.
func Order(a Article, siteURL, offer string) sdk.NewOrder {
	return sdk.NewOrder{Offer: offer, CancelURL: siteURL + "/articles/" + a.Slug, Tracking: a.Section, Login: "website"}
}

// paywall returns what stands before the articles.
func (s *site) paywall() *sdk.Paywall {
	return &sdk.Paywall{
		Client: s.Client, Secret: s.Secret, Site: s.SiteURL, Now: s.Now,
		Sell: s.sell, Teaser: s.teaser, ZeroClick: knownFor,
		Failed: func(w http.ResponseWriter, r *http.Request, err error) { s.trouble(w, r, "sell article", err) },
	}
}

// gate returns the way to an article: its beginning for everybody, the whole for
// who has bought it.
func (s *site) gate() http.Handler {
	protected := s.wall.Protect(http.HandlerFunc(s.article))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.bySlug(r.PathValue("slug")) == nil {
			s.missing(w, r)
			return
		}
		if err := s.prepare(r); err != nil {
			s.trouble(w, r, "prepare offers", err)
			return
		}
		shop.AllowInlineStyle(w)
		protected.ServeHTTP(w, r)
	})
}

// prepare makes sure, before the first sale, that the provider knows what is sold and
// who earns. To show a teaser to a stranger nothing of that is needed.
func (s *site) prepare(r *http.Request) error {
	if r.Method != http.MethodPost && len(r.Cookies()) == 0 && !r.URL.Query().Has("ticket") {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.offers != nil {
		return nil
	}
	offers, err := Prepare(r.Context(), s.Client, s.articles, s.SiteURL)
	if err == nil {
		s.offers = offers
	}
	return err
}

// sell says what a request opens, and for how much.
func (s *site) sell(r *http.Request) (sdk.NewOrder, bool) {
	a := s.bySlug(r.PathValue("slug"))
	s.mu.Lock()
	defer s.mu.Unlock()
	order := Order(*a, s.SiteURL, s.offers[a.Slug])
	order.Item, order.Price, order.Currency = &sdk.Item{SKU: a.SKU(), Title: a.Title}, a.Price, a.Currency
	return order, true
}

// teaser shows the beginning of an article, and the button.
func (s *site) teaser(w http.ResponseWriter, r *http.Request, _ sdk.NewOrder) {
	a := s.bySlug(r.PathValue("slug"))
	s.render(w, r, http.StatusOK, "article.html", page{Title: a.Title, Article: a})
}

// article shows the whole of it, and what was charged for it just now.
func (s *site) article(w http.ResponseWriter, r *http.Request) {
	a, charged := s.bySlug(r.PathValue("slug")), ""
	if access, _ := sdk.AccessOf(r.Context()); access.Charged != "" {
		charged = access.Charged + " " + access.Currency
	}
	s.render(w, r, http.StatusOK, "article.html", page{Title: a.Title, Article: a, Full: true, Charged: charged})
}
