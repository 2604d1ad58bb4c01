package sdk

import "context"

// Site is a place on the web at which you sell: an origin ("https://example.org"),
// with a path where only a part of it is yours. Browsers are only ever sent back
// to addresses that lie in one of your sites.
type Site struct {
	ID     string `json:"id"`
	URL    string `json:"url"`
	Origin string `json:"origin"` // the URL without its path
}

// CreateSite registers a site.
func (c *Client) CreateSite(ctx context.Context, address string, options ...Option) (Site, error) {
	var made Site
	_, err := c.post(ctx, "/v1/sites", struct {
		URL string `json:"url"`
	}{address}, &made, options)
	return made, err
}

// Sites returns a page of your sites.
func (c *Client) Sites(ctx context.Context, page Page) (List[Site], error) {
	var list List[Site]
	err := c.get(ctx, "/v1/sites"+page.query(), &list)
	return list, err
}
