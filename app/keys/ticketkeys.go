package keys

import (
	"cmp"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"farthing.dev/farthing/domain/keyring"
	"farthing.dev/farthing/token"
)

// ticketKeys holds the keys of tickets: for each epoch a random root, from which each vendor's
// key is expanded. Roots come from the database, where every replica finds the same. When
// an epoch's time is over its keys are overwritten here and deleted there: then nobody
// opens its tickets, whatever else they know.
//
// PostgreSQL keeps roots out of its log, so its crash, or a failover, takes them. Each
// replica notices by its connections, all of which break: it puts what it has back before
// it seals another ticket, and takes in what others made meanwhile. So an epoch may come
// to have several roots, and a ticket is opened by whichever sealed it.
type ticketKeys struct {
	store keyring.TicketStore
	keys  *Deriver
	dice  *Random
	clock token.Clock
	alone bool // no other replica makes roots

	turning chan struct{} // holds a token while keys are read from the database
	erased  keyring.Epoch
	dirty   bool // something was deleted, and may still be in the database's files

	oldest atomic.Uint32 // the first epoch that may be here
	seen   atomic.Uint64 // how many connections there were when the keys here were last known to be in the database
	lost   atomic.Int64  // when no replica's root of the present epoch was there, in milliseconds since 1970
	mu     sync.RWMutex  // held for reading while a key is used, for writing while keys come and go
	epochs map[keyring.Epoch][]*epochKeys
}

// epochKeys are the keys of one root.
type epochKeys struct {
	id   string // of the root
	root [32]byte

	mu      sync.RWMutex
	vendors map[token.VendorID]cipher.AEAD
}

// maxRoots bounds the roots of one epoch. There are as many as replicas that started while
// they could not see each other's.
const maxRoots = 16

// restoring is how long other replicas may take, after a crash of the database, to put back
// what they have.
const restoring = 5 * time.Second

// maxVendorKeys bounds how many vendors' keys of an epoch are kept. Those of others are
// expanded at each use.
const maxVendorKeys = 4096

func newTicketKeys(store keyring.TicketStore, keys *Deriver, dice *Random, clock token.Clock, alone bool) *ticketKeys {
	return &ticketKeys{
		store: store, keys: keys, dice: dice, clock: clock, alone: alone, dirty: true, turning: make(chan struct{}, 1),
		epochs: map[keyring.Epoch][]*epochKeys{},
	}
}

// now returns the present epoch. Where it is a new one it destroys what is over.
func (v *ticketKeys) now() keyring.Epoch {
	now := keyring.EpochAt(v.clock.Now())
	if keyring.Epoch(v.oldest.Load()) < now.Oldest() {
		v.forget(now.Oldest())
	}
	return now
}

// forget overwrites the keys of epochs before one.
func (v *ticketKeys) forget(before keyring.Epoch) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for n, roots := range v.epochs {
		if n < before {
			for _, keys := range roots {
				keys.destroy()
			}
			delete(v.epochs, n)
		}
	}
	v.oldest.Store(max(v.oldest.Load(), uint32(before)))
}

func (k *epochKeys) destroy() {
	clear(k.root[:])
	for vendor, key := range k.vendors {
		overwrite(key)
		delete(k.vendors, vendor)
	}
}

// overwrite sets all that a cipher consists of to zero, its expanded key too.
func overwrite(key any) { reflect.ValueOf(key).Elem().SetZero() }

// use runs work with a vendor's keys of an epoch, one after the other until it returns
// true, or returns false where it never does. A key must not be kept.
func (v *ticketKeys) use(n keyring.Epoch, vendor token.VendorID, work func(cipher.AEAD) bool) (bool, error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	for _, keys := range v.epochs[n] {
		if done, err := keys.use(vendor, work); done || err != nil {
			return done, err
		}
	}
	return false, nil
}

func (k *epochKeys) use(vendor token.VendorID, work func(cipher.AEAD) bool) (bool, error) {
	k.mu.RLock()
	key := k.vendors[vendor]
	k.mu.RUnlock()
	if key != nil {
		return work(key), nil
	}
	key, err := k.expand(vendor)
	if err != nil {
		return false, err
	}
	done := work(key)
	k.keep(vendor, key)
	return done, nil
}

