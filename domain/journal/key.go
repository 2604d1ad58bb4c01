package journal

import (
	"crypto/sha256"
	"encoding/binary"

	"farthing.dev/farthing/token"
)

// Key is an idempotency key as the journal keeps it, for ever: who gave it, what
// it was, and a digest of the request that came with it. The zero Key is none.
type Key struct {
	_      struct{} `cbor:",toarray"`
	Scope  [16]byte // the vendor's, account's or user's id; zero for the provider itself
	Hash   [16]byte // of the key's text
	Digest [8]byte  // of the request
}

// IsZero reports whether there is no key.
func (k Key) IsZero() bool { return k.Scope == [16]byte{} && k.Hash == [16]byte{} }

// NewKey makes a Key. purpose keeps keys of different operations apart where they
// must not meet ("ticket"); request is the canonical form of what was asked.
func NewKey(scope [16]byte, purpose, text string, request []byte) Key {
	k := Key{Scope: scope}
	hash := sha256.New()
	hash.Write([]byte(purpose))
	hash.Write([]byte{0})
	hash.Write([]byte(text))
	copy(k.Hash[:], hash.Sum(nil))
	digest := sha256.Sum256(request)
	copy(k.Digest[:], digest[:])
	return k
}

// FundKey makes the Key under which money that came in is credited. It is the provider's own,
// whatever account it credits: one reference of a payment method is credited once, and with
// another account, amount or currency it is refused as a key that was used before.
func FundKey(account token.AccountID, f *Fund) Key {
	request := make([]byte, 0, 64)
	request = append(request, account[:]...)
	request = append(request, f.Currency[:]...)
	request = binary.BigEndian.AppendUint64(request, uint64(f.Amount))
	request = append(request, f.Channel[:]...)
	return NewKey([16]byte{}, "fund "+f.Method, f.Reference, request)
}

// ItemHash stands for an item of a vendor: the first half of SHA-256 of its SKU.
type ItemHash [16]byte

// HashItem returns the ItemHash of a SKU.
func HashItem(sku string) ItemHash {
	sum := sha256.Sum256([]byte(sku))
	return ItemHash(sum[:16])
}

// ItemKey names what one account may own: an item of a vendor.
type ItemKey struct {
	Account token.AccountID
	Vendor  token.VendorID
	Item    ItemHash
}

// KeyName is the part of a Key that must be unique.
type KeyName struct{ Scope, Hash [16]byte }

// Name returns the part of k that must be unique.
func (k Key) Name() KeyName { return KeyName{k.Scope, k.Hash} }

// Term is a 64-bit hash of something an entry mentions. The index maps terms to
// the sequence numbers of entries; a reader decodes the entry and checks that it
// really mentions what was asked for, so a collision costs a look and no more.
//
// The lowest bit marks a term that is looked for before it exists (keys, items and
// views), for which the index keeps a filter in memory.
type Term uint64

// term mixes a tag and up to 48 bytes. It hashes with SHA-256 only where the input
// is chosen by outsiders; ids and hashes are random already, so mixing suffices.
func term(tag byte, probed bool, parts ...[16]byte) Term {
	h := uint64(14695981039346656037) ^ uint64(tag)
	for _, p := range parts {
		for _, word := range [2]uint64{binary.LittleEndian.Uint64(p[:8]), binary.LittleEndian.Uint64(p[8:])} {
			h ^= word
			h *= 0x9E3779B97F4A7C15
			h ^= h >> 29
			h *= 0xBF58476D1CE4E5B9
			h ^= h >> 32
		}
	}
	h &^= 1
	if probed {
		h |= 1
	}
	return Term(h)
}

// Probed reports whether the term is looked for before it exists.
func (t Term) Probed() bool { return t&1 == 1 }

// TermOrder finds every entry that changes an order, but for its views: of those there can
// be any number.
func TermOrder(id token.OrderID) Term { return term('o', false, id) }

// TermViews finds the views of an order. The newest tells of all of them.
func TermViews(id token.OrderID) Term { return term('w', true, id) }

// TermAccount finds the entries of an account that its owners see.
func TermAccount(id token.AccountID) Term { return term('a', false, id) }

// TermVendor finds the orders, sales, holds and refunds of a vendor.
func TermVendor(id token.VendorID) Term { return term('v', false, id) }

// TermPayee finds the sales and refunds in which a payee has a royalty line.
func TermPayee(id token.PayeeID) Term { return term('p', false, id) }

// TermDeposits finds the entries by which money came in for an account, but for tests.
func TermDeposits(id token.AccountID) Term { return term('d', false, id) }

// TermKey finds the entry made under an idempotency key.
func TermKey(name KeyName) Term { return term('k', true, name.Scope, name.Hash) }

// TermItem finds the purchases by which an account came to own an item.
func TermItem(key ItemKey) Term { return term('i', true, key.Account, key.Vendor, key.Item) }

// DueSlotMillis is the width of the time slots in which entries are found that fall due.
const DueSlotMillis = 60 * 60 * 1000

// TermDue finds the entries that fall due in the slot that at (milliseconds) lies in.
func TermDue(at int64) Term {
	var slot [16]byte
	binary.LittleEndian.PutUint64(slot[:8], uint64(at/DueSlotMillis))
	return term('h', false, slot)
}

// Terms appends to buffer every term that the entry is to be found by.
func (e *Entry) Terms(buffer []Term) []Term {
	if !e.Key.IsZero() {
		buffer = append(buffer, TermKey(e.Key.Name()))
	}
	if e.Kind == Viewed {
		return append(buffer, TermViews(e.Order))
	}
	if !e.Order.IsZero() && e.By != e.Order {
		buffer = append(buffer, TermOrder(e.Order))
	}
	var room [2]token.AccountID
	for _, id := range e.Owners(room[:0]) {
		buffer = append(buffer, TermAccount(id))
	}
	if e.Kind.Vendor() {
		buffer = append(buffer, TermVendor(e.Vendor))
	}
	for _, line := range e.Lines() {
		buffer = append(buffer, TermPayee(line.Payee))
	}
	if key, ok := e.ItemKey(); ok {
		buffer = append(buffer, TermItem(key))
	}
	if e.PaysIn() {
		buffer = append(buffer, TermDeposits(e.Account))
	}
	var times [2]int64
	for _, at := range e.Due(times[:0]) {
		buffer = append(buffer, TermDue(at))
	}
	return buffer
}

// SessionMark stands for a browser's session at a vendor: half of a hash, from which
// nothing about the session can be learned. Zero stands for none.
type SessionMark [16]byte
