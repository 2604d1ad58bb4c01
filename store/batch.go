package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// loop is what only the batch goroutine touches.
type loop struct {
	state *core.State
	facts facts
	cache cache
	batch []*request
	carry []*request // wait for facts that appeared while their batch was decided

	missing missing // room for what is to be loaded

	entries []*journal.Entry
	block   *journal.Block
	broken  bool // the state is not to be trusted
}

// run is the batch goroutine: it collects what is waiting, and never waits for more.
func (e *Engine) run() {
	defer close(e.stopped)
	for {
		l := &e.loop
		l.batch = append(l.batch[:0], l.carry...)
		l.carry = l.carry[:0]
		queue := e.queue
		if e.lagging() {
			queue = nil
		}
		if len(l.batch) == 0 {
			select {
			case r := <-queue:
				l.batch = append(l.batch, r)
			case r := <-e.tasks:
				e.runTask(r)
				continue
			case <-e.nudge:
				continue
			case <-e.stop:
				return
			}
		} else {
			select {
			case r := <-e.tasks:
				e.runTask(r)
			default:
			}
		}
		e.yield()
		e.collect()
		e.runBatch()
	}
}

// maxYields bounds how often others go first.
const maxYields = 8

// yield lets callers that were just answered, and those whose requests have just come
// in, go first, for as long as that brings commands. So batches get larger where the
// processors are busy; where they are not, nothing is waited for.
func (e *Engine) yield() {
	for range maxYields {
		before := len(e.queue)
		runtime.Gosched()
		if len(e.queue) == before {
			return
		}
	}
}

func (e *Engine) collect() {
	l := &e.loop
	for len(l.batch) < e.options.Batch {
		select {
		case r := <-e.queue:
			l.batch = append(l.batch, r)
		default:
			return
		}
	}
}

// lagFactor bounds how far flushing may lag behind before commands wait for it.
const lagFactor = 8

func (e *Engine) lagging() bool {
	active, _ := e.index.waiting()
	return active > lagFactor*e.options.Tail && e.behind.busy.Load()
}

func (e *Engine) runTask(r *request) {
	ctx, cancel := context.WithTimeout(context.Background(), commitPatience)
	defer cancel()
	if r.err = e.mend(ctx); r.err == nil {
		r.err = r.task(ctx, e.loop.state)
	}
	r.done <- struct{}{}
}

// attempts bounds how often a batch is decided again after a commit that certainly
// did not happen.
const attempts = 3

// runBatch decides and commits the batch, and answers every request in it.
func (e *Engine) runBatch() {
	ctx, cancel := context.WithTimeout(context.Background(), commitPatience)
	defer cancel()
	started := time.Now()
	e.counters.begin(started)
	var err error
	for range attempts {
		if err = e.tryBatch(ctx); err == nil {
			break
		}
		e.counters.failedBatches.Add(1)
		e.log.Error("batch failed", "error", err, "commands", len(e.loop.batch))
		if errors.Is(err, errUnknown) || errors.Is(err, errDamaged) {
			break // it may still land: deciding again could do it twice; or it never works
		}
	}
	if errors.Is(err, errDamaged) && !e.loop.broken {
		e.oneByOne(ctx)
	} else {
		e.answer(err)
	}
	appended := len(e.loop.entries)
	if err != nil {
		appended = 0
	}
	e.counters.batch(len(e.loop.batch), appended, time.Since(started))
	e.tidy()
}

// oneByOne looks for each alone, where one of them needs a block that is damaged: it keeps
// the others from nothing.
func (e *Engine) oneByOne(ctx context.Context) {
	l := &e.loop
	for _, r := range slices.Clone(l.batch) {
		l.facts.clear(l.state)
		l.batch = append(l.batch[:0], r)
		e.answer(e.tryBatch(ctx))
	}
}

// tryBatch runs the batch once. On an error nothing was answered, and nothing of the
// batch is in the journal, or errUnknown is in the chain.
func (e *Engine) tryBatch(ctx context.Context) error {
	l := &e.loop
	l.block, l.entries = nil, l.entries[:0]
	if err := e.mend(ctx); err != nil {
		return err
	}
	if err := e.load(ctx); err != nil {
		return err
	}
	var err error
	if e.onlyLooks() {
		if e.db.Shared() {
			err = e.catchUp(ctx)
		}
		if err == nil {
			_, err = e.decide(ctx)
		}
	} else if e.damaged.Load() {
		return fmt.Errorf("%w: %w", ErrNotAppended, errDamaged)
	} else {
		err = e.db.Append(ctx, e.Head(), func(blocks []*journal.Block) error { return e.missed(ctx, blocks) },
			func() (*journal.Block, error) { return e.decide(ctx) })
	}
	if err != nil {
		if err = e.failed(ctx, err); err == nil {
			// It landed: callers must find it, so the state is made anew at once.
			if problem := e.mend(ctx); problem != nil {
				e.log.Error("state not made anew yet", "error", problem)
			}
		}
		return err
	}
	if l.block != nil {
		e.committed()
	}
	return nil
}

