// Package upgrade opens data that an earlier version wrote, on both databases, and data of
// this version with an earlier one. testdata/make.txt says how the old data was made.
package upgrade
