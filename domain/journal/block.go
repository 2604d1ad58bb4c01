package journal

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/fxamacker/cbor/v2"

	"farthing.dev/farthing/domain/wire"
)

// Hash is a link of the chain: SHA-256.
type Hash [32]byte

// Block is what one commit appends: Count entries numbered from First, with the
// time they were decided at, chained to the block before by its hash.
type Block struct {
	First uint64
	Count int
	At    int64 // milliseconds since 1970; never before the block ahead of it
	Prev  Hash
	Hash  Hash
	Body  []byte // the entries, a CBOR sequence
}

// Last returns the sequence number of the block's last entry.
func (b *Block) Last() uint64 { return b.First + uint64(b.Count) - 1 }

// Sum computes the hash of the block from everything else in it.
func (b *Block) Sum() Hash {
	var head [24]byte
	binary.BigEndian.PutUint64(head[0:], b.First)
	binary.BigEndian.PutUint64(head[8:], uint64(b.Count))
	binary.BigEndian.PutUint64(head[16:], uint64(b.At))
	h := sha256.New()
	h.Write(b.Prev[:])
	h.Write(head[:])
	h.Write(b.Body)
	return Hash(h.Sum(nil))
}

// Head is the end of the journal: the number and hash of what was appended last.
// The zero Head is an empty journal.
type Head struct {
	Seq  uint64
	Hash Hash
	At   int64
}

// String writes the head as people keep it elsewhere, to prove later that history was
// only added to.
func (h Head) String() string { return fmt.Sprintf("%d:%x", h.Seq, h.Hash) }

// MarshalText is String, for reports in JSON.
func (h Head) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// ParseHead reads what String wrote.
func ParseHead(text string) (Head, error) {
	number, digits, _ := strings.Cut(text, ":")
	seq, err := strconv.ParseUint(number, 10, 64)
	hash, err2 := hex.DecodeString(digits)
	if err != nil || err2 != nil || len(hash) != len(Hash{}) {
		return Head{}, errors.New("a head is a number, a colon and 64 hexadecimal digits")
	}
	return Head{Seq: seq, Hash: Hash(hash)}, nil
}

// Head returns the journal's end as it stands after the block.
func (b *Block) Head() Head { return Head{Seq: b.Last(), Hash: b.Hash, At: b.At} }

var encoding = func() cbor.EncMode {
	mode, err := cbor.EncOptions{Sort: cbor.SortNone}.EncMode()
	if err != nil {
		panic(err)
	}
	return mode
}()

var decoding = func() cbor.DecMode {
	mode, err := cbor.DecOptions{MaxArrayElements: 65536, UTF8: cbor.UTF8DecodeInvalid}.DecMode()
	if err != nil {
		panic(err)
	}
	return mode
}()

// Seal encodes entries into the block that follows head. It sets Seq and At of
// each entry.
func Seal(head Head, at int64, entries []*Entry) (*Block, error) {
	body := make([]byte, 0, 512*len(entries))
	for i, e := range entries {
		e.Seq, e.At = head.Seq+1+uint64(i), at
		extended, ok := appendEntry(body, e)
		if !ok {
			other, err := encoding.Marshal(e)
			if err != nil {
				return nil, fmt.Errorf("encode journal entry: %w", err)
			}
			extended = append(body, other...)
		}
		body = extended
	}
	b := &Block{First: head.Seq + 1, Count: len(entries), At: at, Prev: head.Hash, Body: body}
	b.Hash = b.Sum()
	return b, nil
}

// Entries decodes the block's entries.
func (b *Block) Entries() ([]*Entry, error) {
	if b.Count < 0 || b.Count > len(b.Body) {
		return nil, fmt.Errorf("decode journal block %d: it cannot hold %d entries", b.First, b.Count)
	}
	entries := make([]Entry, b.Count)
	out := make([]*Entry, b.Count)
	rest := b.Body
	for i := range entries {
		var err error
		if rest, err = decode(rest, &entries[i]); err != nil {
			return nil, fmt.Errorf("decode journal entry %d: %w", b.First+uint64(i), err)
		}
		entries[i].Seq, entries[i].At = b.First+uint64(i), b.At
		out[i] = &entries[i]
	}
	if len(rest) != 0 {
		return nil, fmt.Errorf("decode journal block %d: %w", b.First, errTrailing)
	}
	return out, nil
}

// Entry decodes the one entry numbered seq.
func (b *Block) Entry(seq uint64) (*Entry, error) {
	rest := b.Body
	for at := b.First; ; at++ {
		var err error
		if at == seq {
			entry := &Entry{}
			_, err = decode(rest, entry)
			entry.Seq, entry.At = seq, b.At
			return entry, err
		}
		if rest, err = pass(rest); err != nil {
			return nil, fmt.Errorf("find journal entry %d: %w", seq, err)
		}
	}
}

// decode decodes the first entry of encoded into e and returns what follows it.
func decode(encoded []byte, e *Entry) ([]byte, error) {
	if rest, ok := readEntry(encoded, e); ok {
		return rest, nil
	}
	*e = Entry{}
	return decoding.UnmarshalFirst(encoded, e)
}

// pass returns what follows the first entry of encoded.
func pass(encoded []byte) ([]byte, error) {
	r := wire.Reader{Rest: encoded}
	if r.Skip(16) {
		return r.Rest, nil
	}
	var passed cbor.RawMessage
	rest, err := decoding.UnmarshalFirst(encoded, &passed)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return rest, err
}

// Marshal encodes any record that uses the journal's types, for snapshots.
func Marshal(v any) ([]byte, error) { return encoding.Marshal(v) }

// Unmarshal is the reverse of Marshal.
func Unmarshal(b []byte, v any) error { return decoding.Unmarshal(b, v) }

var errTrailing = errors.New("bytes after the last entry")
