package delivery

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"

	"farthing.dev/farthing/token"
)

// The bounds of a Queue.
const (
	claimMargin  = 30 * time.Second // a claim lasts so much longer than sending may take
	expirePerGo  = 200              // expired messages buried in one look
	countEvery   = 10 * time.Second
	dropEvery    = time.Hour
	endGrace     = 5 * time.Second // what is under way when Run ends gets so long
	deliverLimit = 1000            // rounds of one Deliver
)

// Sender sends the messages of one kind.
type Sender struct {
	Kind Kind
	// Send delivers a message and waits for the receiver's answer. It is called by several
	// goroutines at once.
	Send func(ctx context.Context, m Message) error
	// Lost is told of a message that became a dead letter; nil for nobody.
	Lost func(ctx context.Context, m Message)

	Receivers int           // served at a time
	Each      int           // messages of one receiver under way at a time
	Attempts  int64         // of one message
	Patience  time.Duration // how long Send may take
	Backoff   Backoff       // of a message that failed, and of a receiver that fails
}

// Options are what a Queue is made of.
type Options struct {
	Store  Store
	Clock  token.Clock
	Log    *slog.Logger
	Random rand.Source // for jitter
}

// Queue delivers what waits in a Store. Its methods may be called by any number of
// goroutines, but Add before all others.
type Queue struct {
	store Store
	clock token.Clock
	log   *slog.Logger
	wake  chan struct{}
	lines []*line

	dice   sync.Mutex
	random *rand.Rand

	alone   sync.Mutex // held by Deliver
	counts  atomic.Pointer[map[Kind]Count]
	counted time.Time // by Run
	dropped time.Time
}

// line is the queue of one kind.
type line struct {
	Sender
	busy                  atomic.Int64 // receivers being served
	sent, failed, givenUp atomic.Int64
}

// Stats are what became of messages of a kind: in this process since its start, and what is
// there now, counted a few seconds ago.
type Stats struct {
	Sent    int64
	Failed  int64 // attempts that failed, given up or not
	GivenUp int64 // messages that became dead letters
	Count
}

// New returns a queue that sends nothing yet.
func New(o Options) *Queue {
	return &Queue{store: o.Store, clock: o.Clock, log: o.Log, wake: make(chan struct{}, 1), random: rand.New(o.Random)}
}

// Add has a kind be sent. What waits of a kind that nobody sends goes on waiting until it
// expires.
func (q *Queue) Add(s Sender) { q.lines = append(q.lines, &line{Sender: s}) }

// Wake has Run look at once: something was enqueued. It never blocks.
func (q *Queue) Wake() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// Stats returns what became of messages of a kind.
func (q *Queue) Stats(kind Kind) Stats {
	var s Stats
	if counts := q.counts.Load(); counts != nil {
		s.Count = (*counts)[kind]
	}
	for _, l := range q.lines {
		if l.Kind == kind {
			s.Sent, s.Failed, s.GivenUp = l.sent.Load(), l.failed.Load(), l.givenUp.Load()
		}
	}
	return s
}

// Run delivers at each tick and whenever it is woken, until ctx ends. Then what is due gets a
// last round; what has not been delivered after a few seconds stays in the queue.
func (q *Queue) Run(ctx context.Context, ticks <-chan time.Time) {
	sending, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var under sync.WaitGroup
	for {
		select {
		case <-ctx.Done():
			defer time.AfterFunc(endGrace, stop).Stop()
			q.start(sending, &under)
			under.Wait()
			return
		case <-ticks:
			q.Sweep(ctx)
		case <-q.wake:
		}
		q.start(sending, &under)
	}
}

// start begins as many batches as there is room for, and waits for none.
func (q *Queue) start(ctx context.Context, under *sync.WaitGroup) {
	for _, l := range q.lines {
		for _, b := range q.claim(ctx, l, l.Receivers-int(l.busy.Load())) {
			l.busy.Add(1)
			under.Go(func() {
				defer q.Wake() // there may be more of it
				defer l.busy.Add(-1)
				q.serve(ctx, l, b)
			})
		}
	}
}

// Deliver delivers what is due now, and waits for that: for a sender that takes no time, and
// for tests.
func (q *Queue) Deliver(ctx context.Context) {
	q.alone.Lock()
	defer q.alone.Unlock()
	for _, l := range q.lines {
		for range deliverLimit {
			if !q.round(ctx, l) {
				break
			}
		}
	}
}

// round serves some receivers, and reports whether there were any.
func (q *Queue) round(ctx context.Context, l *line) bool {
	batches := q.claim(ctx, l, l.Receivers)
	var wait sync.WaitGroup
	for _, b := range batches {
		wait.Go(func() { q.serve(ctx, l, b) })
	}
	wait.Wait()
	return len(batches) > 0
}

func (q *Queue) claim(ctx context.Context, l *line, receivers int) []Batch {
	if receivers <= 0 {
		return nil
	}
	now := q.clock.Now()
	batches, err := q.store.ClaimDeliveries(ctx, Ask{
		Kind: l.Kind, Now: now.UnixMilli(), Until: now.Add(l.Patience + claimMargin).UnixMilli(), Receivers: receivers, Each: l.Each,
	})
	if err != nil && ctx.Err() == nil {
		q.log.ErrorContext(ctx, "the queue of deliveries could not be read; trying again", "kind", string(l.Kind), "error", err)
	}
	return batches
}

