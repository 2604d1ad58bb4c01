// Package app composes what Farthing does out of rooms: one package for each, with a small
// service of its own, one method per use case. A method authorises the caller, asks the domain,
// and makes at most one commit. Every way in (the vendor API, the web pages, the command line)
// calls these methods and only renders what they return.
//
// The rooms lie on floors, and a room knows only those below it:
//
//	operating                        the provider's own staff
//	buying                           what readers do with their wallets
//	selling  login  oauth  approving vendors' servers; the ways in; logins at sites; second persons
//	funding  incentive  offering  session  due
//	directory                        who is who
//	activity                         the security log
//	pace  paging                     how often, and in what pages
//	keys  caller                     secrets; who asks, and what she may
//	cache                            what need not be read twice
//
// Each declares what it needs of the engine and of the tables (needs.go). Money is decided in
// package core and recorded in the journal; who is who and what is for sale stands in
// ordinary tables, which the rooms remember so that a purchase reads none of them.
//
// [Compose] is the one place that knows all of them.
package app
