package vendorapi

import (
	"context"
	"net/http"
	"time"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/token"
)

type sites interface {
	CreateSite(ctx context.Context, s app.Seller, url string, key string, digest []byte) (catalog.Site, bool, error)
	Sites(ctx context.Context, s app.Seller, before string, limit int) ([]catalog.Site, string, error)
}

type newSite struct {
	URL string `json:"url" minLength:"1" maxLength:"2000" doc:"An origin, with a path where only a part of it is yours; https, or http on localhost" example:"https://example.org"`
}

// site is where a vendor sells, as it travels.
type site struct {
	ID        token.SiteID `json:"id"`
	URL       string       `json:"url"`
	Origin    string       `json:"origin" doc:"The URL without its path"`
	CreatedAt time.Time    `json:"created_at"`
}

func siteOf(s catalog.Site) site {
	return site{ID: s.ID, URL: s.URL(), Origin: s.Origin, CreatedAt: moment(s.CreatedAt)}
}

func (a *api) addSites() {
	route(a, operation{
		method: http.MethodPost, path: "/v1/sites", id: "createSite", tag: "Sites", status: http.StatusCreated,
		summary: "Register a site", explain: "Browsers are only ever sent back to addresses that lie in one of your sites.",
		refuses: []token.Code{token.CodeURLNotAllowed, token.CodeTaken},
	}, func(ctx context.Context, c *call, in *newSite) (answer[site], error) {
		made, replayed, err := a.app.CreateSite(ctx, c.seller, in.URL, c.key, c.digest)
		return answer[site]{body: siteOf(made), replayed: replayed}, err
	})
	route(a, operation{
		method: http.MethodGet, path: "/v1/sites", id: "listSites", tag: "Sites", list: true, summary: "List your sites, newest first",
	}, func(ctx context.Context, c *call, _ *none) (answer[list[site]], error) {
		found, next, err := a.app.Sites(ctx, c.seller, c.cursor, c.limit)
		return page(found, next, siteOf), err
	})
}
