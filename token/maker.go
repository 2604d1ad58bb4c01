package token

import (
	"crypto/rand"
	"encoding/binary"
	"io"
	"sync"
	"time"
)

// Clock tells the time. Everything that needs the time is given one, so that a
// test or a simulation decides what time it is.
type Clock interface{ Now() time.Time }

// SystemClock is the machine's clock in UTC.
type SystemClock struct{}

// Now returns the machine's time in UTC, to the millisecond: the journal's unit.
func (SystemClock) Now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// Maker makes ids from a clock and a source of randomness. It is safe for
// concurrent use. Ids made by one Maker ascend strictly, also within one
// millisecond, as the ULID specification's monotonic mode has it.
type Maker struct {
	clock  Clock
	random io.Reader

	mu     sync.Mutex
	pool   [4096]byte
	unread int
	last   [16]byte
}

// NewMaker returns a Maker that reads randomness from random; nil means the
// operating system's.
func NewMaker(clock Clock, random io.Reader) *Maker {
	if random == nil {
		random = rand.Reader
	}
	return &Maker{clock: clock, random: random}
}

// NewID returns a new id of kind K.
func NewID[K Kind](m *Maker) ID[K] { return m.next() }

func (m *Maker) next() [16]byte {
	millis := uint64(m.clock.Now().UnixMilli())
	m.mu.Lock()
	defer m.mu.Unlock()
	if millis <= m.millis() && m.last != [16]byte{} {
		m.increment()
		return m.last
	}
	var id [16]byte
	binary.BigEndian.PutUint64(id[:8], millis<<16)
	copy(id[6:], m.random10())
	m.last = id
	return id
}

// millis is the time in the last id.
func (m *Maker) millis() uint64 { return binary.BigEndian.Uint64(m.last[:8]) >> 16 }

// increment adds a random step to the last id, so that ids ascend and the next
// one cannot be guessed from the one before.
func (m *Maker) increment() {
	low := binary.BigEndian.Uint64(m.last[8:])
	r := m.random10()
	step := uint64(binary.BigEndian.Uint32(r))<<24 | uint64(binary.BigEndian.Uint32(r[4:]))>>8
	sum := low + step + 1
	binary.BigEndian.PutUint64(m.last[8:], sum)
	if sum < low {
		binary.BigEndian.PutUint64(m.last[:8], binary.BigEndian.Uint64(m.last[:8])+1)
	}
}

// random10 returns ten random bytes out of the pool, refilled when used up. A
// system without randomness cannot make ids, so a failure panics.
func (m *Maker) random10() []byte {
	if m.unread < 10 {
		if _, err := io.ReadFull(m.random, m.pool[:]); err != nil {
			panic("token: no randomness: " + err.Error())
		}
		m.unread = len(m.pool)
	}
	out := m.pool[m.unread-10 : m.unread]
	m.unread -= 10
	return out
}

// TimeAt is a moment that is kept in milliseconds since 1970, in UTC. Zero stands for none, and
// is the zero time.
func TimeAt(milliseconds int64) time.Time {
	if milliseconds == 0 {
		return time.Time{}
	}
	return time.UnixMilli(milliseconds).UTC()
}
