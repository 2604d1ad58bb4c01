package store

import (
	"context"
	"fmt"

	"farthing.dev/farthing/domain/journal"
)

// cursor reads a run from its lowest key, a few chunks at a time.
type cursor struct {
	index  *index
	run    *run
	unread int      // the number of the next chunk to read
	buffer []byte   // holds the chunks that were read together
	chunks [][]byte // those of them that were not begun
	rest   []byte
	key    Key16
	body   []byte
}

const chunksPerRead = 16

// next moves to the next record, or returns false at the end.
func (c *cursor) next(ctx context.Context) (bool, error) {
	for len(c.rest) == 0 {
		if len(c.chunks) == 0 {
			if err := c.read(ctx); err != nil || len(c.chunks) == 0 {
				return false, err
			}
		}
		c.rest, c.chunks = c.chunks[0], c.chunks[1:]
	}
	var err error
	c.key, c.body, c.rest, err = nextRecord(c.run.kind, c.rest)
	return err == nil, err
}

func (c *cursor) read(ctx context.Context) error {
	var ids []int64
	for ; len(ids) < chunksPerRead && c.unread < len(c.run.fences); c.unread++ {
		ids = append(ids, rowID(c.run.id, c.unread))
	}
	ctx, stop := context.WithTimeout(ctx, c.index.patience)
	defer stop()
	c.chunks, c.buffer = c.chunks[:0], c.buffer[:0]
	err := c.index.chunks(ctx, ids, func(int) *run { return c.run }, func(_ int, body []byte) error {
		from := len(c.buffer)
		c.buffer = append(c.buffer, body...)
		c.chunks = append(c.chunks, c.buffer[from:])
		return nil
	})
	if err != nil {
		return fmt.Errorf("read run %d: %w", c.run.id, err)
	}
	return nil
}

// mergeRuns calls visit with every record of runs (newest first) in the order of their
// keys. Where several runs have a key, only the newest record is visited.
func (x *index) mergeRuns(ctx context.Context, runs []*run, visit func(key Key16, body []byte) error) error {
	var open []*cursor // few: the least is found by looking at each
	for _, r := range runs {
		c := &cursor{index: x, run: r}
		more, err := c.next(ctx)
		if err != nil {
			return err
		}
		if more {
			open = append(open, c)
		}
	}
	for len(open) > 0 {
		least := open[0]
		for _, c := range open[1:] {
			if compareKeys(c.key, least.key) < 0 {
				least = c
			}
		}
		key := least.key
		if err := visit(key, least.body); err != nil {
			return err
		}
		still := open[:0]
		for _, c := range open {
			more := true
			if c.key == key {
				var err error
				if more, err = c.next(ctx); err != nil {
					return err
				}
			}
			if more {
				still = append(still, c)
			}
		}
		open = still
	}
	return nil
}

// mergeOne merges the oldest runs of a level that has become full, or returns false
// where none has.
func (x *index) mergeOne(ctx context.Context, fanout int) (bool, error) {
	for _, kind := range []runKind{indexRun, snapshotRun} {
		old := x.full(kind, fanout)
		if old == nil {
			continue
		}
		id, err := x.reserve(ctx, 1)
		if err != nil {
			return false, err
		}
		merged := x.begin(id, kind, old[0].level+1, old[len(old)-1].first, old[0].last)
		w := newRunWriter(x, merged)
		if err := x.mergeRuns(ctx, old, func(key Key16, body []byte) error { return w.add(ctx, key, body) }); err != nil {
			return false, x.explain(ctx, err)
		}
		if err := w.finish(ctx); err != nil {
			return false, err
		}
		if err := x.publish(ctx, []*run{merged}, old, journal.Head{}); err != nil {
			return false, err
		}
		for _, r := range old {
			for _, table := range []string{"run_data", "run_guide"} {
				if err := x.deleteRows(ctx, table, r.id); err != nil {
					return false, err
				}
			}
		}
		return true, nil
	}
	return false, nil
}

// full returns the oldest fanout runs of a level that has that many, newest first.
func (x *index) full(kind runKind, fanout int) []*run {
	runs := x.view(kind)
	byLevel := map[int64]int{}
	for _, r := range runs {
		byLevel[r.level]++
		if byLevel[r.level] < fanout {
			continue
		}
		for end := len(runs); end >= fanout; end-- { // the oldest of the level stand last
			if runs[end-1].level == r.level {
				return runs[end-fanout : end]
			}
		}
	}
	return nil
}
