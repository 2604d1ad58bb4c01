// Command mutants is a mutation tester for what decides about money: it changes one operator of a
// package at a time and runs the package's own tests, which must fail. What lives shows what no
// test would notice.
//
// All changes of a package are planted into one binary, where the environment variable MUTANT
// names the one that is in force. So a package is built once, and each mutant costs one run of its
// tests. Constants, which no variable can change, are built one by one.
//
// The mutations and their names are those that gremlins (https://gremlins.dev) makes by default.
// See docs/mutants.md.
package main
