package keys

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"farthing.dev/farthing/domain/keyring"
	"farthing.dev/farthing/token"
)

// shelf keeps ticket keys in memory, as a database server does: a crash takes them, and
// every connection.
type shelf struct {
	mu          sync.Mutex
	keys        []keyring.TicketKey
	connections uint64
	away        bool
}

var errAway = token.Refuse(token.Unavailable, "unavailable.database")

func (s *shelf) has(n keyring.Epoch, id string) bool {
	return slices.ContainsFunc(s.keys, func(k keyring.TicketKey) bool { return k.Epoch == n && (id == "" || k.ID == id) })
}

func (s *shelf) AddTicketKeys(_ context.Context, keys []keyring.TicketKey) error {
	return s.add(keys, func(keyring.TicketKey) string { return "" })
}

func (s *shelf) RestoreTicketKeys(_ context.Context, keys []keyring.TicketKey) error {
	return s.add(keys, func(k keyring.TicketKey) string { return k.ID })
}

func (s *shelf) add(keys []keyring.TicketKey, id func(keyring.TicketKey) string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return errAway
	}
	for _, key := range keys {
		if !s.has(key.Epoch, id(key)) {
			s.keys = append(s.keys, key)
		}
	}
	return nil
}

func (s *shelf) TicketKeys(_ context.Context, from keyring.Epoch) (found []keyring.TicketKey, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return nil, errAway
	}
	for _, key := range s.keys {
		if key.Epoch >= from {
			key.Sealed = append([]byte(nil), key.Sealed...)
			found = append(found, key)
		}
	}
	return found, nil
}

func (s *shelf) DropTicketKeys(_ context.Context, before keyring.Epoch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = slices.DeleteFunc(s.keys, func(k keyring.TicketKey) bool { return k.Epoch < before })
	return nil
}

func (s *shelf) Scrub(context.Context) error { return nil }

func (s *shelf) Connections() uint64 { s.mu.Lock(); defer s.mu.Unlock(); return s.connections }

// crash takes the keys, and has everybody connect again.
func (s *shelf) crash() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = nil
	s.connections++
}

// hand is a clock that a test sets.
type hand struct {
	mu sync.Mutex
	at time.Time
}

func (h *hand) Now() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.at }

func (h *hand) move(d time.Duration) { h.mu.Lock(); defer h.mu.Unlock(); h.at = h.at.Add(d) }

func newTestVault() (*ticketKeys, *hand) {
	clock := &hand{at: time.Unix(1_800_000_000, 0)}
	return replicaOf(&shelf{}, clock, true), clock
}

// replicaOf is the vault of a server on a database.
func replicaOf(s *shelf, clock token.Clock, alone bool) *ticketKeys {
	return newTicketKeys(s, NewDeriver([32]byte{1}, [32]byte{1}, clock), &Random{from: rand.Reader}, clock, alone)
}