// keep remembers a vendor's key, where there is room and nobody was first.
func (k *epochKeys) keep(vendor token.VendorID, key cipher.AEAD) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.vendors[vendor] != nil || len(k.vendors) >= maxVendorKeys {
		overwrite(key)
		return
	}
	k.vendors[vendor] = key
}

// expand makes a vendor's key of the epoch (RFC 5869).
func (k *epochKeys) expand(vendor token.VendorID) (cipher.AEAD, error) {
	key, err := hkdf.Expand(sha256.New, k.root[:], "farthing ticket "+string(vendor[:]), 32)
	if err != nil {
		return nil, token.Wrap(err, "expand a ticket key")
	}
	defer clear(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, token.Wrap(err, "make a ticket cipher")
	}
	defer overwrite(block) // the AEAD has a copy
	aead, err := cipher.NewGCM(block)
	return aead, token.Wrap(err, "make a ticket cipher")
}

// turn makes sure that the keys of an epoch and of the next one are here, and those of
// the one before where there are any; that what others made is here too, and what is here
// is in the database.
func (v *ticketKeys) turn(ctx context.Context, now keyring.Epoch) error {
	return v.exclusively(ctx, func() error {
		connections := v.store.Connections()
		if v.alone && v.has(now, now+1) {
			return nil
		}
		if !v.has(now, now+1) {
			if err := v.add(ctx, now); err != nil {
				return err
			}
		}
		if err := v.exchange(ctx, now.Oldest()); err != nil {
			return err
		}
		if !v.has(now, now+1) {
			return token.Refuse(token.Unavailable, "unavailable.tickets_missing")
		}
		v.seen.Store(connections)
		return nil
	})
}

// exclusively runs work while no other caller does, and waits for that as long as ctx lasts.
func (v *ticketKeys) exclusively(ctx context.Context, work func() error) error {
	select {
	case v.turning <- struct{}{}:
		defer func() { <-v.turning }()
		return work()
	case <-ctx.Done():
		return token.Refuse(token.Unavailable, "unavailable.tickets_unreadable").Because(ctx.Err())
	}
}

// add puts new roots of an epoch and of the next one into the database, where there are none.
func (v *ticketKeys) add(ctx context.Context, now keyring.Epoch) error {
	stored, err := v.store.TicketKeys(ctx, now.Oldest())
	if err != nil {
		return err
	}
	there := map[keyring.Epoch]bool{}
	for _, key := range stored {
		there[key.Epoch] = true
	}
	var fresh []keyring.TicketKey
	for _, n := range []keyring.Epoch{now, now + 1} {
		if there[n] || v.has(n) { // what is here and not there is put back
			continue
		}
		key, err := v.make(n)
		if err != nil {
			return err
		}
		fresh = append(fresh, key)
	}
	if len(fresh) == 0 {
		return nil
	}
	if fresh[0].Epoch == now {
		v.lost.Store(v.clock.Now().UnixMilli())
	}
	return v.store.AddTicketKeys(ctx, fresh)
}

// exchange takes the roots that are in the database in, and puts those that are missing
// there back.
func (v *ticketKeys) exchange(ctx context.Context, oldest keyring.Epoch) error {
	stored, err := v.store.TicketKeys(ctx, oldest)
	if err != nil {
		return err
	}
	there := map[string]bool{}
	for _, key := range stored {
		there[nameOfRoot(key.Epoch, key.ID)] = true
		if err := v.open(key); err != nil {
			return err
		}
	}
	missing, err := v.missing(there)
	if err != nil || len(missing) == 0 {
		return err
	}
	err = v.store.RestoreTicketKeys(ctx, missing)
	if missing[0].Epoch < v.now().Oldest() { // its time ended meanwhile: it must not stay
		v.erased = 0
	}
	return err
}

func nameOfRoot(n keyring.Epoch, id string) string {
	return strconv.FormatUint(uint64(n), 10) + " " + id
}

// missing returns the roots that are here and not there, sealed for the database, oldest first.
func (v *ticketKeys) missing(there map[string]bool) (missing []keyring.TicketKey, err error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	for n, roots := range v.epochs {
		for _, keys := range roots {
			if there[nameOfRoot(n, keys.id)] {
				continue
			}
			key, err := v.sealRoot(n, keys.id, &keys.root)
			if err != nil {
				return nil, err
			}
			missing = append(missing, key)
		}
	}
	slices.SortFunc(missing, func(x, y keyring.TicketKey) int { return cmp.Compare(x.Epoch, y.Epoch) })
	return missing, nil
}

