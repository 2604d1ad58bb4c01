package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"farthing.dev/farthing/domain/journal"
)

// reload brings the runs up to date; written are some that this process wrote itself. It
// returns errDoubt where they have become fewer than before, or are damaged.
func (x *index) reload(ctx context.Context, written ...*run) error {
	x.mu.RLock()
	before, generation := x.flushed, x.generation
	x.mu.RUnlock()
	var l runList
	err := x.read(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		l, err = x.list(ctx, tx, written)
		return err
	})
	if err != nil {
		return err
	}
	if len(l.faults) > 0 {
		return x.distrust(l.faults[0])
	}
	if l.flushed < before { // those that were read before others were published are not taken for a loss
		return x.distrust("the database has lost runs")
	}
	x.install(l, generation)
	return nil
}

// restart forgets the tails and takes the runs as the database has them. One that lost its
// power may have fewer than before. Damaged ones are taken out of the list, and what was
// published after them. It returns the block of the last entry that they stand for, as of the
// same moment: what is read a moment later may be of another server. Where they stand for none
// it is nil, and where none holds it the error is a NoBlockError.
func (x *index) restart(ctx context.Context) (end *journal.Block, err error) {
	x.doubt.Store(false)
	var l runList
	err = x.read(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		if l, err = x.list(ctx, tx, nil); err == nil && len(l.faults) == 0 {
			end, err = l.end(ctx, tx)
		}
		return err
	})
	if err == nil && len(l.faults) > 0 {
		l, end, err = x.repair(ctx)
	}
	if err != nil {
		x.doubt.Store(true)
		return nil, err
	}
	x.startFrom(l)
	return end, nil
}

// end reads the block of the last entry that the runs stand for.
func (l runList) end(ctx context.Context, tx *sql.Tx) (*journal.Block, error) {
	if l.flushed == 0 {
		return nil, nil
	}
	b := &journal.Block{}
	err := tx.QueryRowContext(ctx, `SELECT first, count, at, prev, hash, body FROM block WHERE first <= $1 ORDER BY first DESC LIMIT 1`, int64(l.flushed)).
		Scan(&b.First, &b.Count, &b.At, digest32{(*[32]byte)(&b.Prev)}, digest32{(*[32]byte)(&b.Hash)}, &b.Body)
	if errors.Is(err, sql.ErrNoRows) || err == nil && b.Last() < l.flushed {
		return nil, &NoBlockError{l.flushed}
	}
	if err != nil {
		return nil, fmt.Errorf("read the block of entry %d: %w", l.flushed, err)
	}
	return b, nil
}

// errDoubt says that the runs in memory are not to be relied on: the state is to be made
// again, from what is sound.
var errDoubt = errors.New("what was derived from the journal is damaged or lost; it is made again")

// distrust has the batch goroutine make the state again, and returns the error for whoever
// found out.
func (x *index) distrust(why string) error {
	x.doubt.Store(true)
	return fmt.Errorf("%w: %s", errDoubt, why)
}

// condemn takes a run for damaged, whatever its row says.
func (x *index) condemn(r *run, why string) error {
	x.mu.Lock()
	if x.condemned == nil {
		x.condemned = map[int64]int64{}
	}
	x.condemned[r.id] = r.salt
	x.mu.Unlock()
	return x.distrust(fmt.Sprintf("run %d: %s", r.id, why))
}

// runList is which runs there are, as of one moment.
type runList struct {
	runs    []*run // newest first; those that can be relied on
	flushed uint64 // they stand for the entries up to here
	rest    []int64
	faults  []string // why the rest cannot be
}

// list reads which runs there are, and the guides of those that are new to this process.
// All statements see the same moment, so a run in the list has its guide.
func (x *index) list(ctx context.Context, tx *sql.Tx, written []*run) (runList, error) {
	known := map[int64]*run{}
	for _, r := range written {
		known[r.id] = r
	}
	x.mu.RLock()
	for _, runs := range x.runs {
		for _, r := range runs {
			known[r.id] = r
		}
	}
	condemned := make(map[int64]int64, len(x.condemned))
	for id, salt := range x.condemned {
		condemned[id] = salt
	}
	x.mu.RUnlock()
	all, err := readRuns(ctx, tx, known)
	if err != nil {
		return runList{}, err
	}
	for i, r := range all {
		if salt, ok := condemned[r.id]; ok && salt == r.salt && r.fault == "" {
			damaged := *r // others may be reading r
			damaged.fault = "its records are damaged"
			all[i] = &damaged
		}
	}
	return sound(all), nil
}

