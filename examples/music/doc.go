// Package music is an example vendor: Low Tide Records rents its four pieces, which
// the program plays itself (package synth). A rental is three plays within 24 hours of
// the first one.
//
// The way of a rental:
//
//  1. POST /rent/{slug} creates an order at the provider and sends the browser to its pay_url.
//  2. The browser comes back to /tracks/{slug} with a ticket, which is redeemed without
//     counting a play. The order's id goes into a sealed cookie; the label keeps nothing.
//  3. POST /play/{slug} counts one play through /v1/orders/{id}/views. Where one was left, the
//     browser gets a sealed address to stream from for the next minutes.
//  4. GET and HEAD /stream/… serve the samples, whole or by Range, and never count.
//
// The player's form carries a nonce that becomes the idempotency key of the count,
// so pressing play twice or reloading costs one play.
package music
