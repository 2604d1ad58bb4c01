// Package pace slows down whoever tries too often: a [Throttle] in this process, and [Pace] for
// all replicas together, in the database. What strangers try is counted by where they
// come from, so that nobody can lock anybody else out (docs/decisions/0020).
package pace
