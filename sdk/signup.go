package sdk

import (
	"net/url"
	"strings"
)

// SignUpURL is where a reader without a wallet opens one, for a link on your page: vendor is
// your id (Me tells it), and back the address of the page at your site that the reader
// comes back to then, which must lie in a site of yours that is verified. The
// provider remembers that you brought the reader; you learn nothing about who it is.
func (c *Client) SignUpURL(vendor, back string) string {
	query := url.Values{"vendor": {vendor}}
	if back != "" {
		query.Set("return", back)
	}
	return strings.TrimSuffix(c.BaseURL, "/") + "/signup?" + query.Encode()
}
