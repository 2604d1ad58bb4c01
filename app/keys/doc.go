// Package keys keeps the provider's keys, and lies below all other rooms.
//
// There are three kinds. A [Deriver] derives what must be the same for ever, such as the
// pseudonyms by which vendors know readers, and what only has to be secret, from the provider's
// secret. Keys that others check (of receipts, of ID tokens) are made, published and
// destroyed in time. The keys of tickets are random, and are destroyed within minutes: then nobody
// opens the tickets any more, whatever else is stolen.
//
// [ProveSecret] compares the secret with what the database knows of it before anything is
// derived.
package keys
