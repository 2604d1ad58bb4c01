package sdk

import "context"

// Site is an origin ("https://example.org") at which you sell. Return, cancel and
// item URLs must lie on one of your sites.
type Site struct {
	ID     string `json:"id"`
	Origin string `json:"origin"`
}

// CreateSite registers a site.
func (c *Client) CreateSite(ctx context.Context, origin string, options ...Option) (Site, error) {
	var made Site
	_, err := c.post(ctx, "/v1/sites", struct {
		Origin string `json:"origin"`
	}{origin}, &made, options)
	return made, err
}

// Sites returns a page of your sites.
func (c *Client) Sites(ctx context.Context, page Page) (List[Site], error) {
	var list List[Site]
	err := c.get(ctx, "/v1/sites"+page.query(), &list)
	return list, err
}
