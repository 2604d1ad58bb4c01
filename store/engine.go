package store

import (
	"context"
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
	options Options
	index   *index

	gate     sync.RWMutex // held for reading while a command is handed in
	closed   bool
	queue    chan *request
	tasks    chan *request
	nudge    chan struct{} // the loop looks again whether it may go on
	stop     chan struct{}
	stopped  chan struct{}
	requests sync.Pool
	head     atomic.Pointer[journal.Head]
	anew     atomic.Int64 // odd while the state and the index are made anew
	counters counters
	behind   *behind
	health   health
	damaged  atomic.Bool // the journal is: nothing is sold any more
	remaking atomic.Bool // more is being replayed than the end of the journal

	otherSecret atomic.Bool // the database has another secret: see SetProblem

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
	answered bool // err is final
	carried  int  // how often it was put off
	done     chan struct{}
}

// The bounds of waiting for a place in the queue and for the database.
const (
	queuePatience  = 2 * time.Second
	commitPatience = 20 * time.Second
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
		db: db, clock: clock, log: log, options: options,
		queue:   make(chan *request, options.Queue),
		tasks:   make(chan *request),
		nudge:   make(chan struct{}, 1),
		stop:    make(chan struct{}),
		stopped: make(chan struct{}),
		blocks:  blocks,
	}
	e.requests.New = func() any { return &request{done: make(chan struct{}, 1)} }
	e.head.Store(&journal.Head{})
	e.index = newIndex(db, options, e.Head)
	e.behind = newBehind(e)
	if err := e.reset(ctx); err != nil {
		return nil, err
	}
	go e.run()
	go e.behind.run()
	return e, nil
}

// Do runs a command. When it returns without an error, what the command did is durable
// and will be seen by every later command on any replica.
func (e *Engine) Do(ctx context.Context, cmd core.Command) (core.Outcome, error) {
	r, _ := e.requests.Get().(*request)
	r.cmd = cmd
	if err := e.hand(ctx, r); err != nil {
		e.release(r)
		return core.Outcome{}, err
	}
	select {
	case <-r.done:
		out, err := r.out, r.err
		e.release(r)
		return out, err
	case <-ctx.Done():
		// The loop still has r, so r is not used again.
		return core.Outcome{}, unknown(ctx.Err())
	}
}

func (e *Engine) release(r *request) {
	*r = request{done: r.done}
	e.requests.Put(r)
}

// hand puts r into the queue, and waits a little where the queue is full.
func (e *Engine) hand(ctx context.Context, r *request) error {
	e.gate.RLock()
	defer e.gate.RUnlock()
	if e.closed {
		return e.unavailable("the server is shutting down; try again with the same key", nil)
	}
	_, looks := r.cmd.(*look)
	if e.damaged.Load() && !looks {
		return e.unavailable("the journal is damaged, and nothing is sold before that is mended", nil)
	}
	if e.behind.stuck.Load() && !looks {
		return e.unavailable("storage is full or failing; try again with the same key", nil)
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
		return e.unavailable("the request was given up before it was begun", ctx.Err())
	case <-patience.C:
		return e.unavailable("too much is waiting; try again with the same key", nil)
	}
}

// between runs task on the state between two batches, when all of it is durable.
func (e *Engine) between(ctx context.Context, task func(context.Context, *core.State) error) error {
	r := &request{task: task, done: make(chan struct{}, 1)}
	select {
	case e.tasks <- r:
	case <-e.stopped:
		return e.unavailable("the server is shutting down", nil)
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-r.done:
		return r.err
	case <-ctx.Done(): // the task may still be run
		return ctx.Err()
	}
}

// Head returns the journal's end as this engine knows it.
func (e *Engine) Head() journal.Head { return *e.head.Load() }

// Problems returns what keeps this engine from being trusted with commands, ordered by
// code; none where all is well.
func (e *Engine) Problems() []Problem { return e.health.list() }

// Flush writes everything behind now.
func (e *Engine) Flush(ctx context.Context) error { return e.behind.flush(ctx) }

// Close refuses new commands, answers those it accepted, flushes and stops. The
// database stays open.
func (e *Engine) Close(ctx context.Context) error {
	e.gate.Lock()
	again := e.closed
	e.closed = true
	e.gate.Unlock()
	if again {
		<-e.stopped
		return nil
	}
	// The queue is in order: when this look is answered, so is everything before it.
	last := &request{cmd: &look{}, done: make(chan struct{}, 1)}
	select {
	case e.queue <- last:
		<-last.done
	case <-ctx.Done():
	}
	err := e.behind.close(ctx)
	close(e.stop)
	<-e.stopped
	return err
}

// unavailable is the answer to a command that was certainly not run.
func (e *Engine) unavailable(detail string, cause error) error {
	return &token.Error{Kind: token.Unavailable, Code: token.CodeUnavailable, Detail: detail, Cause: cause, RetryAt: e.clock.Now().Add(time.Second)}
}

// unknown is the answer to a command of which nobody knows whether it happened.
func unknown(cause error) error {
	return &token.Error{Kind: token.Unavailable, Code: token.CodeCommitUnknown, Cause: cause,
		Detail: "it is not known whether this was done; try again with the same key"}
}

// nudgeLoop wakes the batch goroutine where it waits for the flush to catch up.
func (e *Engine) nudgeLoop() {
	select {
	case e.nudge <- struct{}{}:
	default:
	}
}
