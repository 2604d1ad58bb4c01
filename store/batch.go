package store

import (
	"context"
	"database/sql"
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

	missing missing           // room for what is to be loaded
	absent  []token.AccountID // what the next batch must see besides what its commands name

	entries []*journal.Entry
	block   *journal.Block
	broken  bool // the state is not to be trusted

	replaced bool // the database was found to hold another journal, and the state is not made again yet

	unconfirmed bool      // the state was made from blocks that no commit of this process has confirmed
	trouble     bool      // a batch failed, and none was appended since
	tried       time.Time // when appending was tried last
	appended    bool      // this batch was, with or without a block
	probing     bool      // this batch is empty, to see whether it can be appended
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
			var probe <-chan time.Time
			if l.trouble {
				pause := time.Until(l.tried.Add(probePause))
				if pause <= 0 {
					e.probe()
					continue
				}
				probe = time.After(pause)
			}
			select {
			case r := <-queue:
				l.batch = append(l.batch, r)
			case r := <-e.tasks:
				e.runTask(r)
				continue
			case <-probe:
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
	ctx, cancel := context.WithTimeout(context.Background(), stepPatience)
	defer cancel()
	e.watch.begin()
	if r.err = e.mend(ctx); r.err == nil {
		r.err = e.confirm(ctx) // what is written behind is confirmed, for whoever reads it
	}
	e.watched()
	if r.err == nil {
		r.err = r.task(ctx, e.loop.state)
	}
	r.finished <- struct{}{}
}

// stepPatience bounds everything about a batch but its commit.
const stepPatience = 20 * time.Second

// attempts bounds how often a batch is decided again after a commit that certainly
// did not happen.
const attempts = 3

// runBatch decides and commits the batch, and answers every request in it.
func (e *Engine) runBatch() {
	ctx, cancel := context.WithTimeout(context.Background(), stepPatience)
	defer cancel()
	started := time.Now()
	e.counters.begin(started)
	e.watch.begin()
	var err error
	for range attempts {
		if err = e.tryBatch(ctx); err == nil {
			break
		}
		e.counters.failedBatches.Add(1)
		if final(err) || ctx.Err() != nil {
			break
		}
		e.log.Debug("batch failed; it is tried again", "error", err, "commands", len(e.loop.batch))
	}
	if err != nil {
		e.tell(err) // before anybody is answered: whoever asks why finds it
	}
	if errors.Is(err, errDamaged) && !e.loop.broken {
		e.oneByOne(ctx)
	} else {
		e.answer(err)
	}
	e.watched()
	if err == nil {
		e.tell(nil)
	}
	appended := len(e.loop.entries)
	if err != nil {
		appended = 0
	}
	e.counters.batch(len(e.loop.batch), appended, time.Since(started))
	e.tidy()
}

// final reports whether trying a batch again at once would be wrong or in vain: it may
// still land, so that it would be done twice; another session keeps the lock, and was waited
// for; the journal is another one, or damaged.
func final(err error) bool {
	return errors.Is(err, errUnknown) || errors.Is(err, ErrLocked) || errors.Is(err, errReplaced) || errors.Is(err, errDamaged)
}

// watched ends the watch over a piece of work.
func (e *Engine) watched() {
	if e.watch.end() {
		e.loop.trouble = true // until something is appended
	}
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
	l.block, l.entries, l.appended = nil, l.entries[:0], false
	if err := e.mend(ctx); err != nil {
		return err
	}
	if err := e.load(ctx); err != nil {
		if errors.Is(err, ErrOtherJournal) {
			e.replaced(err)
		}
		return err
	}
	var err error
	if !l.probing && e.onlyLooks() {
		if e.db.Shared() {
			err = e.catchUp(ctx)
		}
		if err == nil {
			_, err = e.decide(ctx)
		}
	} else if e.damaged.Load() {
		return fmt.Errorf("%w: %w", ErrNotAppended, errDamaged)
	} else {
		err = e.append(ctx)
		if err == nil && l.probing {
			err = e.touch(ctx)
		}
	}
	if errors.Is(err, ErrOtherJournal) {
		e.replaced(err)
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
		return nil
	}
	return e.confirm(ctx)
}

// append has the database append what the batch decides.
func (e *Engine) append(ctx context.Context) error {
	e.watch.doing.Store(doingLock)
	err := e.db.Append(ctx, e.Head(), func(blocks []*journal.Block) error { return e.missed(ctx, blocks) }, func() (*journal.Block, error) {
		e.watch.doing.Store(doingReads)
		block, err := e.decide(ctx)
		if block != nil && err == nil {
			e.watch.doing.Store(doingCommit)
		}
		return block, err
	})
	e.loop.appended, e.loop.tried = err == nil, time.Now()
	return err
}

// confirm has the database confirm what the state was made from, where no commit of this
// process has done that. Nobody is answered before.
func (e *Engine) confirm(ctx context.Context) error {
	if e.loop.unconfirmed {
		e.watch.doing.Store(doingCommit)
		if err := e.db.Confirm(ctx); err != nil {
			return fmt.Errorf("confirm what was read: %w", err)
		}
	}
	e.confirmed.Store(int64(e.Head().Seq))
	e.loop.unconfirmed = false
	return nil
}

func (e *Engine) committed() {
	l := &e.loop
	if l.block.First == 1 {
		e.origin = l.block.Hash
	}
	e.index.add(l.entries)
	e.recent.add(l.block, l.entries)
	for _, entry := range l.entries {
		l.cache.touch(entry.Account, entry.Order)
	}
	head := l.block.Head()
	e.head.Store(&head)
	e.confirmed.Store(int64(head.Seq))
	l.unconfirmed = false
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
	now, wrong := e.decideAt(head)
	l.state.Seq, l.entries = head.Seq, l.entries[:0]
	refusal := e.refusal(wrong)
	for _, r := range l.batch {
		if !r.start() {
			continue
		}
		r.out, r.err = core.Outcome{}, nil
		if answerRefused(r, refusal) {
			continue
		}
		if !l.facts.ready(l.state, r.cmd) {
			r.putOff()
			continue
		}
		if err := e.decideOne(r, now); err != nil {
			return nil, err
		}
		if r.err == nil {
			l.entries = r.out.Entries(l.entries)
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
			r.err = token.Wrap(fmt.Errorf("panic: %v", p), "decide")
			r.state.Store(requestFinal)
			err = errTainted
		}
	}()
	l := &e.loop
	r.out, r.err = core.Run(l.state, r.cmd, now)
	if errors.Is(r.err, core.ErrAbsent) { // somebody earns by it who has not for a while
		l.absent = append(l.absent, l.state.Absent...)
		r.putOff()
		return nil
	}
	if r.err != nil {
		r.err = token.Wrap(r.err, "decide")
	}
	return nil
}

// putOff leaves a request to the next batch, which has what this one lacked.
func (r *request) putOff() {
	r.out, r.err = core.Outcome{}, nil
	r.state.Store(requestWaiting)
	if r.carried++; r.carried > maxCarries {
		r.err = token.Wrap(errNeedless, "decide")
		r.state.Store(requestFinal)
	}
}

// failed throws the state away and finds out what became of the block. It returns nil
// where the block landed and is as durable as if nothing had failed.
func (e *Engine) failed(ctx context.Context, cause error) error {
	l := &e.loop
	l.broken = true
	block := l.block
	if block == nil || errors.Is(cause, ErrNotAppended) {
		return cause
	}
	if !e.db.Shared() { // what is read meanwhile may be found otherwise by the next process
		e.confirmed.Store(unconfirmed)
	}
	// The head is read when no append is under way any more, so what it says is final; and
	// it is confirmed, which a block that can be read need not be.
	e.watch.doing.Store(doingCommit)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stepPatience)
	defer cancel()
	head, err := e.db.Settled(ctx)
	if err != nil {
		return errors.Join(errUnknown, cause, err)
	}
	if head.Seq < block.Last() {
		return cause
	}
	if head.Seq == block.Last() && head.Hash != block.Hash {
		return cause // somebody else appended there
	}
	if head.Seq > block.Last() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stepPatience)
		defer cancel()
		there, err := e.db.BlocksOf(ctx, []uint64{block.First})
		if err != nil {
			return errors.Join(errUnknown, cause, err)
		}
		if there[0].Hash != block.Hash {
			return cause
		}
	}
	e.log.Warn("a block landed although its commit failed", "first", block.First, "error", cause)
	return nil
}

