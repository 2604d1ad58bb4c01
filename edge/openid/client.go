package openid

import (
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"farthing.dev/farthing/domain/grant"
)

// idTokenLife is how long an ID token proves a login. It is checked at once.
const idTokenLife = 5 * time.Minute

// client is a vendor's site as the library sees it.
type client struct{ grant.Client }

var _ op.Client = client{}

// GetID returns the client_id.
func (c client) GetID() string { return c.ID.String() }

// RedirectURIs returns where codes may be sent.
func (c client) RedirectURIs() []string { return c.Redirects }

// PostLogoutRedirectURIs returns where the browser may go after a logout.
func (c client) PostLogoutRedirectURIs() []string { return c.AfterLogout }

// ApplicationType is web: redirect URIs are compared character by character, also those
// on localhost.
func (c client) ApplicationType() op.ApplicationType { return op.ApplicationTypeWeb }

// AuthMethod returns how the client authenticates.
func (c client) AuthMethod() oidc.AuthMethod {
	if c.Public() {
		return oidc.AuthMethodNone
	}
	return oidc.AuthMethodBasic
}

// ResponseTypes returns the one flow that there is.
func (c client) ResponseTypes() []oidc.ResponseType {
	return []oidc.ResponseType{oidc.ResponseTypeCode}
}

// GrantTypes returns what tokens are given for.
func (c client) GrantTypes() []oidc.GrantType {
	return []oidc.GrantType{oidc.GrantTypeCode, oidc.GrantTypeRefreshToken}
}

// LoginURL is not used: Authorize answers by itself.
func (c client) LoginURL(string) string { return "" }

// AccessTokenType says that access tokens are opaque.
func (c client) AccessTokenType() op.AccessTokenType { return op.AccessTokenTypeBearer }

// IDTokenLifetime returns how long an ID token is good.
func (c client) IDTokenLifetime() time.Duration { return idTokenLife }

// DevMode is off.
func (c client) DevMode() bool { return false }

// RestrictAdditionalIdTokenScopes leaves scopes alone.
func (c client) RestrictAdditionalIdTokenScopes() func([]string) []string {
	return func(scopes []string) []string { return scopes }
}

// RestrictAdditionalAccessTokenScopes leaves scopes alone.
func (c client) RestrictAdditionalAccessTokenScopes() func([]string) []string {
	return func(scopes []string) []string { return scopes }
}

// IsScopeAllowed allows no scope of the client's own.
func (c client) IsScopeAllowed(string) bool { return false }

// IDTokenUserinfoClaimsAssertion is off: there are no such claims.
func (c client) IDTokenUserinfoClaimsAssertion() bool { return false }

// ClockSkew is none.
func (c client) ClockSkew() time.Duration { return 0 }
