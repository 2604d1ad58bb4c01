package cache

import (
	"maps"
	"math"
	"sync"
	"time"

	"farthing.dev/farthing/token"
)

// Cache remembers answers of the catalogue, at most `most` of them: each for at most
// `life`, or where changes are followed, as long as they are. Failures are not remembered.
type Cache[K comparable, V any] struct {
	clock    token.Clock
	life     time.Duration
	followed *Follower
	most     int

	mu      sync.RWMutex
	entries map[K]cached[V]
	drops   uint64
}

// cached is an answer and until when it is good, as a number: a time.Time has a pointer in
// it, and the collector would look at each of a hundred thousand.
type cached[V any] struct {
	value V
	until int64 // in nanoseconds since 1970
}

// The longest times.
const (
	Forever = time.Duration(math.MaxInt64)
	always  = math.MaxInt64 // in nanoseconds since 1970
)

func New[K comparable, V any](clock token.Clock, life time.Duration, most int) *Cache[K, V] {
	return &Cache[K, V]{clock: clock, life: life, most: most, entries: map[K]cached[V]{}}
}

func Followed[K comparable, V any](clock token.Clock, f *Follower, most int) *Cache[K, V] {
	c := New[K, V](clock, f.life, most)
	c.followed = f
	return c
}

// Get returns the answer for key, asking load where it is not remembered.
func (c *Cache[K, V]) Get(key K, load func() (V, error)) (V, error) {
	c.mu.RLock()
	found, ok := c.entries[key]
	drops := c.drops
	c.mu.RUnlock()
	if ok && c.good(found.until) {
		return found.value, nil
	}
	value, err := load()
	if err == nil {
		c.Put(key, value, drops)
	}
	return value, err
}

func (c *Cache[K, V]) good(until int64) bool {
	if c.followed != nil {
		until = min(until, c.followed.until.Load())
	}
	return until == always || c.clock.Now().UnixNano() < until
}

// Put remembers an answer, unless something was dropped since it was asked for: it
// may be what was dropped. A full cache forgets any other answer.
func (c *Cache[K, V]) Put(key K, value V, drops uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.drops != drops {
		return
	}
	if _, ok := c.entries[key]; !ok && len(c.entries) >= c.most {
		for other := range c.entries {
			delete(c.entries, other)
			break
		}
	}
	entry := cached[V]{value: value, until: always}
	if c.life != Forever {
		entry.until = c.clock.Now().Add(c.life).UnixNano()
	}
	c.entries[key] = entry
}

// Drop forgets the answer for key, also one that is on its way. Call it after the
// change is committed.
func (c *Cache[K, V]) Drop(key K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.entries, key)
	c.drops++
}

// DropWhere forgets the answers for which it holds, also all that are on their way.
func (c *Cache[K, V]) DropWhere(holds func(V) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.entries, func(_ K, found cached[V]) bool { return holds(found.value) })
	c.drops++
}

// DropAll forgets everything, also what is on its way.
func (c *Cache[K, V]) DropAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.entries)
	c.drops++
}

// Set remembers an answer that the caller worked out.
func (c *Cache[K, V]) Set(key K, value V) {
	c.mu.RLock()
	drops := c.drops
	c.mu.RUnlock()
	c.Put(key, value, drops)
}

// Remembered returns the answer for key, or the zero value where none is remembered.
func (c *Cache[K, V]) Remembered(key K) (value V) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if found, ok := c.entries[key]; ok && c.good(found.until) {
		value = found.value
	}
	return value
}
