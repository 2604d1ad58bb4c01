// Package activity is the security log: what was refused for safety's sake and what happened
// around an account, for those whom it concerns.
//
// [Log.Record] never blocks and never fails. What is recorded waits in memory, alike ones
// counted, until [Log.WriteNotes] writes it behind.
package activity
