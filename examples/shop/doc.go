// Package shop is what the three example sites share: settings from the
// environment, a server that stops cleanly, and sealed values with which a site
// remembers a reader without keeping anything about them.
//
// A vendor needs no database to sell: what was bought stands at the provider under
// the order's id, and the browser carries that id in a cookie which it can neither
// read nor change.
package shop
