package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"farthing.dev/farthing/domain/core"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// Engine runs commands durably. It is safe for concurrent use.
type Engine struct {
	db      Database
	clock   token.Clock
	log     *slog.Logger
	time    *clockwork
	options Options
	index   *index

	gate     sync.RWMutex // held for reading while a command is handed in
	closed   bool
	queue    chan *request
	tasks    chan *request
	nudge    chan struct{} // the loop looks again whether it may go on
	stop     chan struct{}
	stopped  chan struct{}
	compared chan struct{} // closed when the clocks are compared no more
	requests sync.Pool
	made     atomic.Uint32 // requests
	head     atomic.Pointer[journal.Head]
	anew     atomic.Int64 // odd while the state and the index are made anew
	counters counters
	behind   *behind
	health   health
	damaged  atomic.Bool // the journal is: nothing is sold any more
	remaking atomic.Bool // more is being replayed than the end of the journal

	replacements atomic.Int64             // how often the database turned out to hold another journal
	otherSecret  atomic.Bool              // the database has another secret: see SetProblem
	broken       atomic.Pointer[brokenAt] // the invariant that does not hold, and where; nil while all do

	watch *watch

	// confirmed is the number up to which entries are known to be as durable as they must
	// be, or unconfirmed.
	confirmed atomic.Int64
	origin    journal.Hash // of the journal's first block; only the batch goroutine looks

	recent   *recent
	blocksMu sync.Mutex
	blocks   *simplelru.LRU[uint64, *journal.Block] // by first entry

	loop loop // what only the batch goroutine touches
}

// request is a command, or a task that looks at the state between two batches.
type request struct {
	cmd  core.Command
	task func(context.Context, *core.State) error

	out      core.Outcome
	err      error
	state    atomic.Int32 // one of the constants below
	carried  int          // how often it was put off
	finished chan struct{}
	number   uint32 // of the request, for alarms
}

// The state of a request. The batch goroutine moves it on, but for the last one, to
// which its caller may take it from requestWaiting.
const (
	requestWaiting   int32 = iota // in the queue, or put off to the next batch: it has not run
	requestRan                    // decided in the batch at hand; its outcome counts if the batch is committed
	requestFinal                  // it has an answer of its own, whatever becomes of the batch
	requestAbandoned              // nobody waits for it, and it does not run
)

// done reports whether there is nothing to be decided any more.
func (r *request) done() bool { return r.state.Load() >= requestFinal }

// start marks the request as running, unless its caller has given it up.
func (r *request) start() bool {
	return r.state.CompareAndSwap(requestWaiting, requestRan) || r.state.Load() == requestRan
}

// The bounds of waiting for a place in the queue, and of blocks kept in memory.
const (
	queuePatience  = 2 * time.Second
	blocksInMemory = 32
)