// outcome is how sending a message went, as far as it tells about its receiver.
type outcome int

const (
	untried outcome = iota
	answered
	silent
)

// serve sends the messages of a batch, all at once, and notes how their receiver stands.
func (q *Queue) serve(ctx context.Context, l *line, b Batch) {
	outcomes := make([]outcome, len(b.Messages))
	var wait sync.WaitGroup
	for i, m := range b.Messages {
		wait.Go(func() { outcomes[i] = q.send(ctx, l, b, m) })
	}
	wait.Wait()
	now := q.clock.Now()
	s := Standing{Now: now.UnixMilli(), Failures: b.Failures}
	switch {
	case slices.Contains(outcomes, answered):
		s.Failures = 0
	case slices.Contains(outcomes, silent):
		s.Failures++
		s.Blocked = now.Add(q.after(l.Backoff, s.Failures)).UnixMilli()
	}
	q.noteFailure(ctx, l, q.store.ReleaseReceiver(ctx, b, s))
}

// send sends a message and marks what became of it.
func (q *Queue) send(ctx context.Context, l *line, b Batch, m Message) outcome {
	now := q.clock.Now().UnixMilli()
	switch {
	case now >= b.Until: // this process was paused: by now the message may be another's
		return untried
	case now >= m.Expires:
		q.bury(ctx, l, m, Expired, true)
		return untried
	}
	err := q.try(ctx, l, m)
	if err == nil {
		l.sent.Add(1)
		_, err := q.store.DeliveryDone(ctx, m)
		q.noteFailure(ctx, l, err)
		return answered
	}
	l.failed.Add(1)
	why := shorten(err.Error())
	refused := errors.Is(err, ErrRefused)
	if refused || m.Attempts >= l.Attempts {
		q.log.WarnContext(ctx, "a delivery failed; given up", "kind", string(l.Kind), "delivery", m.ID.String(), "attempts", m.Attempts, "error", err)
		q.bury(ctx, l, m, why, refused)
	} else {
		q.log.WarnContext(ctx, "a delivery failed; trying again", "kind", string(l.Kind), "delivery", m.ID.String(), "attempts", m.Attempts, "error", err)
		due := q.clock.Now().Add(q.after(l.Backoff, m.Attempts)).UnixMilli()
		_, err := q.store.PostponeDelivery(ctx, m, due, why)
		q.noteFailure(ctx, l, err)
	}
	if refused || errors.Is(err, ErrThisOne) {
		return answered
	}
	return silent
}

func (q *Queue) try(ctx context.Context, l *line, m Message) error {
	ctx, stop := context.WithTimeout(ctx, l.Patience)
	defer stop()
	return l.Send(ctx, m)
}

func (q *Queue) bury(ctx context.Context, l *line, m Message, why string, forGood bool) {
	mine, err := q.store.BuryDelivery(ctx, m, q.clock.Now().UnixMilli(), why, forGood)
	q.noteFailure(ctx, l, err)
	if mine {
		l.lose(ctx, m)
	}
}

func (l *line) lose(ctx context.Context, m Message) {
	l.givenUp.Add(1)
	if l.Lost != nil {
		l.Lost(ctx, m)
	}
}

// noteFailure logs that a mark could not be written: the claim ends by itself, and what was
// delivered may be delivered again.
func (q *Queue) noteFailure(ctx context.Context, l *line, err error) {
	if err != nil {
		q.log.ErrorContext(ctx, "what became of a delivery could not be written; it is tried again", "kind", string(l.Kind), "error", err)
	}
}

func (q *Queue) after(b Backoff, failures int64) time.Duration {
	q.dice.Lock()
	defer q.dice.Unlock()
	return b.after(failures, q.random.Float64())
}

// Sweep buries what has expired, deletes old dead letters, and counts what is there. Run does
// it at each tick.
func (q *Queue) Sweep(ctx context.Context) {
	now := q.clock.Now()
	err := q.expire(ctx, now.UnixMilli())
	if err == nil && now.Sub(q.dropped) >= dropEvery {
		if err = q.store.DropDeadDeliveries(ctx, now.Add(-KeepDead).UnixMilli()); err == nil {
			q.dropped = now
		}
	}
	if err == nil && now.Sub(q.counted) >= countEvery {
		var counts map[Kind]Count
		if counts, err = q.store.CountDeliveries(ctx); err == nil {
			q.counted = now
			q.counts.Store(&counts)
		}
	}
	if err != nil && ctx.Err() == nil {
		q.log.ErrorContext(ctx, "the queue of deliveries could not be swept; trying again", "error", err)
	}
}

func (q *Queue) expire(ctx context.Context, now int64) error {
	lost, err := q.store.ExpireDeliveries(ctx, now, expirePerGo)
	for _, m := range lost {
		for _, l := range q.lines {
			if l.Kind == m.Kind {
				l.lose(ctx, m)
			}
		}
	}
	return err
}

// shorten makes of a reason what is kept of it: one short line of characters that can be seen.
func shorten(why string) string {
	why = strings.Map(func(c rune) rune {
		if unicode.IsPrint(c) {
			return c
		}
		return ' '
	}, strings.ToValidUTF8(why, ""))
	if len(why) > MaxWhy {
		why = strings.ToValidUTF8(why[:MaxWhy], "")
	}
	return why
}
