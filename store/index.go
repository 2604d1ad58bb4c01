package store

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"sync"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// index finds entries by term and snapshots by account: in the tails, then in the
// runs from the newest to the oldest. It is safe for concurrent use.
type index struct {
	db       Database
	perFlush int
	reserved int64 // the highest id of a run given so far; only who maintains the runs looks at it

	mu      sync.RWMutex
	active  *tail              // entries after the last freeze
	frozen  *tail              // being flushed; nil where none is
	runs    map[runKind][]*run // newest first; replaced, never changed
	flushed uint64             // the runs stand for the entries up to here
	buffer  []journal.Term
}

func newIndex(db Database, perFlush int) *index {
	return &index{db: db, perFlush: perFlush, active: newTail(0, perFlush), runs: map[runKind][]*run{}}
}

// add indexes committed entries.
func (x *index) add(entries []*journal.Entry) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, e := range entries {
		if e.Seq > x.flushed && e.Seq > x.active.last {
			x.buffer = x.active.add(e, x.buffer)
		}
	}
}

// pinned reports whether an account has entries that no snapshot stands for.
func (x *index) pinned(id token.AccountID) bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if _, ok := x.active.accounts[id]; ok {
		return true
	}
	if x.frozen == nil {
		return false
	}
	_, ok := x.frozen.accounts[id]
	return ok
}

// waiting returns how many entries have not been flushed.
func (x *index) waiting() (active, frozen int) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.active.count(), x.frozen.count()
}

// freeze sets the active tail aside to be flushed and begins a new one. What an
// earlier flush could not write is still set aside, and is returned first.
func (x *index) freeze() *tail {
	next := newTail(0, x.perFlush) // large, so not made under the lock
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.frozen == nil && x.active.count() > 0 {
		x.frozen = x.active
		next.base, next.last = x.frozen.last, x.frozen.last
		x.active = next
	}
	return x.frozen
}

// install replaces the runs and forgets what they stand for from the tails. Runs that
// stand for less were read before others were installed: what they lack is not in the tails
// any more, so they are left alone.
func (x *index) install(runs []*run) {
	byKind, flushed := sortOut(runs)
	x.mu.Lock()
	defer x.mu.Unlock()
	if flushed < x.flushed {
		return
	}
	x.runs, x.flushed = byKind, flushed
	if x.frozen != nil {
		if x.frozen = x.frozen.after(flushed, 0); x.frozen.count() == 0 {
			x.frozen = nil
		}
	}
	x.active = x.active.after(flushed, x.perFlush)
}

// startFrom forgets the tails and begins anew with runs.
func (x *index) startFrom(runs []*run) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.runs, x.flushed = sortOut(runs)
	x.active, x.frozen = newTail(x.flushed, x.perFlush), nil
}

// sortOut deals runs by their kind, and tells up to which entry they stand for all.
func sortOut(runs []*run) (byKind map[runKind][]*run, flushed uint64) {
	byKind = map[runKind][]*run{}
	for _, r := range runs { // newest first
		byKind[r.kind] = append(byKind[r.kind], r)
		if r.kind == indexRun {
			flushed = max(flushed, r.last)
		}
	}
	return byKind, flushed
}

// view returns the runs of a kind as they are now.
func (x *index) view(kind runKind) []*run {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.runs[kind]
}

// probe is a term looked for in one run, from a chunk on downward.
type probe struct {
	term  int // which of the terms
	run   *run
	chunk int
}

// lookup returns for each term the numbers of all entries that have it, newest first; for
// the terms from the one numbered newest on, only of the newest entry.
func (x *index) lookup(ctx context.Context, terms []journal.Term, newest int) ([][]uint64, error) {
	for range maxReloads {
		found, err := x.lookupOnce(ctx, terms, newest)
		if !errors.Is(err, errRunGone) {
			return found, err
		}
		if err := x.reload(ctx); err != nil {
			return nil, err
		}
	}
	return nil, errRunGone
}

// maxReloads bounds how often a search starts again because runs were merged.
const maxReloads = 10

