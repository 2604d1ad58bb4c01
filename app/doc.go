// Package app is what Farthing does, one method per use case: it authorises the
// caller, asks the domain, and makes at most one commit. Every way in (the vendor
// API, the web pages, the command line) calls these methods and only renders what
// they return.
//
// There are two kinds of callers. A Viewer is a person with a session; a Seller is
// a vendor's server with a key. What is not theirs does not exist for them: they
// get CodeNotFound, as for a thing that was never there.
//
// Money is decided in package core and recorded in the journal; who is who and
// what is for sale stands in ordinary tables, which are cached here so that a
// purchase reads none of them. Things that can be revoked are cached for a few
// seconds, things that never change for as long as there is room.
package app
