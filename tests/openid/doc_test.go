// Package openid logs readers in at vendors' sites with clients that nobody here wrote:
// coreos/go-oidc with golang.org/x/oauth2 in Go, and openid-client in Node.
package openid