// has reports whether keys of all these epochs are here.
func (v *ticketKeys) has(epochs ...keyring.Epoch) bool {
	v.mu.RLock()
	defer v.mu.RUnlock()
	for _, n := range epochs {
		if len(v.epochs[n]) == 0 {
			return false
		}
	}
	return true
}

// make makes a root of an epoch, sealed for the database.
func (v *ticketKeys) make(n keyring.Epoch) (keyring.TicketKey, error) {
	var root [32]byte
	defer clear(root[:])
	if err := v.dice.Fill(root[:]); err != nil {
		return keyring.TicketKey{}, err
	}
	var id [8]byte
	if err := v.dice.Fill(id[:]); err != nil {
		return keyring.TicketKey{}, err
	}
	return v.sealRoot(n, hex.EncodeToString(id[:]), &root)
}

// sealRoot encrypts a root for the database.
func (v *ticketKeys) sealRoot(n keyring.Epoch, id string, root *[32]byte) (keyring.TicketKey, error) {
	sealed, err := v.keys.Seal(v.dice, ticketBox, root[:], epochName(n))
	return keyring.TicketKey{Epoch: n, ID: id, Sealed: sealed, CreatedAt: v.clock.Now().UnixMilli()}, err
}

// open takes a stored root in, where it is not here and not over.
func (v *ticketKeys) open(key keyring.TicketKey) error {
	plain, err := v.keys.Open(ticketBox, key.Sealed, epochName(key.Epoch))
	if err != nil || len(plain) != 32 {
		return token.Wrap(errSealed, "open a ticket key")
	}
	defer clear(plain)
	defer clear(key.Sealed)
	v.mu.Lock()
	defer v.mu.Unlock()
	roots := v.epochs[key.Epoch]
	known := slices.ContainsFunc(roots, func(k *epochKeys) bool { return k.id == key.ID })
	if !known && len(roots) < maxRoots && key.Epoch >= keyring.EpochAt(v.clock.Now()).Oldest() {
		v.epochs[key.Epoch] = append(roots, &epochKeys{id: key.ID, root: [32]byte(plain), vendors: map[token.VendorID]cipher.AEAD{}})
	}
	return nil
}

// ready makes sure that a ticket can be sealed now, under a key that other replicas find.
// It reads the database only where the keys of this epoch are not here, or may be gone from
// there. While the database cannot be asked, what is here has to do.
func (v *ticketKeys) ready(ctx context.Context) error {
	now := v.now()
	if v.has(now) && v.seen.Load() == v.store.Connections() {
		return nil
	}
	err := v.turn(ctx, now)
	if err != nil && v.has(now) {
		return nil
	}
	return err
}

// look reads what other replicas made since the keys were read, for a ticket that no key
// here opens. It reports whether there is reason to try again.
func (v *ticketKeys) look(ctx context.Context) (again bool, err error) {
	if v.alone {
		return false, nil
	}
	return true, v.turn(ctx, v.now())
}

// restored reports whether other replicas have had the time to put back what they have.
func (v *ticketKeys) restored() bool {
	return v.alone || v.clock.Now().Sub(token.TimeAt(v.lost.Load())) >= restoring
}

// TurnKeys does what time demands of the keys: it makes tickets' keys of the next epoch,
// and destroys those of past ones, in memory, in the database and in its files; and it
// turns the signing keys. Call it every second; most times there is nothing to do. What
// fails is done the next time.
func (a *Keys) TurnKeys(ctx context.Context) error {
	now := a.tickets.now()
	if err := a.tickets.turn(ctx, now); err != nil {
		return err
	}
	if err := a.tickets.erase(ctx, now.Oldest()); err != nil {
		return err
	}
	for _, use := range keyring.Uses() {
		if _, err := a.signing.get(ctx, use); err != nil {
			return err
		}
	}
	return nil
}

// erase deletes the keys of epochs before one from the database.
func (v *ticketKeys) erase(ctx context.Context, before keyring.Epoch) error {
	return v.exclusively(ctx, func() error {
		if v.erased < before {
			if err := v.store.DropTicketKeys(ctx, before); err != nil {
				return err
			}
			v.erased, v.dirty = before, true
		}
		if !v.dirty {
			return nil
		}
		err := v.store.Scrub(ctx)
		v.dirty = err != nil
		return err
	})
}
