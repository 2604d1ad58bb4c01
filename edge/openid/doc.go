// Package openid lets readers log in at vendors' sites with their wallet: an OpenID
// Connect provider (Core 1.0, Discovery 1.0, RP-Initiated Logout 1.0, Back-Channel
// Logout 1.0) after the best current practice of OAuth 2.0 (RFC 9700).
//
// There is one way in: the authorization code flow with PKCE by S256 (RFC 7636). A site
// learns a pseudonym that is its vendor's own, and nothing else: no name, no address,
// not even how the reader proved who she is. What a site gets is opaque to it, but for the ID
// token, which names the pseudonym.
//
// The protocol's messages are read and checked by zitadel/oidc; what they lead to is
// decided in app.
package openid
