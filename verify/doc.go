// Package verify proves the books of a database: it reads the journal, what was
// derived from it, and the catalogue, and lets an independent auditor (domain/audit)
// fold and compare all of it. It reads tables itself and starts no engine, so a
// database that no engine would start on can be verified too.
//
// Watchdog does a part of that all the time, behind the journal's end, in little memory; what it
// finds stops selling.
//
// SelfTest shows that it would notice: it makes a small database with every kind of
// entry, plants one fault after another, and says which invariants were named.
package verify
