package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// index finds entries by term and snapshots by account: in the tails, then in the
// runs from the newest to the oldest. It is safe for concurrent use.
type index struct {
	db       Database
	perFlush int
	patience time.Duration       // for each step
	reserved int64               // the highest id of a run given so far; only who maintains the runs looks at it
	head     func() journal.Head // of the journal, as this process knows it
	doubt    atomic.Bool         // the runs are not to be relied on: see errDoubt

	mu      sync.RWMutex
	active  *tail              // entries after the last freeze
	frozen  *tail              // being flushed; nil where none is
	runs    map[runKind][]*run // newest first; replaced, never changed
	flushed uint64             // the runs stand for the entries up to here
	buffer  []journal.Term

	generation int             // how often it began anew
	condemned  map[int64]int64 // the salts of runs whose rows are damaged, by id
}

func newIndex(db Database, options Options, head func() journal.Head) *index {
	return &index{db: db, perFlush: options.Tail, patience: options.Patience, head: head, active: newTail(0, options.Tail), runs: map[runKind][]*run{}}
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
// earlier flush could not write is still set aside, and is returned first; nil for none. It
// is of the generation that is returned with it.
func (x *index) freeze() (frozen *tail, generation int) {
	next := newTail(0, x.perFlush) // large, so not made under the lock
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.frozen == nil && x.active.count() > 0 {
		x.frozen = x.active
		next.base, next.last = x.frozen.last, x.frozen.last
		x.active = next
	}
	return x.frozen, x.generation
}

// is reports whether it has not begun anew since a generation.
func (x *index) is(generation int) bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.generation == generation
}

// install replaces the runs and forgets what they stand for from the tails. Runs that
// stand for less were read before others were installed: what they lack is not in the tails
// any more, so they are left alone; and so are those that were read before a start anew.
func (x *index) install(l runList, generation int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if l.flushed < x.flushed || generation != x.generation {
		return
	}
	x.runs, x.flushed = l.byKind(), l.flushed
	if x.frozen != nil {
		if x.frozen = x.frozen.after(l.flushed, 0); x.frozen.count() == 0 {
			x.frozen = nil
		}
	}
	x.active = x.active.after(l.flushed, x.perFlush)
}

// startFrom forgets the tails and begins anew with runs.
func (x *index) startFrom(l runList) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.generation++
	x.runs, x.flushed = l.byKind(), l.flushed
	x.active, x.frozen = newTail(x.flushed, x.perFlush), nil
}

// byKind deals the runs by their kind, newest first.
func (l runList) byKind() map[runKind][]*run {
	kinds := map[runKind][]*run{}
	for _, r := range l.runs {
		kinds[r.kind] = append(kinds[r.kind], r)
	}
	return kinds
}

// read is Read with a deadline: a lock that somebody else holds is an error after a while.
func (x *index) read(ctx context.Context, work func(ctx context.Context, tx *sql.Tx) error) error {
	ctx, stop := context.WithTimeout(ctx, x.patience)
	defer stop()
	return x.db.Read(ctx, func(tx *sql.Tx) error { return work(ctx, tx) })
}

// writeBehind is WriteBehind with a deadline.
func (x *index) writeBehind(ctx context.Context, work func(ctx context.Context, tx *sql.Tx) error) error {
	ctx, stop := context.WithTimeout(ctx, x.patience)
	defer stop()
	return x.db.WriteBehind(ctx, func(tx *sql.Tx) error { return work(ctx, tx) })
}

// ask reads one row with a deadline.
func (x *index) ask(ctx context.Context, query string, args []any, into ...any) error {
	ctx, stop := context.WithTimeout(ctx, x.patience)
	defer stop()
	return x.db.SQL().QueryRowContext(ctx, query, args...).Scan(into...)
}

// begin returns a new run of the entries from first to last.
func (x *index) begin(id int64, kind runKind, level int64, first, last uint64) *run {
	r := &run{id: id, kind: kind, level: level, first: first, last: last}
	r.salt = saltOf(x.head().Hash, r)
	return r
}

// has reports whether a run is still in the list that this process has.
func (x *index) has(r *run) bool { return slices.Contains(x.view(r.kind), r) }

// chunks calls visit with the records of each of the chunks with these ids: the chunk at a
// place belongs to the run that of returns for it. Nothing is visited that is not what was
// written.
func (x *index) chunks(ctx context.Context, ids []int64, of func(place int) *run, visit func(place int, records []byte) error) error {
	return x.db.Chunks(ctx, ids, func(place int, sealed []byte) error {
		r := of(place)
		if sealed == nil {
			return &goneError{r}
		}
		records, err := r.unseal(dataRow, ids[place], sealed)
		if err != nil {
			return x.condemn(r, "a chunk of its records is damaged")
		}
		return visit(place, records)
	})
}