// readRuns reads all runs, with their guides; runs that are known already are not read
// again. A run that is damaged has a fault.
func readRuns(ctx context.Context, tx *sql.Tx, known map[int64]*run) ([]*run, error) {
	rows, err := tx.QueryContext(ctx, `SELECT id, kind, level, first_seq, last_seq, count, chunks, pieces, salt, checksum FROM run_meta ORDER BY first_seq DESC, last_seq DESC`)
	if err != nil {
		return nil, fmt.Errorf("read runs: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var runs []*run
	for rows.Next() {
		r := &run{}
		var first, last, sum int64
		if err := rows.Scan(&r.id, &r.kind, &r.level, &first, &last, &r.count, &r.chunks, &r.pieces, &r.salt, &sum); err != nil {
			return nil, fmt.Errorf("read runs: %w", err)
		}
		r.first, r.last = uint64(first), uint64(last)
		if sum != r.checksum() {
			r.fault = "its row is damaged"
		}
		if k := known[r.id]; k != nil && k.checksum() == sum && r.fault == "" {
			r = k
		}
		runs = append(runs, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read runs: %w", err)
	}
	for _, r := range runs {
		if r.fault != "" || known[r.id] == r {
			continue
		}
		if err := loadGuide(ctx, tx, r); err != nil {
			return nil, err
		}
	}
	return runs, nil
}

// sound picks the runs that can be relied on out of all. The runs of each kind stand for the
// entries from the first one on without a gap, and both kinds for the same ones; from what
// is damaged or lacking on, nothing is kept.
func sound(all []*run) (l runList) {
	kept := map[runKind][]*run{} // oldest first
	for _, r := range slices.Backward(all) {
		runs := kept[r.kind]
		next := uint64(1)
		if n := len(runs); n > 0 {
			next = runs[n-1].last + 1
		}
		switch {
		case r.fault != "":
			l.faults = append(l.faults, fmt.Sprintf("run %d: %s", r.id, r.fault))
		case r.first != next || r.last < r.first:
			l.faults = append(l.faults, fmt.Sprintf("run %d begins with entry %d, and the one before it ends before entry %d", r.id, r.first, next))
		case r.kind == indexRun || r.kind == snapshotRun:
			kept[r.kind] = append(runs, r)
			continue
		}
	}
	end := func(kind runKind) uint64 {
		if n := len(kept[kind]); n > 0 {
			return kept[kind][n-1].last
		}
		return 0
	}
	for end(indexRun) != end(snapshotRun) {
		kind := indexRun
		if end(snapshotRun) > end(indexRun) {
			kind = snapshotRun
		}
		n := len(kept[kind]) - 1
		if len(l.faults) == 0 {
			l.faults = append(l.faults, fmt.Sprintf("run %d stands for entries that the others do not stand for", kept[kind][n].id))
		}
		kept[kind] = kept[kind][:n]
	}
	l.flushed = end(indexRun)
	for _, r := range all {
		if slices.Contains(kept[r.kind], r) {
			l.runs = append(l.runs, r)
		} else {
			l.rest = append(l.rest, r.id)
		}
	}
	return l
}

// repair takes the runs that cannot be relied on out of the list. Nothing that was in them
// is lost: the journal has it.
func (x *index) repair(ctx context.Context) (l runList, end *journal.Block, err error) {
	err = x.writeBehind(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := x.lockRuns(ctx, tx); err != nil {
			return err
		}
		if l, err = x.list(ctx, tx, nil); err != nil {
			return err
		}
		for _, id := range l.rest {
			if _, err := tx.ExecContext(ctx, `DELETE FROM run_meta WHERE id = $1`, id); err != nil {
				return fmt.Errorf("remove run: %w", err)
			}
		}
		end, err = l.end(ctx, tx)
		return err
	})
	if err != nil {
		return runList{}, nil, fmt.Errorf("take damaged runs out: %w", err)
	}
	x.mu.Lock()
	clear(x.condemned)
	x.mu.Unlock()
	return l, end, nil
}
