// Package wallet is what readers see: the front page, logging in, the wallet with
// its purchases and limits, and the pages on which an order is paid.
//
// An order is paid at /pay/{order}. The vendor's server made the order and the
// browser brings nothing but its id, so there is no price or content in the browser
// to tamper with. The form carries the price that was shown, only so that the
// application can refuse to charge another one.
package wallet
