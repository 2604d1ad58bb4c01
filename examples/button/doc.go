// Package button is the smallest example vendor: one static page with a
// <farthing-button>, a plain form and a link, and one handler that redeems the ticket.
//
// The page names an offer and nothing else. Price, title and the address at which the
// essay is served stand at the provider, so nothing on the page can be bent. The shop
// keeps nothing either: whoever has bought the essay presses the button again, and is
// let in without a charge.
package button
