// Package abuse attacks a real provider over real HTTP: one file per threat, named for
// it. docs/abuse.md has the table of threats, the control that keeps each, and the test
// here (or the part's own) that fails where the control is taken out.
//
// The provider is the one that cmd/farthing wires, held by launch.Hold: its clock stands
// still until a test moves it, it tells the patterns of all its muxes, everything that it
// logs, and what it has: the journal's head and a digest of each table. So a test can say
// of each route that exists "this was refused, and nothing happened".
//
// A new page or endpoint takes part by itself in what goes over all routes (forgery,
// framing, redirects, the matrix): the routes come from the muxes that serve. Where its
// pattern has a new name in braces, routes_test.go must learn what to put there; where it
// is meant for other sites, forgery_test.go must be told so.
//
// Readers are launch.Browsers, which have no JavaScript. Chromium comes in only where the
// browser itself is the control, and never with -short.
package abuse
