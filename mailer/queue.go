package mailer

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/token"
)

// ErrRefused is in the chain of an error that trying again cannot help.
var ErrRefused = errors.New("the mail server refused the message")

// mostWaiting bounds how many messages wait.
const mostWaiting = 2000

// pauses are how long a message waits after each try that failed. After the last it is
// given up: what it says has expired by then.
var pauses = [...]time.Duration{10 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute}

// Queue takes messages at once and delivers them behind, in memory: what waits when the
// process ends is lost, and whoever misses it asks for another.
type Queue struct {
	deliver func(ctx context.Context, m app.Mail) error
	clock   token.Clock
	log     *slog.Logger
	wake    chan struct{}

	mu      sync.Mutex
	waiting []letter
	stats   Stats
}

// Stats are what became of messages since the start.
type Stats struct {
	Sent    int64 // taken by the mail server
	Failed  int64 // tries that failed, given up or not
	GivenUp int64 // refused by the mail server, or tried too often
	Waiting int   // now
}

// Stats returns what became of messages.
func (q *Queue) Stats() Stats {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := q.stats
	s.Waiting = len(q.waiting)
	return s
}

// count notes how a try went.
func (q *Queue) count(err error, givenUp bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err == nil {
		q.stats.Sent++
		return
	}
	q.stats.Failed++
	if givenUp {
		q.stats.GivenUp++
	}
}

// letter is a message that waits.
type letter struct {
	mail  app.Mail
	tries int
	due   time.Time
}

var _ app.Mailer = (*Queue)(nil)

// NewQueue returns a queue before deliver, which sends one message and waits for it.
func NewQueue(deliver func(ctx context.Context, m app.Mail) error, clock token.Clock, log *slog.Logger) *Queue {
	return &Queue{deliver: deliver, clock: clock, log: log, wake: make(chan struct{}, 1)}
}

// Send takes a message, or answers CodeUnavailable where too many wait.
func (q *Queue) Send(_ context.Context, m app.Mail) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) >= mostWaiting {
		return token.Refuse(token.Unavailable, "unavailable.mail_full")
	}
	q.waiting = append(q.waiting, letter{mail: m, due: q.clock.Now()})
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return nil
}

// Run delivers what is due, when something comes and at each tick, until ctx ends. Then
// everything that waits gets one last try within the grace.
func (q *Queue) Run(ctx context.Context, ticks <-chan time.Time, grace time.Duration) {
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
			defer cancel()
			q.deliverAll(last, q.take(true))
			return
		case <-ticks:
		case <-q.wake:
		}
		q.Deliver(ctx)
	}
}

// Deliver tries every message that is due, once. Only one call at a time.
func (q *Queue) Deliver(ctx context.Context) { q.deliverAll(ctx, q.take(false)) }

func (q *Queue) deliverAll(ctx context.Context, letters []letter) {
	for _, l := range letters {
		if ctx.Err() != nil {
			q.again(l)
			continue
		}
		err := q.deliver(ctx, l.mail)
		q.count(err, errors.Is(err, ErrRefused) || l.tries >= len(pauses))
		switch {
		case err == nil:
		case errors.Is(err, ErrRefused):
			q.log.WarnContext(ctx, "e-mail refused by the mail server; given up", "error", err)
		case l.tries >= len(pauses):
			q.log.ErrorContext(ctx, "e-mail could not be sent; given up", "tries", l.tries+1, "error", err)
		default:
			q.log.WarnContext(ctx, "e-mail could not be sent; trying again", "tries", l.tries+1, "error", err)
			l.due = q.clock.Now().Add(pauses[l.tries])
			l.tries++
			q.again(l)
		}
	}
}

// take takes out the messages that are due, or all.
func (q *Queue) take(all bool) []letter {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.clock.Now()
	var due, later []letter
	for _, l := range q.waiting {
		if l.due.After(now) && !all {
			later = append(later, l)
		} else {
			due = append(due, l)
		}
	}
	q.waiting = later
	return due
}

func (q *Queue) again(l letter) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, l)
}
