package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// behind writes derived data: it flushes the tail when it has grown, and merges runs. Each
// step has a deadline. What failed is tried again by a timer, so that writing goes on by
// itself when what kept it has ended.
type behind struct {
	engine *Engine
	kick   chan struct{}
	asked  chan chan error
	quit   chan struct{}
	done   chan struct{}
	busy   atomic.Bool
	work   chan struct{} // holds a token while runs are written, or read from end to end

	mu      sync.Mutex
	failure error
	cancel  context.CancelFunc // ends the work under way; nil where there is none
	taken   bool               // work that begins now is to end at once
	swept   bool

	failing atomic.Bool // the last pass failed
	stuck   atomic.Bool // so much could not be written that commands are refused
	streak  int         // passes failed one after another; only the goroutine behind looks at it
	ticks   int         // to wait until it is tried again
}

func newBehind(e *Engine) *behind {
	return &behind{engine: e, kick: make(chan struct{}, 1), asked: make(chan chan error), quit: make(chan struct{}), done: make(chan struct{}), work: make(chan struct{}, 1)}
}

func (b *behind) run() {
	defer close(b.done)
	ticker := time.NewTicker(b.engine.options.Retry)
	defer ticker.Stop()
	for {
		select {
		case <-b.kick:
			_ = b.pass(context.Background())
		case answer := <-b.asked:
			answer <- b.pass(context.Background())
		case <-ticker.C:
			b.tick()
		case <-b.quit:
			return
		}
	}
}

// maxWait bounds the ticks between two attempts.
const maxWait = 32

