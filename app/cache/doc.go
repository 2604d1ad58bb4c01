// Package cache remembers what the catalogue said, so that a purchase reads no table.
//
// A [Cache] holds a bounded number of answers. What never changes (a version of an offer, whose
// account pays) is remembered as long as there is room; what can be revoked for a few seconds at
// most. What vendors change themselves is remembered for longer: a [Follower] asks every second
// what other replicas changed and has the caches forget that, and while it cannot ask, they
// take nothing from memory.
package cache