func (x *index) lookupOnce(ctx context.Context, terms []journal.Term, newest int) ([][]uint64, error) {
	found := make([][]uint64, len(terms))
	var probes []probe
	var ids []int64
	x.mu.RLock()
	limit := func(term int) int {
		if term >= newest {
			return 1 - len(found[term])
		}
		return math.MaxInt
	}
	for i, term := range terms {
		found[i] = x.active.find(term, math.MaxUint64, limit(i), nil)
		found[i] = x.frozen.find(term, math.MaxUint64, limit(i), found[i])
		if limit(i) == 0 {
			continue
		}
		key := indexKey(term, math.MaxUint64)
		for _, r := range x.runs[indexRun] {
			if !r.mayHold(key) {
				continue
			}
			if chunk := r.chunkOf(key); chunk >= 0 {
				probes = append(probes, probe{i, r, chunk})
				ids = append(ids, rowID(r.id, chunk))
			}
		}
	}
	x.mu.RUnlock()
	if len(ids) == 0 {
		return found, nil
	}
	var longer []probe // may have more, in the chunk before
	err := x.db.Chunks(ctx, ids, func(i int, chunk []byte) error {
		p := probes[i]
		if chunk == nil {
			return errRunGone
		}
		var more bool
		if found[p.term], more = seqsIn(chunk, terms[p.term], math.MaxUint64, limit(p.term), found[p.term]); more && p.term < newest {
			longer = append(longer, p)
		}
		return nil
	})
	for i := 0; i < len(longer) && err == nil; i++ {
		p := longer[i]
		found[p.term], err = x.walk(ctx, p.run, p.chunk-1, terms[p.term], math.MaxUint64, math.MaxInt, found[p.term])
		slices.SortFunc(found[p.term], func(a, b uint64) int { return cmp.Compare(b, a) })
	}
	return found, err
}

// walk appends the numbers below before that a run has for term, newest first, until
// there are limit in all, from the chunk numbered n downward.
func (x *index) walk(ctx context.Context, r *run, n int, term journal.Term, before uint64, limit int, out []uint64) ([]uint64, error) {
	for more := true; more && n >= 0 && len(out) < limit; n-- {
		err := x.db.Chunks(ctx, []int64{rowID(r.id, n)}, func(_ int, chunk []byte) error {
			if chunk == nil {
				return errRunGone
			}
			out, more = seqsIn(chunk, term, before, limit-len(out), out)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// page returns up to limit numbers below before that have the term, newest first.
func (x *index) page(ctx context.Context, term journal.Term, before uint64, limit int) ([]uint64, error) {
	for range maxReloads {
		out, err := x.pageOnce(ctx, term, before, limit)
		if !errors.Is(err, errRunGone) {
			return out, err
		}
		if err := x.reload(ctx); err != nil {
			return nil, err
		}
	}
	return nil, errRunGone
}

func (x *index) pageOnce(ctx context.Context, term journal.Term, before uint64, limit int) ([]uint64, error) {
	x.mu.RLock()
	out := x.active.find(term, before, limit, nil)
	out = x.frozen.find(term, before, limit-len(out), out)
	runs := x.runs[indexRun]
	x.mu.RUnlock()
	for _, r := range runs {
		if len(out) >= limit {
			break
		}
		key := indexKey(term, before-1)
		chunk := r.chunkOf(key)
		if r.first >= before || chunk < 0 || !r.mayHold(key) {
			continue
		}
		var err error
		if out, err = x.walk(ctx, r, chunk, term, before, limit, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// snapshots calls use with the place of each id that has a snapshot, and the newest one,
// which is good until use returns. It may do so more than once.
func (x *index) snapshots(ctx context.Context, ids []token.AccountID, use func(place int, body []byte) error) error {
	for range maxReloads {
		err := x.snapshotsOnce(ctx, ids, use)
		if !errors.Is(err, errRunGone) {
			return err
		}
		if err := x.reload(ctx); err != nil {
			return err
		}
	}
	return errRunGone
}

func (x *index) snapshotsOnce(ctx context.Context, ids []token.AccountID, use func(int, []byte) error) error {
	runs := x.view(snapshotRun)
	next := make([]int, len(ids)) // the run to look into next
	open := make([]int, len(ids)) // which ids are still looked for
	for i := range ids {
		open[i] = i
	}
	rows := make([]int64, 0, len(ids))
	for len(open) > 0 {
		rows = rows[:0]
		still := open[:0]
		for _, i := range open {
			for ; next[i] < len(runs); next[i]++ {
				r := runs[next[i]]
				if chunk := r.chunkOf(Key16(ids[i])); chunk >= 0 && r.mayHold(Key16(ids[i])) {
					rows = append(rows, rowID(r.id, chunk))
					still = append(still, i)
					next[i]++
					break
				}
			}
		}
		if len(rows) == 0 {
			break
		}
		missing := still[:0]
		err := x.db.Chunks(ctx, rows, func(n int, chunk []byte) error {
			if chunk == nil {
				return errRunGone
			}
			body, err := snapshotIn(chunk, Key16(ids[still[n]]))
			if err != nil {
				return err
			}
			if body == nil {
				missing = append(missing, still[n]) // behind n by then
				return nil
			}
			return use(still[n], body)
		})
		if err != nil {
			return err
		}
		open = missing
	}
	return nil
}

// flushedTo returns the last entry that the runs stand for.
func (x *index) flushedTo() uint64 {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.flushed
}

func (x *index) runCount() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return len(x.runs[indexRun]) + len(x.runs[snapshotRun])
}
