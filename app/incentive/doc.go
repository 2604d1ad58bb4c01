// Package incentive gives readers tokens at a vendor's expense, or at the provider's: campaigns,
// grants out of them, what they may come to, and their end.
package incentive
