package store

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"farthing.dev/farthing/domain/journal"
)

// records draws postings of few terms, so that terms have many entries and chunks
// begin in the middle of a term.
func records(t *rapid.T) []Key16 {
	keys := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) Key16 {
		return indexKey(journal.Term(rapid.Uint64Range(0, 5).Draw(t, "term")), rapid.Uint64Range(1, 2000).Draw(t, "seq"))
	}), 1, 900, func(k Key16) Key16 { return k }).Draw(t, "records")
	slices.SortFunc(keys, compareKeys)
	return keys
}

func TestChunksAnswerAsTheWholeDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := records(t)
		r, builder := &run{kind: indexRun}, chunkBuilder{kind: indexRun}
		var chunks [][]byte
		take := func() {
			first, body := builder.take()
			r.fences, chunks = append(r.fences, first), append(chunks, body)
		}
		for _, k := range keys {
			if !builder.add(k, nil) {
				take()
				builder.add(k, nil)
			}
		}
		take()
		term := journal.Term(rapid.Uint64Range(0, 6).Draw(t, "looked for"))
		before := rapid.Uint64Range(1, 2001).Draw(t, "before")
		limit := rapid.IntRange(1, 1000).Draw(t, "limit")
		var want []uint64
		for _, k := range slices.Backward(keys) {
			if key := indexKey(term, before); k[7] == key[7] && compareKeys(k, key) < 0 && len(want) < limit {
				want = append(want, uint64(k[14])<<8|uint64(k[15]))
			}
		}
		var got []uint64
		for n := r.chunkOf(indexKey(term, before-1)); n >= 0; n-- {
			var more bool
			if got, more = seqsIn(chunks[n], term, before, limit-len(got), got); !more || len(got) == limit {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

func TestTailForgetsWhatWasFlushed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := rapid.Uint64Range(0, 1<<40).Draw(t, "base")
		whole := newTail(base, 0)
		n := rapid.Uint64Range(1, 100).Draw(t, "entries")
		for seq := base + 1; seq <= base+n; seq++ {
			whole.post(journal.Term(seq%3), seq)
			whole.post(journal.Term(7), seq)
			whole.last = seq
		}
		flushed := base + rapid.Uint64Range(0, n+5).Draw(t, "flushed")
		rest := whole.after(flushed, 0)
		for _, term := range []journal.Term{0, 1, 2, 7, 9} {
			var want []uint64
			for _, seq := range whole.find(term, math.MaxUint64, math.MaxInt, nil) {
				if seq > flushed {
					want = append(want, seq)
				}
			}
			if got := rest.find(term, math.MaxUint64, math.MaxInt, nil); !slices.Equal(got, want) {
				t.Fatalf("term %d: got %v, want %v", term, got, want)
			}
		}
	})
}

func TestFilterForgetsNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		marks := rapid.SliceOfNDistinct(rapid.Uint64(), 1, 300, func(m uint64) uint64 { return m | 1 }).Draw(t, "marks")
		for i := range marks {
			marks[i] |= 1 // a probed term
		}
		slices.Sort(marks)
		built, err := newFilter(indexKey(journal.Term(marks[0]), 0), marks)
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := decodeFilter(built.encode())
		if err != nil {
			t.Fatal(err)
		}
		r := &run{kind: indexRun, filters: []filter{decoded}}
		for _, m := range marks {
			if !r.mayHold(indexKey(journal.Term(m), 5)) {
				t.Fatalf("%x is forgotten", m)
			}
		}
		cut := built.encode()
		if _, err := decodeFilter(cut[:len(cut)-1]); err == nil {
			t.Fatal("a filter that was cut short is taken")
		}
	})
}
