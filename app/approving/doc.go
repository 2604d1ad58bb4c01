// Package approving is the four-eyes rule: what staff asked for and what waits for a second person,
// and which commands need one. What is decided, and by whom, is an entry of the journal.
package approving