// answer tells every caller. A request that has not run stays for the next batch, or is
// told that it did nothing: it never gets the outcome of the batch.
func (e *Engine) answer(failure error) {
	l := &e.loop
	for _, r := range l.batch {
		switch r.state.Load() {
		case requestWaiting:
			if failure == nil {
				l.carry = append(l.carry, r)
				continue
			}
			r.out, r.err = core.Outcome{}, e.unavailable("unavailable.storage", failure)
		case requestRan:
			if failure == nil {
				break
			}
			if r.out = (core.Outcome{}); errors.Is(failure, errUnknown) {
				r.err = unknown(failure)
			} else {
				r.err = e.unavailable("unavailable.storage", failure)
			}
		}
		r.finished <- struct{}{}
	}
}

// tell notes in health whether blocks can be appended, and logs where that changed.
func (e *Engine) tell(err error) {
	l := &e.loop
	if err == nil {
		if l.trouble && l.appended {
			l.trouble = false
			for _, code := range []string{ProblemLock, ProblemAppend, ProblemReplaced} {
				if e.health.clear(code) {
					e.log.Info("blocks are appended again", "was", code)
				}
			}
		}
		return
	}
	if errors.Is(err, errDamaged) || errors.Is(err, errTainted) {
		return // told by whoever found it
	}
	code, detail := ProblemAppend, "blocks cannot be appended: "+err.Error()
	switch {
	case errors.Is(err, errReplaced):
		code, detail = ProblemReplaced, err.Error()
	case errors.Is(err, ErrLocked):
		code, detail = ProblemLock, lockDetail
	}
	l.trouble = true
	if e.health.set(code, detail, e.clock.Now()) {
		e.log.Error("batch failed", "problem", code, "error", err, "commands", len(l.batch))
	}
}

// probePause is how long the batch goroutine waits for commands that append, after one of
// them found that blocks cannot be appended, before it looks whether they can be again: a
// balancer that has seen /readyz sends none. Looks, which workers hand in all the time, do not
// put it off.
const probePause = time.Second

// probe appends nothing, which needs the lock and the right journal; and, where it was the
// disk, writes a little.
func (e *Engine) probe() {
	l := &e.loop
	l.batch, l.probing = l.batch[:0], true
	e.runBatch()
	l.probing, l.tried = false, time.Now()
}

// touch writes a row that nobody reads.
func (e *Engine) touch(ctx context.Context) error {
	return e.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE journal_lock SET id = id WHERE id = 5`)
		return err
	})
}

// tidy makes room and wakes what writes behind.
func (e *Engine) tidy() {
	l := &e.loop
	clear(l.batch)
	l.facts.clear(l.state)
	l.cache.evict(l.state, e.keep)
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
