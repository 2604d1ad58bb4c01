// Package grant is how a reader's login at the provider reaches a vendor's site by
// OpenID Connect. A vendor registers a client for its site. Each time a reader logs in
// there, a grant is made: first it is a code, which the site's server changes once into
// tokens; the tokens belong to the grant and die with it. A grant ends with the
// session at the provider that it came from, when the site gives a token back, or
// when a code or refresh token is presented that was used before, because then
// somebody has a copy.
//
// Codes, tokens and secrets are stored as hashes only.
package grant