func TestKeysOfPastEpochsAreOverwrittenInMemory(t *testing.T) {
	v, clock := newTestVault()
	if err := v.ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	var kept cipher.AEAD
	found, err := v.use(v.now(), token.VendorID{1}, func(key cipher.AEAD) bool { kept = key; return true })
	if err != nil || !found {
		t.Fatal(found, err)
	}
	epoch := v.epochs[v.now()][0]
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
				if err := v.ready(t.Context()); err != nil && token.CodeOf(err) != token.CodeUnavailable { // which is answered where epochs pass while keys are read
					t.Error(err)
				}
				found, err := v.use(at, vendor, func(key cipher.AEAD) bool { sealed = key.Seal(nil, empty, text, nil); return true })
				if err != nil || !found {
					continue // the epoch was over in between
				}
				_, err = v.use(at, vendor, func(key cipher.AEAD) bool {
					if plain, err := key.Open(nil, empty, sealed, nil); err != nil || string(plain) != string(text) {
						t.Errorf("opened %q, %v, want %q", plain, err, text)
					}
					return true
				})
				if err != nil {
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

// A crash of the database takes what replicas share. Whichever sealed a ticket, before the
// crash or after it, every other one opens it: those that went on, and one that starts.
func TestEveryReplicaOpensEveryTicketAfterACrashOfTheDatabase(t *testing.T) {
	clock, vendor := &hand{at: time.Unix(1_800_000_000, 0)}, token.VendorID{1}
	tables := &shelf{connections: 1}
	replica := func() *Keys {
		return &Keys{clock: clock, random: &Random{from: rand.Reader}, tickets: replicaOf(tables, clock, false)}
	}
	seal := func(a *Keys) string {
		t.Helper()
		ticket, err := a.SealTicket(t.Context(), vendor, Claims{Nonce: [16]byte{7}, Expires: clock.Now().Add(TicketLife).UnixMilli()})
		if err != nil {
			t.Fatal(err)
		}
		return ticket
	}
	opens := func(which string, a *Keys, ticket string) {
		t.Helper()
		if got, err := a.OpenTicket(t.Context(), vendor, ticket); err != nil || got.Nonce != [16]byte{7} {
			t.Errorf("%s: %v", which, err)
		}
	}
	first, second := replica(), replica()
	before := seal(first)
	opens("a replica, before anything happened", second, before)
	tables.crash()
	started := replica() // it finds nothing, and makes keys of its own
	theirs := seal(started)
	if _, err := started.OpenTicket(t.Context(), vendor, before); token.CodeOf(err) != token.CodeUnavailable {
		t.Errorf("a replica that cannot know better yet: %v", err)
	}
	opens("a replica that went on, of one that started", first, theirs)
	opens("a replica that started, of one that went on, from before the crash", started, before)
	ours := seal(second)
	opens("a replica that started, of one that went on, from after the crash", started, ours)
	tables.crash()
	ours = seal(second)
	opens("a replica after another crash", replica(), ours)

	clock.move(restoring)
	if _, err := started.OpenTicket(t.Context(), token.VendorID{2}, before); token.CodeOf(err) != token.CodeTicketInvalid {
		t.Errorf("another vendor: %v", err)
	}
	tables.away = true
	opens("while the database is away", first, seal(first))
	tables.away = false

	clock.move(2 * keyring.EpochLength) // what was put back goes with the others
	for _, a := range []*Keys{first, second, started} {
		now := a.tickets.now()
		if err := a.tickets.turn(t.Context(), now); err != nil {
			t.Fatal(err)
		}
		if err := a.tickets.erase(t.Context(), now.Oldest()); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range tables.keys {
		if key.Epoch < first.tickets.now().Oldest() {
			t.Errorf("a key of epoch %d is still there", key.Epoch)
		}
	}
}

// A key is not put back once its time is over, however late the write comes.
func TestAKeyThatIsOverIsNotPutBack(t *testing.T) {
	clock := &hand{at: time.Unix(1_800_000_000, 0)}
	tables := &lateShelf{shelf: shelf{connections: 1}}
	v := newTicketKeys(tables, NewDeriver([32]byte{1}, [32]byte{1}, clock), &Random{from: rand.Reader}, clock, false)
	if err := v.ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := v.erase(t.Context(), v.now().Oldest()); err != nil {
		t.Fatal(err)
	}
	old := v.now()
	tables.crash()
	tables.before = func() { // the write hangs for two epochs, in which everybody deletes what is over
		clock.move(2 * keyring.EpochLength)
		_ = tables.DropTicketKeys(t.Context(), v.now().Oldest())
	}
	_ = v.turn(t.Context(), v.now())
	tables.before = nil
	if err := v.erase(t.Context(), v.now().Oldest()); err != nil {
		t.Fatal(err)
	}
	if tables.has(old, "") {
		t.Error("a key came back after its time")
	}
}

// lateShelf has keys put back late.
type lateShelf struct {
	shelf
	before func()
}

func (s *lateShelf) RestoreTicketKeys(ctx context.Context, keys []keyring.TicketKey) error {
	if s.before != nil {
		s.before()
	}
	return s.shelf.RestoreTicketKeys(ctx, keys)
}
