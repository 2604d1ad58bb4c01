package vendorapi

import (
	"time"

	"github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"farthing.dev/farthing/token"
)

// maxLimited bounds how many keys are watched at once. A key that was forgotten
// begins with a full bucket again.
const maxLimited = 4096

// limiter bounds how often each key is used.
type limiter struct {
	perSecond rate.Limit
	buckets   *lru.Cache[token.KeyID, *rate.Limiter]
}

func newLimiter(perSecond float64) *limiter {
	switch {
	case perSecond < 0:
		return &limiter{perSecond: rate.Inf}
	case perSecond == 0:
		perSecond = defaultRate
	}
	buckets, err := lru.New[token.KeyID, *rate.Limiter](maxLimited)
	if err != nil {
		panic(err) // only for a size below one
	}
	return &limiter{perSecond: rate.Limit(perSecond), buckets: buckets}
}

// check takes n from the key's bucket, which holds what a second may use, or
// refuses.
func (l *limiter) check(key token.KeyID, now time.Time, n int) error {
	if l.perSecond == rate.Inf {
		return nil
	}
	bucket, ok := l.buckets.Get(key)
	if !ok {
		fresh := rate.NewLimiter(l.perSecond, max(1, int(l.perSecond)))
		if earlier, found, _ := l.buckets.PeekOrAdd(key, fresh); found {
			fresh = earlier
		}
		bucket = fresh
	}
	if bucket.AllowN(now, n) {
		return nil
	}
	return token.Refuse(token.Throttled, "too_many_requests.key").Until(now.Add(time.Second))
}
