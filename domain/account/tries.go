package account

import "context"

// TryBuckets is how many buckets tries are counted in.
const TryBuckets = 1 << 20

// Pace is how often something may be tried: Burst times at once, and once in Pause after that.
type Pace struct {
	Pause int64 // in milliseconds
	Burst int64 // at least 1
}

// Bucket is one count that a try is taken from. What is counted (an account, a network)
// is hashed to its number; with more of them than buckets some share one.
type Bucket struct {
	Number int32 // from 0 to TryBuckets-1
	Pace
}

// Tries counts tries, for all replicas together. A count is one number: when all tries
// will have been earned back.
type Tries interface {
	// TakeTries uses up one try of each bucket at a time in milliseconds, or of none where one has
	// none left. Then it returns that one's place among the buckets (the first of them, where there
	// are several), and when it has one again; else a place of -1.
	TakeTries(ctx context.Context, now int64, buckets []Bucket) (refused int, retryAt int64, err error)
	// GiveTries gives one try of each bucket back.
	GiveTries(ctx context.Context, buckets []Bucket) error
	// DropTriesBefore forgets buckets whose tries were all earned back before a millisecond.
	DropTriesBefore(ctx context.Context, at int64) error
}
