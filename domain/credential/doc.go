// Package credential is how people show who they are, beside the password: passkeys,
// an authenticator with recovery codes, and logins that are under way.
package credential
