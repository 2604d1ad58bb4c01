package staff

import (
	"crypto/sha256"
	"encoding/binary"
)

// Line is an act with its place in the log. Each line holds the hash of the one before, so none
// can be changed, taken out or put in without all behind it.
type Line struct {
	Act
	Number uint64   // from 1 without a gap
	Prev   [32]byte // the hash of the line before; zeros before the first
	Hash   [32]byte
}

// Sum returns the hash that the line should have: SHA-256 over its number, its time, the hash of
// the line before, and its texts, each with its length before it.
func (l *Line) Sum() [32]byte {
	b := make([]byte, 0, 256)
	b = append(b, "farthing staff log\x00"...)
	b = binary.BigEndian.AppendUint64(b, l.Number)
	b = binary.BigEndian.AppendUint64(b, uint64(l.At))
	b = append(b, l.Prev[:]...)
	for _, text := range []string{l.ID.String(), l.Actor, l.Action, l.Subject, l.Detail} {
		b = binary.BigEndian.AppendUint64(b, uint64(len(text)))
		b = append(b, text...)
	}
	return sha256.Sum256(b)
}

// Search picks lines of the log; zero values pick all.
type Search struct {
	Actor, Action, Subject string
	From, To               int64  // from one time until before another, in milliseconds since 1970; To 0: until now
	Before                 uint64 // below this number; 0: from the newest
}
