package store

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/token"
)

// behind writes derived data: it flushes the tail when it has grown, and merges runs.
type behind struct {
	engine *Engine
	kick   chan struct{}
	asked  chan chan error
	quit   chan struct{}
	done   chan struct{}
	busy   atomic.Bool
	work   sync.Mutex // held while runs are written, or read from end to end

	mu      sync.Mutex
	failure error
	swept   bool

	stuck  atomic.Bool  // so much could not be written that commands are refused
	streak atomic.Int64 // passes failed one after another
}

func newBehind(e *Engine) *behind {
	return &behind{engine: e, kick: make(chan struct{}, 1), asked: make(chan chan error), quit: make(chan struct{}), done: make(chan struct{})}
}

func (b *behind) run() {
	defer close(b.done)
	for {
		select {
		case <-b.kick:
			b.pass(context.Background())
		case answer := <-b.asked:
			answer <- b.pass(context.Background())
		case <-b.quit:
			return
		}
	}
}

// wake starts a pass unless one is waiting to start.
func (b *behind) wake() {
	select {
	case b.kick <- struct{}{}:
	default:
	}
}

// stuckFactor bounds how much may wait in memory while nothing can be written.
const stuckFactor = 64

// grown is told the length of the tail after each batch. After failures it waits
// longer and longer until it tries again.
func (b *behind) grown(active int) {
	limit, failed := int64(b.engine.options.Tail), b.streak.Load()
	if int64(active) >= limit*(1+failed) || (failed > 0 && int64(active) >= stuckFactor*limit) {
		b.wake()
	}
	b.stuck.Store(failed > 0 && int64(active) >= stuckFactor*limit)
}

// flush runs a pass and waits for it.
func (b *behind) flush(ctx context.Context) error {
	answer := make(chan error, 1)
	select {
	case b.asked <- answer:
	case <-b.done:
		return b.engine.unavailable("the server is shutting down", nil)
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *behind) close(ctx context.Context) error {
	err := b.flush(ctx)
	close(b.quit)
	<-b.done
	return err
}

// exclusively runs work while nothing is written behind by this process.
func (b *behind) exclusively(ctx context.Context, work func(context.Context) error) error {
	b.work.Lock()
	defer b.work.Unlock()
	return work(ctx)
}

// pass flushes and merges, unless another process does.
func (b *behind) pass(ctx context.Context) error {
	b.busy.Store(true)
	defer b.engine.nudgeLoop()
	defer b.busy.Store(false)
	err := b.exclusively(ctx, func(ctx context.Context) error {
		mine, err := b.engine.db.Maintain(ctx, b.maintain)
		if err == nil && !mine {
			err = b.engine.index.reload(ctx) // take over what the other one published
		}
		if err != nil { // what it wrote of runs that are not published is swept away the next time
			b.swept = false
		}
		if errors.Is(err, errOvertaken) { // or the database lost its power, and runs that nobody waited for
			err = errors.Join(err, b.engine.between(ctx, func(ctx context.Context, _ *core.State) error { return b.engine.reset(ctx) }))
		}
		return err
	})
	b.engine.counters.flush(err)
	b.mu.Lock()
	b.failure = err
	b.mu.Unlock()
	if err == nil {
		b.streak.Store(0)
		b.stuck.Store(false)
	} else {
		b.streak.Add(1)
		b.engine.log.Error("writing behind failed; it is tried again", "error", err)
	}
	return err
}

func (b *behind) problem() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failure == nil {
		return ""
	}
	return b.failure.Error()
}

func (b *behind) maintain(ctx context.Context) error {
	e := b.engine
	if err := e.index.reload(ctx); err != nil {
		return err
	}
	if !b.swept {
		if err := e.index.sweep(ctx); err != nil {
			return err
		}
		b.swept = true
	}
	if frozen := e.index.freeze(); frozen != nil {
		if err := b.write(ctx, frozen); err != nil {
			return err
		}
		e.counters.flushes.Add(1)
	}
	for {
		merged, err := e.index.mergeOne(ctx, e.options.Fanout)
		if err != nil || !merged {
			return err
		}
		e.counters.merges.Add(1)
		// A merge can take longer than the tail takes to grow: flushing goes first.
		if active, _ := e.index.waiting(); active >= e.options.Tail {
			b.wake()
			return nil
		}
	}
}

// write flushes a frozen tail: an index run and a run of the snapshots of its
// accounts, published together.
func (b *behind) write(ctx context.Context, t *tail) error {
	e := b.engine
	id, err := e.index.reserve(ctx, 2)
	if err != nil {
		return err
	}
	terms := &run{id: id, kind: indexRun, first: t.base + 1, last: t.last}
	w := newRunWriter(e.db, terms)
	for _, key := range t.sorted() {
		if err := w.add(ctx, key, nil); err != nil {
			return err
		}
	}
	if err := w.finish(ctx); err != nil {
		return err
	}
	accounts := &run{id: id + 1, kind: snapshotRun, first: t.base + 1, last: t.last}
	if err := b.writeSnapshots(ctx, newRunWriter(e.db, accounts), t); err != nil {
		return err
	}
	return e.index.publish(ctx, []*run{terms, accounts}, nil)
}

// accountsPerTask bounds how long the batch goroutine is kept from its work: encoding so
// many accounts takes it about a millisecond.
const accountsPerTask = 2048

var errUnpinned = errors.New("an account of the tail is not in memory")

func (b *behind) writeSnapshots(ctx context.Context, w *runWriter, t *tail) error {
	ids := make([]token.AccountID, 0, len(t.accounts))
	for id := range t.accounts {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, c token.AccountID) int { return bytes.Compare(a[:], c[:]) })
	var snapshots []byte
	ends := make([]int, 0, min(accountsPerTask, len(ids))) // of each account's snapshot
	for part := range slices.Chunk(ids, accountsPerTask) {
		snapshots, ends = snapshots[:0], ends[:0]
		err := b.engine.between(ctx, func(_ context.Context, s *core.State) error {
			for _, id := range part {
				a := s.Accounts[id]
				if a == nil {
					return errUnpinned
				}
				snapshots = a.AppendSnapshot(snapshots)
				ends = append(ends, len(snapshots))
			}
			return nil
		})
		if err != nil {
			return err
		}
		from := 0
		for i, id := range part {
			if err := w.add(ctx, Key16(id), snapshots[from:ends[i]]); err != nil {
				return err
			}
			from = ends[i]
		}
	}
	return w.finish(ctx)
}
