// Package storetest is what every database must pass (Run), and the load under which
// they are measured (Load).
package storetest
