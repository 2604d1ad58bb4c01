package grant

import (
	"slices"

	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/token"
)

// The bounds of what clients register.
const (
	MaxClients = 10  // of one vendor
	MaxURIs    = 10  // of one kind, of one client
	MaxURI     = 500 // characters: a login with all its parameters must fit into one address
)

// Client is a vendor's site at which readers log in with their wallet: an OAuth 2.0
// client. A public one has no secret and proves itself by PKCE alone.
type Client struct {
	ID          token.ClientID
	Vendor      token.VendorID
	Name        string
	Secret      Hash     // zero for a public client
	Redirects   []string // where codes may be sent, compared character by character
	AfterLogout []string // where the browser may be sent after a logout, compared likewise
	Backchannel string   // where logout tokens are sent; "" for nowhere
	CreatedAt   int64    // milliseconds since 1970
}

// Public reports whether the client has no secret.
func (c Client) Public() bool { return c.Secret.IsZero() }

// Addresses returns all addresses that the client names. Each must lie in a site of the
// vendor's: whoever could register a foreign one would be sent other vendors' readers.
func (c Client) Addresses() []string {
	all := slices.Concat(c.Redirects, c.AfterLogout)
	if c.Backchannel != "" {
		all = append(all, c.Backchannel)
	}
	return all
}

// Check refuses a client without a name or a redirect URI, and one with too many or too
// long addresses.
func (c Client) Check() error {
	if err := catalog.CheckName("site_name", c.Name); err != nil {
		return err
	}
	if len(c.Redirects) == 0 {
		return token.Refuse(token.Unprocessable, "field_invalid.no_redirect")
	}
	if len(c.Redirects) > MaxURIs || len(c.AfterLogout) > MaxURIs {
		return token.Refuse(token.Unprocessable, "field_invalid.client_uris", token.Number("most", MaxURIs), token.Number("got", int64(max(len(c.Redirects), len(c.AfterLogout)))))
	}
	for _, uri := range c.Addresses() {
		if len(uri) > MaxURI {
			return token.Refuse(token.Unprocessable, "field_invalid.client_uri_long", token.Number("most", MaxURI), token.Number("got", int64(len(uri))))
		}
	}
	return nil
}
