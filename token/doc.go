// Package token holds the nouns that every other package shares: what a token
// is (Amount, Currency, Class), who is who (ids, one type per noun), how things
// go wrong (Error) and what time it is (Clock).
//
// A token is the unit that a wallet holds. It is issued for one currency and
// never changes it. One token is one millionth of the currency's major unit, so
// a price of 0.25 USD is 250,000 tokens of USD, and a price of 3 JPY is
// 3,000,000 tokens of JPY. The scale is the same for every currency.
//
// The package imports only the standard library.
package token
