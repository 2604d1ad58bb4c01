// Package audit is a second opinion on the journal. It folds the entries from the
// first on, by its own code and never by the core's, and checks after each that what
// must hold does hold: the numbered invariants in docs/invariants.md.
//
// It trusts nothing that an entry says about itself where it can compute it: what a
// price divides into, what a refund takes back, what was spent in a limit's window,
// which legs a purchase has. So a mistake in the core is found by the auditor unless
// the same mistake was made twice, by different means.
//
// An Auditor that resumes (resume.go) begins in the middle, asks for what was before, and can be
// told to forget.
//
// Memory is bounded by the accounts and orders that the journal names: about 170
// bytes for an order, 40 more where it can be owned, and 400 for an account.
package audit
