package pace

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/app/keys"
	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/token"
)

func Every(pause time.Duration, burst int64) account.Pace {
	return account.Pace{Pause: pause.Milliseconds(), Burst: burst}
}

// mostRefused bounds how many buckets are remembered as used up.
const mostRefused = 65536

// counts are tries as all replicas count them: in the database, and what is used up in
// memory besides, so that who goes on trying costs nothing more.
type counts struct {
	store account.Tries
	key   func() ([]byte, error) // under which what is counted is hashed

	mu      sync.Mutex
	refused map[int32]int64 // until when, in milliseconds
}

func newCounts(store account.Tries, keys *keys.Deriver) *counts {
	return &counts{store: store, refused: map[int32]int64{}, key: sync.OnceValues(func() ([]byte, error) {
		return keys.Derive("counts of tries", token.VendorID{}, nil, 32)
	})}
}

// bucket is where tries of a kind are counted, by what they are counted by.
func (c *counts) bucket(of account.Pace, kind string, by ...string) (account.Bucket, error) {
	key, err := c.key()
	if err != nil {
		return account.Bucket{}, token.Wrap(err, "derive the key of counts")
	}
	mac := hmac.New(sha256.New, key)
	for _, part := range append([]string{kind}, by...) {
		var length [4]byte
		binary.BigEndian.PutUint32(length[:], uint32(len(part)))
		mac.Write(length[:])
		mac.Write([]byte(part))
	}
	return account.Bucket{Number: int32(binary.BigEndian.Uint32(mac.Sum(nil)) % account.TryBuckets), Pace: of}, nil
}

// Tries are what one try is counted by.
type Tries struct {
	counts  *counts
	buckets []account.Bucket
	err     error // of deriving the key
}

// Try begins an empty list.
func (a *Pace) Try() *Tries { return &Tries{counts: a.counts} }

// By adds a bucket.
func (t *Tries) By(of account.Pace, kind string, by ...string) *Tries {
	b, err := t.counts.bucket(of, kind, by...)
	if err != nil {
		t.err = err
	}
	t.buckets = append(t.buckets, b)
	return t
}

// Last is the place of the bucket that was added last.
func (t *Tries) Last() int { return len(t.buckets) - 1 }

// From adds the network that somebody calls from, where that is known.
func (t *Tries) From(of account.Pace, kind string, d caller.Browser) *Tries {
	if d.Address == "" {
		return t
	}
	return t.By(of, kind, d.Address)
}

// Take uses up one try of each bucket, or of none: then it answers which had none left,
// and when it has one again; else -1.
func (t *Tries) Take(ctx context.Context, now time.Time) (refused int, retryAt time.Time, err error) {
	if t.err != nil || len(t.buckets) == 0 {
		return -1, time.Time{}, t.err
	}
	at := now.UnixMilli()
	if refused, until := t.counts.remembered(t.buckets, at); refused >= 0 {
		return refused, time.UnixMilli(until), nil
	}
	refused, until, err := t.counts.store.TakeTries(ctx, at, t.buckets)
	if err != nil || refused < 0 {
		return -1, time.Time{}, err
	}
	t.counts.remember(t.buckets[refused].Number, until, at)
	return refused, time.UnixMilli(until), nil
}

// GiveBack gives back what was taken: it led to where it should.
func (a *Pace) GiveBack(ctx context.Context, t *Tries) {
	if t == nil || t.err != nil || len(t.buckets) == 0 {
		return
	}
	if err := a.counts.store.GiveTries(ctx, t.buckets); err != nil {
		a.log.WarnContext(ctx, "tries that succeeded were not given back", "error", err)
	}
	a.counts.forget(t.buckets)
}

func (c *counts) remembered(buckets []account.Bucket, now int64) (place int, until int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for place, b := range buckets {
		if until := c.refused[b.Number]; until > now {
			return place, until
		}
	}
	return -1, 0
}

func (c *counts) remember(number int32, until, now int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.refused) >= mostRefused {
		looked := 0
		for other, over := range c.refused { // one, and more where some are over
			if looked == 0 || over <= now {
				delete(c.refused, other)
			}
			if looked++; looked >= 16 {
				break
			}
		}
	}
	c.refused[number] = until
}

func (c *counts) forget(buckets []account.Bucket) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, b := range buckets {
		delete(c.refused, b.Number)
	}
}

// TooOften is the refusal of who has no tries left.
func TooOften(retryAt time.Time, reason token.Reason, params ...token.Param) error {
	return token.Refuse(token.Throttled, reason, params...).Until(retryAt)
}

// TakeNetwork uses up one try of a kind of the network that somebody calls from.
func (a *Pace) TakeNetwork(ctx context.Context, of account.Pace, kind string, d caller.Browser) (*Tries, error) {
	t := a.Try().From(of, kind, d)
	refused, retryAt, err := t.Take(ctx, a.clock.Now())
	if err == nil && refused >= 0 {
		err = TooOften(retryAt, "too_many_requests.network")
	}
	return t, err
}
