// Package due does what has fallen due: it gives back the holds whose time is over, and takes
// away incentive tokens that have expired. What is due stands in the journal
// (docs/decisions/0024), so nothing is forgotten with a process.
package due
