package app

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"

	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/token"
)

// How often may be tried what strangers try. Who tries is held to it, by network, or by
// browser where the owner has logged in there before; whom somebody tries is only slowed
// down, and always has a way in that strangers cannot close: see docs/decisions/0020.
var (
	paceNetwork = pace(2*time.Second, 100) // of each kind from one network, at whatever account
	paceHere    = pace(time.Minute, 10)    // passwords of one account, from one network
	paceAccount = pace(time.Minute, 50)    // passwords of one account, from all networks together
	paceFew     = pace(10*time.Minute, 3)  // the same from one network, where that is used up and no code can be sent instead
	paceKnown   = pace(time.Minute, 10)    // passwords of one account, in a browser that knows it
	paceSecond  = pace(5*time.Minute, 10)  // second factors of one account, by what came before

	paceLettersHere = pace(5*time.Minute, 5)  // letters to one address, asked for from one network or a known browser
	paceLettersFrom = pace(5*time.Second, 60) // letters that one network asks for
	paceLetters     = pace(3*time.Minute, 10) // letters of one kind to one address
	paceCrowded     = pace(letterWindow, 2)   // letters beyond, in each window, which all say the same
	paceShared      = pace(2*letterWindow, 1) // uses of what they say
)

func pace(pause time.Duration, burst int64) account.Pace {
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

func newCounts(store account.Tries, keys *locksmith) *counts {
	return &counts{store: store, refused: map[int32]int64{}, key: sync.OnceValues(func() ([]byte, error) {
		return keys.derive("counts of tries", token.VendorID{}, nil, 32)
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

// tries are what one try is counted by.
type tries struct {
	counts  *counts
	buckets []account.Bucket
	err     error // of deriving the key
}

// tries begins an empty list.
func (a *App) tries() *tries { return &tries{counts: a.counts} }

// by adds a bucket.
func (t *tries) by(of account.Pace, kind string, by ...string) *tries {
	b, err := t.counts.bucket(of, kind, by...)
	if err != nil {
		t.err = err
	}
	t.buckets = append(t.buckets, b)
	return t
}

// last is the place of the bucket that was added last.
func (t *tries) last() int { return len(t.buckets) - 1 }

// from adds the network that somebody calls from, where that is known.
func (t *tries) from(of account.Pace, kind string, d Door) *tries {
	if d.Address == "" {
		return t
	}
	return t.by(of, kind, d.Address)
}

// take uses up one try of each bucket, or of none: then it answers which had none left,
// and when it has one again; else -1.
func (t *tries) take(ctx context.Context, now time.Time) (refused int, retryAt time.Time, err error) {
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

// giveBack gives back what was taken: it led to where it should.
func (a *App) giveBack(ctx context.Context, t *tries) {
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

// tooOften is the refusal of who has no tries left.
func tooOften(retryAt time.Time, reason token.Reason, params ...token.Param) error {
	return token.Refuse(token.Throttled, reason, params...).Until(retryAt)
}

// takeNetwork uses up one try of a kind of the network that somebody calls from.
func (a *App) takeNetwork(ctx context.Context, of account.Pace, kind string, d Door) (*tries, error) {
	t := a.tries().from(of, kind, d)
	refused, retryAt, err := t.take(ctx, a.clock.Now())
	if err == nil && refused >= 0 {
		err = tooOften(retryAt, "too_many_requests.network")
	}
	return t, err
}
