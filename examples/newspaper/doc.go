// Package newspaper is an example vendor: The Harbour Gazette sells its articles one
// by one, for five to twenty-five cents. The front page and the beginning of every
// article are free; the rest stands behind an sdk.Paywall (gate.go), which is all that
// it takes to sell a page.
//
// Of each sale the paper owes its publisher a share, and the publisher the author a
// part of that. The paper tells the provider so once (Prepare): payees and a split for each
// author, made under fixed idempotency keys, so that telling it again changes nothing.
//
// Readers may log in with their wallet (login.go), which gives the paper their pseudonym:
// what they own, and what their allowance covers, then opens at once in any browser.
// The paper forgets them when they log out, here or at the provider (logout.go).
package newspaper
