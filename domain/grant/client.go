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

// Check refuses a client without a name or a redirect URI, and one whose addresses lie
// outside the vendor's sites: whoever could register a foreign address would be sent
// other vendors' readers.
func (c Client) Check(sites []catalog.Site) error {
	if err := catalog.CheckName("the name of a site", c.Name); err != nil {
		return err
	}
	if len(c.Redirects) == 0 {
		return token.New(token.Unprocessable, token.CodeFieldInvalid, "name at least one redirect URI")
	}
	all := slices.Concat(c.Redirects, c.AfterLogout)
	if len(c.Redirects) > MaxURIs || len(c.AfterLogout) > MaxURIs {
		return token.Newf(token.Unprocessable, token.CodeFieldInvalid, "a site has at most %d addresses of one kind", MaxURIs)
	}
	if c.Backchannel != "" {
		all = append(all, c.Backchannel)
	}
	for _, uri := range all {
		if err := checkURI(uri, sites); err != nil {
			return err
		}
	}
	return nil
}

func checkURI(uri string, sites []catalog.Site) error {
	if len(uri) > MaxURI {
		return token.Newf(token.Unprocessable, token.CodeFieldInvalid, "an address has at most %d characters here", MaxURI)
	}
	address, err := catalog.ParseAddress(uri)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(sites, func(s catalog.Site) bool { return s.Contains(address) }) {
		return token.Newf(token.Unprocessable, token.CodeURLNotAllowed, "%s lies in none of your registered sites; register the site first", uri)
	}
	return nil
}
