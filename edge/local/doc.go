// Package local is the way in for the commands of the provider's own machine: "farthing
// operator add" and the like. The server listens at a Unix socket in its data folder, which
// only the folder's owner can open; whoever can, could read the secret beside it as well, so
// nothing more is asked for. A command asks there first, and where no server listens it opens
// the database itself and runs the same code (Run), so that both ways do the same.
//
// A question is one HTTP request with a Request as JSON; the answer is an Answer, or a
// Refusal with a status above 299.
package local
