// Package core decides. It is the pure heart of Farthing: a State that stands for
// the journal so far, Commands that callers want done, and Decide, which turns a
// command into a journal entry or a refusal. It knows no clock, no randomness, no
// database and no order of maps, so the same commands at the same times always
// give the same entries; the simulator runs millions of them a second.
//
// A store runs commands in batches:
//
//  1. Need: each command names the facts that it must see (Facts).
//  2. The store loads those that the State does not hold yet.
//  3. Run decides each command in turn; an entry is applied to the State at once,
//     so the next command of the batch sees it.
//  4. The store appends the entries to the journal in one durable commit, and only
//     then answers. If the commit fails, it throws the State away.
//
// Checks run in the order in which they stand in each Decide method, each with its
// own code, so answers are predictable.
package core
