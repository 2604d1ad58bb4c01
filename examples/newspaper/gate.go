package newspaper

import (
	"net/http"

	"farthing.dev/farthing/examples/shop"
	"farthing.dev/farthing/sdk"
)

// Order is what an article asks of the provider. The Paywall adds the address to
// come back to.
func Order(a Article, siteURL, split string) sdk.NewOrder {
	address := siteURL + "/articles/" + a.Slug
	return sdk.NewOrder{
		Item:  &sdk.Item{SKU: a.SKU(), Title: a.Title, Description: a.Standfirst, URL: address},
		Price: a.Price, Currency: a.Currency, Split: split, CancelURL: address,
		Tracking: a.Section, Login: "website",
	}
}

// gate returns the way to an article: its beginning for everybody, the whole for
// who has bought it.
func (s *site) gate() http.Handler {
	wall := &sdk.Paywall{
		Client: s.Client, Secret: s.Secret, Site: s.SiteURL, Now: s.Now,
		Sell: s.sell, Teaser: s.teaser,
		Failed: func(w http.ResponseWriter, _ *http.Request, err error) { s.trouble(w, "sell article", err) },
	}
	protected := wall.Protect(http.HandlerFunc(s.article))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.bySlug(r.PathValue("slug")) == nil {
			s.missing(w)
			return
		}
		if err := s.prepare(r); err != nil {
			s.trouble(w, "prepare royalties", err)
			return
		}
		shop.AllowInlineStyle(w)
		protected.ServeHTTP(w, r)
	})
}

// prepare makes sure, before the first sale, that the provider knows who earns. To
// show a teaser nothing of that is needed.
func (s *site) prepare(r *http.Request) error {
	if r.Method != http.MethodPost {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.splits != nil {
		return nil
	}
	splits, err := Prepare(r.Context(), s.Client, s.articles)
	if err == nil {
		s.splits = splits
	}
	return err
}

// sell says what a request opens, and for how much.
func (s *site) sell(r *http.Request) (sdk.NewOrder, bool) {
	a := s.bySlug(r.PathValue("slug"))
	s.mu.Lock()
	defer s.mu.Unlock()
	return Order(*a, s.SiteURL, s.splits[a.Author]), true
}

// teaser shows the beginning of an article, and the button.
func (s *site) teaser(w http.ResponseWriter, r *http.Request, _ sdk.NewOrder) {
	a := s.bySlug(r.PathValue("slug"))
	s.render(w, http.StatusOK, "article.html", page{Title: a.Title, Article: a})
}

// article shows the whole of it.
func (s *site) article(w http.ResponseWriter, r *http.Request) {
	a := s.bySlug(r.PathValue("slug"))
	s.render(w, http.StatusOK, "article.html", page{Title: a.Title, Article: a, Full: true})
}
