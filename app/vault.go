package app

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"reflect"
	"sync"
	"sync/atomic"

	"farthing.dev/farthing/domain/keyring"
	"farthing.dev/farthing/token"
)

// vault holds the keys of tickets: for each epoch one random root, from which each
// vendor's key is expanded. Roots come from the database, where every replica finds
// the same. When an epoch's time is over its keys are overwritten here and deleted
// there: then nobody opens its tickets, whatever else they know.
type vault struct {
	store keyring.TicketStore
	keys  *locksmith
	dice  *dice
	clock token.Clock

	turning sync.Mutex // held while keys are read from the database
	erased  keyring.Epoch
	dirty   bool // something was deleted, and may still be in the database's files

	oldest atomic.Uint32 // the first epoch that may be here
	mu     sync.RWMutex  // held for reading while a key is used, for writing while keys come and go
	epochs map[keyring.Epoch]*epochKeys
}

// epochKeys are the keys of one epoch.
type epochKeys struct {
	root [32]byte

	mu      sync.RWMutex
	vendors map[token.VendorID]cipher.AEAD
}

// maxVendorKeys bounds how many vendors' keys of an epoch are kept. Those of others are
// expanded at each use.
const maxVendorKeys = 4096

func newVault(store keyring.TicketStore, keys *locksmith, dice *dice, clock token.Clock) *vault {
	return &vault{store: store, keys: keys, dice: dice, clock: clock, dirty: true, epochs: map[keyring.Epoch]*epochKeys{}}
}

// now returns the present epoch. Where it is a new one it destroys what is over.
func (v *vault) now() keyring.Epoch {
	now := keyring.EpochAt(v.clock.Now())
	if keyring.Epoch(v.oldest.Load()) < now.Oldest() {
		v.forget(now.Oldest())
	}
	return now
}

// forget overwrites the keys of epochs before one.
func (v *vault) forget(before keyring.Epoch) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for n, keys := range v.epochs {
		if n < before {
			keys.destroy()
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

// use runs work with a vendor's key of an epoch, or returns false where there is no
// such key. The key must not be kept.
func (v *vault) use(ctx context.Context, n keyring.Epoch, vendor token.VendorID, work func(cipher.AEAD)) (bool, error) {
	if found, err := v.useKnown(n, vendor, work); found || err != nil {
		return found, err
	}
	if err := v.turn(ctx, v.now()); err != nil {
		return false, err
	}
	return v.useKnown(n, vendor, work)
}

func (v *vault) useKnown(n keyring.Epoch, vendor token.VendorID, work func(cipher.AEAD)) (bool, error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	keys := v.epochs[n]
	if keys == nil {
		return false, nil
	}
	keys.mu.RLock()
	key := keys.vendors[vendor]
	keys.mu.RUnlock()
	if key != nil {
		work(key)
		return true, nil
	}
	key, err := keys.expand(vendor)
	if err != nil {
		return false, err
	}
	work(key)
	keys.keep(vendor, key)
	return true, nil
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
// the one before where there are any.
func (v *vault) turn(ctx context.Context, now keyring.Epoch) error {
	v.turning.Lock()
	defer v.turning.Unlock()
	if v.has(now, now+1) {
		return nil
	}
	fresh := make([]keyring.TicketKey, 0, 2)
	for _, n := range []keyring.Epoch{now, now + 1} {
		key, err := v.make(n)
		if err != nil {
			return err
		}
		fresh = append(fresh, key)
	}
	if err := v.store.AddTicketKeys(ctx, fresh); err != nil {
		return err
	}
	stored, err := v.store.TicketKeys(ctx, now.Oldest()) // another replica may have been first
	if err != nil {
		return err
	}
	for _, key := range stored {
		if err := v.open(key); err != nil {
			return err
		}
	}
	if !v.has(now, now+1) {
		return token.New(token.Unavailable, token.CodeUnavailable, "the keys of tickets are not there yet; try again")
	}
	return nil
}

// has reports whether the keys of all these epochs are here.
func (v *vault) has(epochs ...keyring.Epoch) bool {
	v.mu.RLock()
	defer v.mu.RUnlock()
	for _, n := range epochs {
		if v.epochs[n] == nil {
			return false
		}
	}
	return true
}

// make makes the root of an epoch, sealed for the database.
func (v *vault) make(n keyring.Epoch) (keyring.TicketKey, error) {
	box, err := v.keys.box("ticket keys")
	if err != nil {
		return keyring.TicketKey{}, err
	}
	var root [32]byte
	defer clear(root[:])
	if err := v.dice.fill(root[:]); err != nil {
		return keyring.TicketKey{}, err
	}
	nonce := make([]byte, box.NonceSize(), box.NonceSize()+len(root)+box.Overhead())
	if err := v.dice.fill(nonce); err != nil {
		return keyring.TicketKey{}, err
	}
	sealed := box.Seal(nonce, nonce, root[:], binary.BigEndian.AppendUint32(nil, uint32(n)))
	return keyring.TicketKey{Epoch: n, Sealed: sealed, CreatedAt: v.clock.Now().UnixMilli()}, nil
}

// open takes a stored root in, where it is not here and not over.
func (v *vault) open(key keyring.TicketKey) error {
	box, err := v.keys.box("ticket keys")
	if err != nil {
		return err
	}
	wrong := token.New(token.Internal, token.CodeInternal, "a ticket key in the database was sealed under another secret")
	if len(key.Sealed) < box.NonceSize() {
		return wrong
	}
	plain, err := box.Open(nil, key.Sealed[:box.NonceSize()], key.Sealed[box.NonceSize():], binary.BigEndian.AppendUint32(nil, uint32(key.Epoch)))
	if err != nil || len(plain) != 32 {
		return wrong
	}
	defer clear(plain)
	defer clear(key.Sealed)
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.epochs[key.Epoch] == nil && key.Epoch >= keyring.EpochAt(v.clock.Now()).Oldest() {
		v.epochs[key.Epoch] = &epochKeys{root: [32]byte(plain), vendors: map[token.VendorID]cipher.AEAD{}}
	}
	return nil
}

// ready makes sure that a ticket can be sealed now. It reads the database only where
// the keys of this epoch are not here.
func (v *vault) ready(ctx context.Context) error {
	now := v.now()
	if v.has(now) {
		return nil
	}
	return v.turn(ctx, now)
}

// TurnKeys does what time demands of the keys: it makes tickets' keys of the next epoch,
// and destroys those of past ones, in memory, in the database and in its files; and it
// turns the signing keys. Call it every second; most times there is nothing to do. What
// fails is done the next time.
func (a *App) TurnKeys(ctx context.Context) error {
	now := a.vault.now()
	if err := a.vault.turn(ctx, now); err != nil {
		return err
	}
	if err := a.vault.erase(ctx, now.Oldest()); err != nil {
		return err
	}
	for _, use := range keyring.Uses() {
		if _, err := a.rings.get(ctx, use); err != nil {
			return err
		}
	}
	return nil
}

// erase deletes the keys of epochs before one from the database.
func (v *vault) erase(ctx context.Context, before keyring.Epoch) error {
	v.turning.Lock()
	defer v.turning.Unlock()
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
}