// tick tries again what failed, looks after the database, and has the state made again
// where it is in doubt and no command comes that would.
func (b *behind) tick() {
	e := b.engine
	e.lookAfter()
	if e.anew.Load()%2 == 1 || e.index.doubt.Load() {
		ctx, stop := context.WithTimeout(context.Background(), e.options.Patience)
		defer stop()
		_ = e.between(ctx, func(context.Context, *core.State) error { return nil })
	}
	if !b.failing.Load() {
		return
	}
	if b.ticks--; b.ticks <= 0 {
		_ = b.pass(context.Background())
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
const stuckFactor = 16

// grown is told the length of the tail after each batch. After a failure the timer tries
// again.
func (b *behind) grown(active int) {
	limit, failing := b.engine.options.Tail, b.failing.Load()
	if active >= limit && !failing {
		b.wake()
	}
	b.stuck.Store(failing && active >= stuckFactor*limit)
}

// flush runs a pass and waits for it.
func (b *behind) flush(ctx context.Context) error {
	answer := make(chan error, 1)
	select {
	case b.asked <- answer:
	case <-b.done:
		return b.engine.unavailable("unavailable.closing_now", nil)
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
	if ctx.Err() != nil { // what is under way is of no use any more
		defer b.interrupt()()
	}
	select {
	case <-b.done:
	case <-ctx.Done():
		err = errors.Join(err, ctx.Err())
	}
	return err
}

// errInterrupted says that the state is made again, and that nothing can be written before.
var errInterrupted = errors.New("interrupted: the state is made again")

// exclusively runs work while nothing else is written behind by this process. The batch
// goroutine may end it, by cancelling the work's context.
func (b *behind) exclusively(ctx context.Context, work func(context.Context) error) error {
	select {
	case b.work <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-b.work }()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	b.mu.Lock()
	taken := b.taken
	b.cancel = cancel
	b.mu.Unlock()
	if taken {
		return errInterrupted
	}
	err := work(ctx)
	if err != nil && ctx.Err() != nil {
		err = errors.Join(errInterrupted, err)
	}
	return err
}

// interrupt ends the work under way, and has what begins before permit is called end at
// once.
func (b *behind) interrupt() (permit func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.taken = true
	if b.cancel != nil {
		b.cancel()
	}
	return func() {
		b.mu.Lock()
		b.taken = false
		b.mu.Unlock()
	}
}

// takeOver runs work in the place of what is written behind, which it ends.
func (b *behind) takeOver(ctx context.Context, work func() error) error {
	permit := b.interrupt()
	select {
	case b.work <- struct{}{}:
		permit()
	case <-ctx.Done():
		permit()
		return ctx.Err()
	}
	defer func() { <-b.work }()
	return work()
}

// between gives access to the state: between two batches, or at once where the batch
// goroutine itself writes.
type between func(ctx context.Context, task func(context.Context, *core.State) error) error

// pass flushes and merges, unless another process does.
func (b *behind) pass(ctx context.Context) error {
	e := b.engine
	b.busy.Store(true)
	err := b.exclusively(ctx, b.turn)
	if errors.Is(err, errOvertaken) || errors.Is(err, errDoubt) || errors.Is(err, ErrOtherJournal) { // or the database lost its power, and runs that nobody waited for
		if err = b.again(ctx, err); err == nil {
			err = b.exclusively(ctx, b.turn)
		}
	}
	b.busy.Store(false)
	e.nudgeLoop()
	b.note(err)
	return err
}

// turn maintains the runs, or takes over what another process published that does.
func (b *behind) turn(ctx context.Context) error {
	return b.maintained(ctx, b.briefly, lagFactor)
}

// briefly is between with a deadline: while a commit of this process waits, other processes
// are not kept from the runs.
func (b *behind) briefly(ctx context.Context, task func(context.Context, *core.State) error) error {
	ctx, stop := context.WithTimeout(ctx, b.engine.options.Patience)
	defer stop()
	return b.engine.between(ctx, task)
}

// maintainPause is the pause between two looks at what another process writes behind.
const maintainPause = 50 * time.Millisecond

// maintained maintains the runs; or, where another process does, waits until that one has
// published so much that fewer than factor tails are left to be written.
func (b *behind) maintained(ctx context.Context, state between, factor int) error {
	e := b.engine
	patience, stop := context.WithTimeout(ctx, e.options.Patience)
	defer stop()
	for {
		mine, err := e.db.Maintain(ctx, func(ctx context.Context) error { return b.maintain(ctx, state) })
		if err != nil || mine {
			return err
		}
		if err := e.index.reload(ctx); err != nil {
			return err
		}
		if active, _ := e.index.waiting(); active < factor*e.options.Tail {
			return nil
		}
		select {
		case <-time.After(maintainPause):
		case <-patience.Done():
			return fmt.Errorf("another session holds row 2 of journal_lock, and publishes nothing: %w", patience.Err())
		}
	}
}

// again has the batch goroutine make the state again, for what cause says.
func (b *behind) again(ctx context.Context, cause error) error {
	e := b.engine
	ctx, stop := context.WithTimeout(ctx, 2*e.options.Patience)
	defer stop()
	e.index.doubt.Store(true)
	return e.between(ctx, func(ctx context.Context, _ *core.State) error {
		if !errors.Is(cause, ErrOtherJournal) {
			return nil
		}
		e.replaced(cause)
		return e.mend(ctx)
	})
}

// note keeps what became of a pass, and says when it changes.
func (b *behind) note(err error) {
	e := b.engine
	if errors.Is(err, errInterrupted) { // not a failure; what it was to write is still there
		b.wake()
		return
	}
	e.counters.flush(err)
	b.mu.Lock()
	b.failure = err
	b.mu.Unlock()
	b.failing.Store(err != nil)
	if err == nil {
		b.streak, b.ticks = 0, 0
		b.stuck.Store(false)
		if active, _ := e.index.waiting(); active >= e.options.Tail { // it came while this was written
			b.wake()
		}
		if e.health.clear(ProblemBehind) {
			e.log.Info("writing behind goes on")
		}
		return
	}
	b.ticks = min(maxWait, 1<<min(b.streak, 16))
	b.streak++
	if e.health.set(ProblemBehind, "derived data cannot be written; it is tried again: "+err.Error(), e.clock.Now()) {
		e.log.Error("writing behind failed; it is tried again", "error", err)
	}
}

func (b *behind) problem() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failure == nil {
		return ""
	}
	return b.failure.Error()
}

// maintain flushes the tail and merges what has become too many.
func (b *behind) maintain(ctx context.Context, state between) error {
	err := b.flushAndMerge(ctx, state)
	if err != nil { // what it wrote of runs that are not published is swept away the next time
		b.swept = false
	}
	return err
}

func (b *behind) flushAndMerge(ctx context.Context, state between) error {
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
	if frozen, generation := e.index.freeze(); frozen != nil {
		if err := b.write(ctx, frozen, generation, state); err != nil {
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

// write flushes a frozen tail of a generation: an index run and a run of the snapshots of its
// accounts, published together.
func (b *behind) write(ctx context.Context, t *tail, generation int, state between) error {
	e := b.engine
	id, err := e.index.reserve(ctx, 2)
	if err != nil {
		return err
	}
	terms := e.index.begin(id, indexRun, 0, t.base+1, t.last)
	w := newRunWriter(e.index, terms)
	for _, key := range t.sorted() {
		if err := w.add(ctx, key, nil); err != nil {
			return err
		}
	}
	if err := w.finish(ctx); err != nil {
		return err
	}
	accounts := e.index.begin(id+1, snapshotRun, 0, t.base+1, t.last)
	var head journal.Head // of the journal that the tail is a part of
	checked := func(ctx context.Context, task func(context.Context, *core.State) error) error {
		return state(ctx, func(ctx context.Context, s *core.State) error {
			if head = e.Head(); !e.index.is(generation) {
				return errInterrupted
			}
			return task(ctx, s)
		})
	}
	if err := writeSnapshots(ctx, newRunWriter(e.index, accounts), t, checked); err != nil {
		return err
	}
	return e.index.publish(ctx, []*run{terms, accounts}, nil, head)
}

// accountsPerTask bounds how long the batch goroutine is kept from its work: encoding so
// many accounts takes it about a millisecond.
const accountsPerTask = 2048

var errUnpinned = errors.New("an account of the tail is not in memory")

// encoded is what a task leaves behind: it may be run after nobody waits for it any more.
type encoded struct {
	snapshots []byte
	ends      []int // of each account's snapshot
}

func writeSnapshots(ctx context.Context, w *runWriter, t *tail, state between) error {
	ids := make([]token.AccountID, 0, len(t.accounts))
	for id := range t.accounts {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, c token.AccountID) int { return bytes.Compare(a[:], c[:]) })
	room := &encoded{}
	for next := 0; next == 0 || next < len(ids); next += accountsPerTask { // once at least
		part := ids[next:min(next+accountsPerTask, len(ids))]
		room.snapshots, room.ends = room.snapshots[:0], room.ends[:0]
		err := state(ctx, func(_ context.Context, s *core.State) error {
			for _, id := range part {
				a := s.Accounts[id]
				if a == nil {
					return errUnpinned
				}
				room.snapshots = a.AppendSnapshot(room.snapshots)
				room.ends = append(room.ends, len(room.snapshots))
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("take snapshots: %w", err)
		}
		from := 0
		for i, id := range part {
			if err := w.add(ctx, Key16(id), room.snapshots[from:room.ends[i]]); err != nil {
				return err
			}
			from = room.ends[i]
		}
	}
	return w.finish(ctx)
}
