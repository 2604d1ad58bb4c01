// Package postgres keeps everything in a PostgreSQL database that any number of
// replicas of the server share. It uses only SQL that databases which speak
// PostgreSQL's protocol (CockroachDB, YugabyteDB) take as well; those are untested.
//
// An append holds one row lock, so there is one at a time, whichever replica does
// it. Under the lock the replica reads what others appended, decides on top of that,
// inserts one row and commits: two round trips. So every decision sees everything that
// was committed before it.
package postgres