// search calls once, and again with the runs as they are by then where one of them was
// merged into another meanwhile. once may therefore run more than once.
func (x *index) search(ctx context.Context, once func() error) error {
	for range maxReloads {
		err := once()
		if _, gone := errors.AsType[*goneError](err); !gone {
			return err
		}
		if err := x.explain(ctx, err); !errors.Is(err, errOvertaken) {
			return err
		}
	}
	return errors.New("runs are merged faster than they are read")
}

// explain finds out why a row of a run is not there, where err says so: the run was merged
// into another (errOvertaken), the database lost it or it is damaged (errDoubt).
func (x *index) explain(ctx context.Context, err error) error {
	gone, ok := errors.AsType[*goneError](err)
	if !ok {
		return err
	}
	if err := x.reload(ctx); err != nil {
		return err
	}
	if x.has(gone.run) {
		return x.condemn(gone.run, "a chunk of its records is missing")
	}
	return errOvertaken
}

// maxReloads bounds how often a search starts again because runs were merged.
const maxReloads = 10

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
func (x *index) lookup(ctx context.Context, terms []journal.Term, newest int) (found [][]uint64, err error) {
	err = x.search(ctx, func() error {
		found, err = x.lookupOnce(ctx, terms, newest)
		return err
	})
	return found, err
}

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
	err := x.chunks(ctx, ids, func(i int) *run { return probes[i].run }, func(i int, chunk []byte) error {
		p := probes[i]
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
		err := x.chunks(ctx, []int64{rowID(r.id, n)}, func(int) *run { return r }, func(_ int, chunk []byte) error {
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
func (x *index) page(ctx context.Context, term journal.Term, before uint64, limit int) (seqs []uint64, err error) {
	return x.between(ctx, term, 0, before, limit)
}

// between is page of the numbers above after. It may have some that are not, which come last.
func (x *index) between(ctx context.Context, term journal.Term, after, before uint64, limit int) (seqs []uint64, err error) {
	err = x.search(ctx, func() error {
		seqs, err = x.betweenOnce(ctx, term, after, before, limit)
		return err
	})
	return seqs, err
}

func (x *index) betweenOnce(ctx context.Context, term journal.Term, after, before uint64, limit int) ([]uint64, error) {
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
		if r.first >= before || r.last <= after || chunk < 0 || !r.mayHold(key) {
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
	return x.snapshotsBefore(ctx, ids, math.MaxUint64, func(place int, body []byte) (bool, error) { return true, use(place, body) })
}

// snapshotsBefore is snapshots without those that are certainly of entries from before on. Where one
// is not enough for use, it gets the next older one of that id.
func (x *index) snapshotsBefore(ctx context.Context, ids []token.AccountID, before uint64, use func(place int, body []byte) (enough bool, err error)) error {
	return x.search(ctx, func() error { return x.snapshotsOnce(ctx, ids, before, use) })
}

func (x *index) snapshotsOnce(ctx context.Context, ids []token.AccountID, before uint64, use func(int, []byte) (bool, error)) error {
	runs := x.view(snapshotRun)
	next := make([]int, len(ids)) // the run to look into next
	open := make([]int, len(ids)) // which ids are still looked for
	for i := range ids {
		open[i] = i
	}
	rows := make([]int64, 0, len(ids))
	holders := make([]*run, 0, len(ids))
	for len(open) > 0 {
		rows, holders = rows[:0], holders[:0]
		still := open[:0]
		for _, i := range open {
			for ; next[i] < len(runs); next[i]++ {
				r := runs[next[i]]
				if chunk := r.chunkOf(Key16(ids[i])); r.first < before && chunk >= 0 && r.mayHold(Key16(ids[i])) {
					rows, holders = append(rows, rowID(r.id, chunk)), append(holders, r)
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
		err := x.chunks(ctx, rows, func(n int) *run { return holders[n] }, func(n int, chunk []byte) error {
			body, err := snapshotIn(chunk, Key16(ids[still[n]]))
			if err != nil {
				return err
			}
			enough := false
			if body != nil {
				enough, err = use(still[n], body)
			}
			if !enough {
				missing = append(missing, still[n]) // behind n by then
			}
			return err
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
