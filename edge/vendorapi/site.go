package vendorapi

import (
	"context"
	"net/http"
	"time"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/directory"
	"farthing.dev/farthing/token"
)

type sites interface {
	CreateSite(ctx context.Context, s caller.Seller, url string, key string, digest []byte) (directory.SiteView, bool, error)
	ProveSite(ctx context.Context, s caller.Seller, id token.SiteID) (directory.SiteView, error)
	Sites(ctx context.Context, s caller.Seller, before string, limit int) ([]directory.SiteView, string, error)
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
	Proof     string       `json:"proof" doc:"The line that shows the site to be yours, in the file at proof_url"`
	ProofURL  string       `json:"proof_url" doc:"Where we look for it"`
	ProvedAt  time.Time    `json:"proved_at,omitzero" doc:"When we found it; live orders lead to this site from then on"`
}

func siteOf(s directory.SiteView) site {
	return site{
		ID: s.ID, URL: s.URL(), Origin: s.Origin, CreatedAt: moment(s.CreatedAt),
		Proof: s.Proof, ProofURL: s.ProofURL, ProvedAt: moment(s.ProvedAt),
	}
}

func (a *api) addSites() {
	route(a, operation{
		method: http.MethodPost, path: "/v1/sites", id: "createSite", tag: "Sites", status: http.StatusCreated,
		summary: "Register a site", explain: "Browsers are only ever sent back to addresses that lie in one of your sites. Live orders need a site that was proved to be yours.",
		refuses: []token.Code{token.CodeURLNotAllowed, token.CodeTaken},
	}, func(ctx context.Context, c *call, in *newSite) (answer[site], error) {
		made, replayed, err := a.app.CreateSite(ctx, c.seller, in.URL, c.key, c.digest)
		return answer[site]{body: siteOf(made), replayed: replayed}, err
	})
	route(a, operation{
		method: http.MethodPost, path: "/v1/sites/{id}/prove", id: "proveSite", tag: "Sites", keyless: true, summary: "Prove that a site is yours",
		explain: "Looks for the site's proof, as a line of the file at proof_url. Once found it counts for good. No idempotency key is needed.",
		refuses: []token.Code{token.CodeNotFound, token.CodeSiteUnproved},
	}, func(ctx context.Context, c *call, _ *none) (answer[site], error) {
		id, err := pathID[token.SiteKind](c)
		if err != nil {
			return answer[site]{}, err
		}
		proved, err := a.app.ProveSite(ctx, c.seller, id)
		return answer[site]{body: siteOf(proved)}, err
	})
	route(a, operation{
		method: http.MethodGet, path: "/v1/sites", id: "listSites", tag: "Sites", list: true, summary: "List your sites, newest first",
	}, func(ctx context.Context, c *call, _ *none) (answer[list[site]], error) {
		found, next, err := a.app.Sites(ctx, c.seller, c.cursor, c.limit)
		return page(found, next, siteOf), err
	})
}