func (e *Engine) committed() {
	l := &e.loop
	e.index.add(l.entries)
	for _, entry := range l.entries {
		l.cache.touch(entry.Account, entry.Order)
	}
	head := l.block.Head()
	e.head.Store(&head)
}

// maxCarries bounds how often a command is put off to the next batch.
const maxCarries = 8

var (
	errNeedless = errors.New("a command never has all that it needs")
	errTainted  = errors.New("a command panicked")
	errUnknown  = errors.New("it is not known whether the block was appended")
)

// decide runs each command on the state and makes the block, or nil where nothing
// happened.
func (e *Engine) decide(ctx context.Context) (*journal.Block, error) {
	l := &e.loop
	head := e.Head()
	now := max(e.clock.Now().UnixMilli(), head.At)
	l.state.Seq, l.entries = head.Seq, l.entries[:0]
	refusal := e.refusal()
	for _, r := range l.batch {
		if r.answered {
			continue
		}
		r.out, r.err = core.Outcome{}, nil
		if answerRefused(r, refusal) {
			continue
		}
		if !l.facts.ready(l.state, r.cmd) {
			if r.carried++; r.carried <= maxCarries {
				l.carry = append(l.carry, r)
				continue
			}
			r.err, r.answered = token.Wrap(errNeedless, "decide"), true
			continue
		}
		if err := e.decideOne(r, now); err != nil {
			return nil, err
		}
		if entry := r.out.Entry; r.err == nil && entry != nil && !r.out.Replayed {
			l.entries = append(l.entries, entry)
		}
	}
	if len(l.entries) == 0 {
		return nil, nil
	}
	var err error
	l.block, err = journal.Seal(head, now, l.entries)
	return l.block, err
}

// decideOne runs one command. A command that panics is answered and taken out of the
// batch; what it may have done to the state is thrown away with the state.
func (e *Engine) decideOne(r *request, now int64) (err error) {
	defer func() {
		if p := recover(); p != nil {
			e.log.Error("command panicked", "command", fmt.Sprintf("%T", r.cmd), "panic", p, "stack", string(debug.Stack()))
			r.err, r.answered = token.Wrap(fmt.Errorf("panic: %v", p), "decide"), true
			err = errTainted
		}
	}()
	r.out, r.err = core.Run(e.loop.state, r.cmd, now)
	if r.err != nil {
		r.err = token.Wrap(r.err, "decide")
	}
	return nil
}

// failed throws the state away and finds out what became of the block.
func (e *Engine) failed(ctx context.Context, cause error) error {
	l := &e.loop
	l.broken, l.carry = true, l.carry[:0]
	block := l.block
	if block == nil || errors.Is(cause, ErrNotAppended) {
		return cause
	}
	// The head is read when no append is under way any more, so what it says is final.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitPatience)
	defer cancel()
	head, err := e.db.Settled(ctx)
	if err != nil {
		return errors.Join(errUnknown, cause, err)
	}
	if head.Seq < block.Last() {
		return cause
	}
	there, err := e.db.BlocksOf(ctx, []uint64{block.First})
	if err != nil {
		return errors.Join(errUnknown, cause, err)
	}
	if there[0].Hash != block.Hash {
		return cause // somebody else appended there
	}
	e.log.Warn("a block landed although its commit failed", "first", block.First, "error", cause)
	return nil
}

// answer tells every caller. Requests that were carried over are not answered yet.
func (e *Engine) answer(failure error) {
	l := &e.loop
	carried := 0 // carry is in the order of the batch
	for _, r := range l.batch {
		if carried < len(l.carry) && l.carry[carried] == r {
			carried++
			continue
		}
		if failure != nil && !r.answered {
			r.out = core.Outcome{}
			if errors.Is(failure, errUnknown) {
				r.err = unknown(failure)
			} else {
				r.err = e.unavailable("storage is not available; try again with the same key", failure)
			}
		}
		r.done <- struct{}{}
	}
}

// tidy makes room and wakes what writes behind.
func (e *Engine) tidy() {
	l := &e.loop
	clear(l.batch)
	l.facts.clear(l.state)
	l.cache.evict(l.state, e.index.pinned)
	e.counters.accounts.Store(int64(len(l.state.Accounts)))
	e.counters.orders.Store(int64(len(l.state.Orders)))
	active, _ := e.index.waiting()
	e.behind.grown(active)
}

// onlyLooks reports whether nothing in the batch can append.
func (e *Engine) onlyLooks() bool {
	for _, r := range e.loop.batch {
		if _, ok := r.cmd.(*look); !ok {
			return false
		}
	}
	return true
}
