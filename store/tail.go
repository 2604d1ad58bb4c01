package store

import (
	"encoding/binary"
	"slices"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// tail is the part of the index that has not been flushed: the terms of the entries
// after base, and the accounts that those entries are about. The postings of a term
// form a chain from the newest to the oldest.
type tail struct {
	base, last uint64
	heads      map[journal.Term]int32
	postings   []posting
	accounts   map[token.AccountID]struct{}
	marked     [64]token.AccountID // of accounts, some that came last: who earns by most sales is not looked up for each
}

type posting struct {
	term journal.Term
	seq  uint32 // above base
	next int32  // the next older posting of the term, -1 for none
}

func newTail(base uint64, entries int) *tail {
	return &tail{
		base: base, last: base,
		heads:    make(map[journal.Term]int32, entries*5),
		postings: make([]posting, 0, entries*6),
		accounts: make(map[token.AccountID]struct{}, entries),
	}
}

// add appends an entry; buffer is scratch space, returned for the next call.
func (t *tail) add(e *journal.Entry, buffer []journal.Term) []journal.Term {
	buffer = e.Terms(buffer[:0])
	for _, term := range buffer {
		t.post(term, e.Seq)
	}
	var room [8]token.AccountID
	for _, id := range e.Accounts(room[:0]) {
		if mark := &t.marked[id[15]%byte(len(t.marked))]; *mark != id {
			*mark = id
			t.accounts[id] = struct{}{}
		}
	}
	t.last = e.Seq
	return buffer
}

func (t *tail) post(term journal.Term, seq uint64) {
	head, ok := t.heads[term]
	if !ok {
		head = -1
	}
	t.heads[term] = int32(len(t.postings))
	t.postings = append(t.postings, posting{term: term, seq: uint32(seq - t.base), next: head})
}

// find appends up to limit sequence numbers of the term below before, newest first.
func (t *tail) find(term journal.Term, before uint64, limit int, out []uint64) []uint64 {
	if t == nil {
		return out
	}
	at, ok := t.heads[term]
	for ; ok && at >= 0 && limit > 0; at = t.postings[at].next {
		if seq := t.base + uint64(t.postings[at].seq); seq < before {
			out = append(out, seq)
			limit--
		}
	}
	return out
}

// count returns how many entries the tail holds.
func (t *tail) count() int {
	if t == nil {
		return 0
	}
	return int(t.last - t.base)
}

// after returns a tail without the entries up to seq. The accounts stay: too many are
// harmless, they are only kept in memory longer.
func (t *tail) after(seq uint64, entries int) *tail {
	if seq >= t.last {
		return newTail(seq, entries)
	}
	if seq <= t.base {
		return t
	}
	rest := newTail(seq, entries)
	for _, p := range t.postings {
		if at := t.base + uint64(p.seq); at > seq {
			rest.post(p.term, at)
		}
	}
	rest.accounts, rest.last = t.accounts, t.last
	return rest
}

// sorted returns the tail's records as an index run keeps them. Terms are hashes, so
// their first bits deal the records evenly into piles of a few, which are sorted quickly.
func (t *tail) sorted() []Key16 {
	const bits = 15
	var from [1<<bits + 1]int // where each pile begins, and behind the last one their end
	for _, p := range t.postings {
		from[p.term>>(64-bits)+1]++
	}
	for pile := range 1 << bits {
		from[pile+1] += from[pile]
	}
	keys, next := make([]Key16, len(t.postings)), from
	for _, p := range t.postings {
		pile := p.term >> (64 - bits)
		keys[next[pile]] = indexKey(p.term, t.base+uint64(p.seq))
		next[pile]++
	}
	for pile := range 1 << bits {
		slices.SortFunc(keys[from[pile]:from[pile+1]], compareKeys)
	}
	return slices.Compact(keys)
}

// indexKey is a record of the index: the term, then the entry's number.
func indexKey(term journal.Term, seq uint64) (k Key16) {
	binary.BigEndian.PutUint64(k[:8], uint64(term))
	binary.BigEndian.PutUint64(k[8:], seq)
	return k
}

func compareKeys(a, b Key16) int {
	if x, y := binary.BigEndian.Uint64(a[:8]), binary.BigEndian.Uint64(b[:8]); x != y {
		if x < y {
			return -1
		}
		return 1
	}
	x, y := binary.BigEndian.Uint64(a[8:]), binary.BigEndian.Uint64(b[8:])
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}
