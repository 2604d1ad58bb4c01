// Package bench measures Farthing: how many durable purchases a second, at what
// delay, for how much processor, memory and disk.
//
// The workload is the same in every run: seeded, with readers and vendors chosen by
// Zipf's law, offers of different prices, royalties split between two payees, an
// allowance for every pair of reader and vendor that trades, spending limits on
// every fourth account, an idempotency key on every purchase, and half of the
// purchases of items that are owned afterwards and so have to be looked up first.
//
// Absolute figures depend on the machine and on what else it does. So each
// comparison (an empty HTTP handler, one database transaction per purchase) runs in
// turns with what it is compared with, and medians of several turns are quoted.
//
// docs/benchmarks.md tells what each figure means and what was measured.
package bench
