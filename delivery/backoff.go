package delivery

import "time"

// Backoff is how long to wait after a failure: First after one, twice as long after each
// next in a row, never longer than Most.
type Backoff struct{ First, Most time.Duration }

// after returns the wait after so many failures in a row. random, in [0, 1), takes up to half
// of it off, so that what failed together does not come back together.
func (b Backoff) after(failures int64, random float64) time.Duration {
	wait := b.First
	for n := int64(1); n < failures && wait < b.Most; n++ {
		wait *= 2
	}
	wait = min(wait, b.Most)
	return wait - time.Duration(random*float64(wait)/2)
}
