package web

import "farthing.dev/farthing/token"

// Happened says in a few words what a code of the security log stands for. The line's
// own detail says more.
func Happened(code token.Code) string {
	switch code {
	case token.CodeLoginInvalid:
		return "Login refused"
	case token.CodeLoggedIn:
		return "Login"
	case token.CodeSignedUp:
		return "Wallet opened"
	case token.CodeLoginChanged:
		return "Login changed"
	case token.CodePasskeyCopied:
		return "Passkey may be copied"
	case token.CodeThrottled:
		return "Too many tries"
	case "deposit_made":
		return "Money added by the provider"
	case "reader_looked_at":
		return "Looked at by the provider"
	case token.CodeWindowClosed:
		return "Purchase outside the window"
	case token.CodeTicketInvalid:
		return "Ticket refused"
	case token.CodeTicketExpired:
		return "Ticket too old"
	case token.CodeTicketUsed:
		return "Ticket used twice"
	case token.CodeTicketElsewhere:
		return "Ticket used elsewhere"
	case token.CodeURLNotAllowed:
		return "Address refused"
	case token.CodeURLNotPublic:
		return "Address not on the public internet"
	case token.CodeSiteUnproved:
		return "Site not verified"
	case token.CodeSiteProved:
		return "Site verified"
	case token.CodeQuoteChanged:
		return "Price not the one shown"
	case token.CodeKeyRevoked:
		return "Revoked key used"
	case token.CodeOrderState:
		return "Order of somebody else"
	case token.CodeModeMismatch:
		return "Test and live mixed up"
	case token.CodeNotFound:
		return "Asked for what belongs to others"
	case token.CodeFormInvalid, token.CodeFormStale:
		return "Purchase confirmed on an old page"
	case token.CodeGrantInvalid:
		return "Login at a site refused"
	case token.CodeClientUnknown:
		return "Wrong client secret"
	case token.CodeLogoutUntold:
		return "Logout not told to your site"
	case "signed_out":
		return "Logged out from elsewhere"
	case "password_changed":
		return "New password"
	case "purchase_window_changed":
		return "Time to buy changed"
	case token.CodeForbidden:
		return "Not permitted"
	}
	return "Security notice"
}
