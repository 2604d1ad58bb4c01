package app

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"reflect"
	"strconv"
	"sync"
	"testing"
	"time"

	"farthing.dev/farthing/domain/keyring"
	"farthing.dev/farthing/token"
)

// shelf keeps ticket keys in memory.
type shelf struct {
	mu   sync.Mutex
	keys map[keyring.Epoch]keyring.TicketKey
}

func (s *shelf) AddTicketKeys(_ context.Context, keys []keyring.TicketKey) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range keys {
		if _, ok := s.keys[key.Epoch]; !ok {
			s.keys[key.Epoch] = key
		}
	}
	return nil
}

func (s *shelf) TicketKeys(_ context.Context, from keyring.Epoch) (found []keyring.TicketKey, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n := from; n < from+16; n++ {
		if key, ok := s.keys[n]; ok {
			key.Sealed = append([]byte(nil), key.Sealed...)
			found = append(found, key)
		}
	}
	return found, nil
}

func (s *shelf) DropTicketKeys(context.Context, keyring.Epoch) error { return nil }
func (s *shelf) Scrub(context.Context) error                         { return nil }

// hand is a clock that a test sets.
type hand struct {
	mu sync.Mutex
	at time.Time
}

func (h *hand) Now() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.at }

func (h *hand) move(d time.Duration) { h.mu.Lock(); defer h.mu.Unlock(); h.at = h.at.Add(d) }

func newTestVault() (*vault, *hand) {
	clock := &hand{at: time.Unix(1_800_000_000, 0)}
	return newVault(&shelf{keys: map[keyring.Epoch]keyring.TicketKey{}}, newLocksmith([32]byte{1}, clock), &dice{from: rand.Reader}, clock), clock
}

func TestKeysOfPastEpochsAreOverwrittenInMemory(t *testing.T) {
	v, clock := newTestVault()
	var kept cipher.AEAD
	found, err := v.use(t.Context(), v.now(), token.VendorID{1}, func(key cipher.AEAD) { kept = key })
	if err != nil || !found {
		t.Fatal(found, err)
	}
	epoch := v.epochs[v.now()]
	if reflect.ValueOf(kept).Elem().IsZero() || epoch.root == [32]byte{} {
		t.Fatal("there was no key to begin with")
	}
	clock.move(2 * keyring.EpochLength)
	v.now() // whoever looks at the time first, also without a worker
	if !reflect.ValueOf(kept).Elem().IsZero() {
		t.Error("the vendor's key is still in memory")
	}
	if epoch.root != [32]byte{} {
		t.Error("the root key is still in memory")
	}
	if v.epochs[keyring.EpochAt(clock.Now())-2] != nil {
		t.Error("the epoch is still there")
	}
}

// A ticket is never sealed with a key that is being overwritten.
func TestKeysAreNotOverwrittenWhileTheyAreUsed(t *testing.T) {
	v, clock := newTestVault()
	vendor := token.VendorID{1}
	empty := make([]byte, 12)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for n := range 300 {
				text := []byte(strconv.Itoa(i*1000 + n))
				var sealed []byte
				at := v.now()
				if found, err := v.use(t.Context(), at, vendor, func(key cipher.AEAD) { sealed = key.Seal(nil, empty, text, nil) }); err != nil || !found {
					continue // the epoch was over in between
				}
				_, err := v.use(t.Context(), at, vendor, func(key cipher.AEAD) {
					if plain, err := key.Open(nil, empty, sealed, nil); err != nil || string(plain) != string(text) {
						t.Errorf("opened %q, %v, want %q", plain, err, text)
					}
				})
				if err != nil && token.CodeOf(err) != token.CodeUnavailable { // that is answered where epochs pass while keys are read
					t.Error(err)
				}
			}
		})
	}
	for range 40 {
		clock.move(keyring.EpochLength / 2)
		if err := v.turn(t.Context(), v.now()); err != nil {
			t.Error(err)
		}
	}
	all.Wait()
}