// OpenEngine starts an engine on a database whose tables are up to date (Migrate).
// It is ready when it returns: the journal's tail has been replayed.
func OpenEngine(ctx context.Context, db Database, clock token.Clock, log *slog.Logger, options Options) (*Engine, error) {
	options = options.withDefaults()
	blocks, err := simplelru.NewLRU[uint64, *journal.Block](blocksInMemory, nil)
	if err != nil {
		return nil, err
	}
	e := &Engine{
		db: db, clock: clock, time: newClockwork(clock, db.Shared(), options), log: log, options: options,
		queue:    make(chan *request, options.Queue),
		tasks:    make(chan *request),
		nudge:    make(chan struct{}, 1),
		stop:     make(chan struct{}),
		stopped:  make(chan struct{}),
		compared: make(chan struct{}),
		blocks:   blocks,
		recent:   newRecent(),
	}
	e.watch = newWatch(&e.health, log, clock, options.Moment, options.Answer)
	e.confirmed.Store(unconfirmed)
	e.requests.New = func() any {
		return &request{finished: make(chan struct{}, 1), number: e.made.Add(1)}
	}
	e.head.Store(&journal.Head{})
	e.index = newIndex(db, options, e.Head)
	e.behind = newBehind(e)
	e.loop.broken = true // there is none yet
	for range attempts {
		if err = e.mend(ctx); !errors.Is(err, ErrOtherJournal) {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	e.compareClocks(ctx)
	go e.run()
	go e.watchClock()
	go e.behind.run()
	return e, nil
}

// Do runs a command. When it returns without an error, what the command did is durable
// and will be seen by every later command on any replica. CodeUnavailable says that it
// certainly did nothing, CodeCommitUnknown that nobody knows yet.
func (e *Engine) Do(ctx context.Context, cmd core.Command) (core.Outcome, error) {
	r, _ := e.requests.Get().(*request)
	lost := e.watch.lost.C(r.number)
	r.cmd = cmd
	if err := e.hand(ctx, r); err != nil {
		e.release(r)
		return core.Outcome{}, err
	}
	select {
	case <-r.finished:
		out, err := r.out, r.err
		e.release(r)
		return out, err
	case <-ctx.Done():
		if e.giveUp(r) {
			return core.Outcome{}, e.unavailable("unavailable.not_begun", ctx.Err())
		}
		return outcomeOf(r, ctx.Err())
	case <-lost:
		if e.giveUp(r) {
			return core.Outcome{}, e.unavailable("unavailable.database_silent", nil)
		}
		return outcomeOf(r, errWaiting)
	}
}

var errWaiting = errors.New("the commit is still waiting for the database")

// giveUp takes a request back, and reports whether it was before it ran. The batch
// goroutine still has r, so r is not used again.
func (e *Engine) giveUp(r *request) bool {
	return r.state.CompareAndSwap(requestWaiting, requestAbandoned)
}

// outcomeOf returns the answer of a request that ran, if it has one by now.
func outcomeOf(r *request, cause error) (core.Outcome, error) {
	select {
	case <-r.finished:
		return r.out, r.err
	default:
		return core.Outcome{}, unknown(cause)
	}
}

func (e *Engine) release(r *request) {
	r.cmd, r.task, r.out, r.err, r.carried = nil, nil, core.Outcome{}, nil, 0
	r.state.Store(requestWaiting)
	e.requests.Put(r)
}

// hand puts r into the queue, and waits a little where the queue is full.
func (e *Engine) hand(ctx context.Context, r *request) error {
	e.gate.RLock()
	defer e.gate.RUnlock()
	if e.closed {
		return e.unavailable("unavailable.closing", nil)
	}
	_, looks := r.cmd.(*look)
	if e.damaged.Load() && !looks {
		return e.unavailable("unavailable.damaged", nil)
	}
	if e.behind.stuck.Load() && !looks {
		return e.unavailable("unavailable.storage_full", nil)
	}
	lost := e.watch.lost.C(r.number)
	select {
	case <-lost:
		return e.unavailable("unavailable.database_silent", nil)
	default:
	}
	select {
	case e.queue <- r:
		return nil
	default:
	}
	patience := time.NewTimer(queuePatience)
	defer patience.Stop()
	select {
	case e.queue <- r:
		return nil
	case <-ctx.Done():
		return e.unavailable("unavailable.not_begun", ctx.Err())
	case <-lost:
		return e.unavailable("unavailable.database_silent", nil)
	case <-patience.C:
		return e.unavailable("unavailable.waiting", nil)
	}
}

// between runs task on the state between two batches, when all of it is durable.
func (e *Engine) between(ctx context.Context, task func(context.Context, *core.State) error) error {
	r := &request{task: task, finished: make(chan struct{}, 1)}
	select {
	case e.tasks <- r:
	case <-e.stopped:
		return e.unavailable("unavailable.closing_now", nil)
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-r.finished:
		return r.err
	case <-ctx.Done(): // the task may still be run
		return ctx.Err()
	}
}

// Head returns the journal's end as this engine knows it.
func (e *Engine) Head() journal.Head { return *e.head.Load() }

// Confirmed returns the journal's end where that is known to be as durable as what is
// acknowledged; zero where it was read and may yet be lost, which nobody is to be told of.
func (e *Engine) Confirmed() journal.Head {
	head := e.Head()
	if e.confirmed.Load() < int64(head.Seq) {
		return journal.Head{}
	}
	return head
}

// Replacements counts how often the database turned out to hold a shorter or another journal:
// what else was read from it before may be lost, too.
func (e *Engine) Replacements() int64 { return e.replacements.Load() }

// Problems returns what keeps this engine from being trusted with commands, ordered by
// code; none where all is well.
func (e *Engine) Problems() []Problem { return e.health.list() }

// Flush writes everything behind now.
func (e *Engine) Flush(ctx context.Context) error { return e.behind.flush(ctx) }

// Close refuses new commands, answers those it accepted, flushes and stops. The
// database stays open. Where ctx ends before that, because a commit waits, Close returns an
// error and leaves the commit waiting.
func (e *Engine) Close(ctx context.Context) error {
	e.gate.Lock()
	again := e.closed
	e.closed = true
	e.gate.Unlock()
	if again {
		return e.awaitStop(ctx)
	}
	// The queue is in order: when this look is answered, so is everything before it.
	last := &request{cmd: &look{}, finished: make(chan struct{}, 1)}
	select {
	case e.queue <- last:
		select {
		case <-last.finished:
		case <-ctx.Done():
		}
	case <-ctx.Done():
	}
	err := e.behind.close(ctx)
	close(e.stop)
	<-e.compared
	return errors.Join(err, e.awaitStop(ctx))
}

// awaitStop waits for the batch goroutine to end.
func (e *Engine) awaitStop(ctx context.Context) error {
	select {
	case <-e.stopped:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("stop: %w; nobody was told that it was done", errWaiting)
	}
}

// unavailable is the answer to a command that was certainly not run.
func (e *Engine) unavailable(reason token.Reason, cause error) error {
	return token.Refuse(token.Unavailable, reason).Because(cause).Until(e.clock.Now().Add(time.Second))
}

// unknown is the answer to a command of which nobody knows whether it happened.
func unknown(cause error) error {
	return token.Refuse(token.Unavailable, "commit_unknown.command").Because(cause)
}

// nudgeLoop wakes the batch goroutine where it waits for the flush to catch up.
func (e *Engine) nudgeLoop() {
	select {
	case e.nudge <- struct{}{}:
	default:
	}
}
