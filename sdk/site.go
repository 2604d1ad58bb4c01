package sdk

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Site is a place on the web at which you sell: an origin ("https://example.org"),
// with a path where only a part of it is yours. Browsers are only ever sent back
// to addresses that lie in one of your sites.
type Site struct {
	ID     string `json:"id"`
	URL    string `json:"url"`
	Origin string `json:"origin"` // the URL without its path

	// Live orders lead only to sites that were proved to be yours: by the line Proof in
	// the file at ProofURL, which SiteProof serves.
	Proof    string     `json:"proof"`
	ProofURL string     `json:"proof_url"`
	ProvedAt *time.Time `json:"proved_at,omitempty"` // nil before
}

// CreateSite registers a site.
func (c *Client) CreateSite(ctx context.Context, address string, options ...Option) (Site, error) {
	var made Site
	_, err := c.post(ctx, "/v1/sites", struct {
		URL string `json:"url"`
	}{address}, &made, options)
	return made, err
}

// ProveSite has the provider look for a site's proof, which must be in its place by
// then. A proof once found counts for good.
func (c *Client) ProveSite(ctx context.Context, id string) (Site, error) {
	var proved Site
	body, err := encode(struct{}{})
	if err != nil {
		return proved, err
	}
	return proved, c.do(ctx, &call{method: http.MethodPost, path: "/v1/sites/" + url.PathEscape(id) + "/prove", body: body, into: &proved})
}

// Sites returns a page of your sites.
func (c *Client) Sites(ctx context.Context, page Page) (List[Site], error) {
	var list List[Site]
	err := c.get(ctx, "/v1/sites"+page.query(), &list)
	return list, err
}
