package pace

import (
	"sync"
	"time"

	"farthing.dev/farthing/token"
)

// Throttle lets each key try a few times at once, and once per pause after that, in this
// process. What strangers try is counted by counts, for all replicas together.
type Throttle struct {
	pause time.Duration
	burst int
	most  int // keys remembered

	mu   sync.Mutex
	free map[string]time.Time // when all of the key's tries have been earned back
}

func NewThrottle(pause time.Duration, burst, most int) *Throttle {
	return &Throttle{pause: pause, burst: burst, most: most, free: map[string]time.Time{}}
}

// Take uses up one try, or answers when there is one again.
func (t *Throttle) Take(key string, now time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	free, known := t.free[key]
	if free.Before(now) {
		free = now
	}
	free = free.Add(t.pause)
	if wait := free.Sub(now) - time.Duration(t.burst)*t.pause; wait > 0 {
		return token.Refuse(token.Throttled, "too_many_requests.tries").Until(now.Add(wait))
	}
	if !known && len(t.free) >= t.most {
		t.makeRoom(now)
	}
	t.free[key] = free
	return nil
}

// makeRoom forgets one key, or more where some have earned all their tries back
// among the first that it looks at.
func (t *Throttle) makeRoom(now time.Time) {
	looked := 0
	for key, free := range t.free {
		if looked == 0 || free.Before(now) {
			delete(t.free, key)
		}
		if looked++; looked >= 16 {
			return
		}
	}
}
