// Package operator is the pages of those who run the provider, under /operator: how it is,
// what it holds and owes, its vendors, a reader looked up by e-mail, the messages that could not be delivered, and the log of all that
// staff did. Everybody else gets what a page gets that is not there. The pages need a login
// within the purchase window, and ask for it where it is older.
package operator
