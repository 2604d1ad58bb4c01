package store

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// Steady is a clock that can be compared: with a reading that nobody sets, and with the
// database's clock. The clocks of tests stand still or jump, and are not.
type Steady interface {
	token.Clock
	// Reading returns the time of day and, read at the same moment, how long the process
	// has run by a clock that nobody sets.
	Reading() (now time.Time, elapsed time.Duration)
	// Asleep returns how long the machine has slept so far, which elapsed leaves out; zero
	// where that cannot be told.
	Asleep() time.Duration
}

// timekeeper is a database with a clock of its own.
type timekeeper interface {
	// Time returns the server's time and that of the journal's newest block, zero where
	// there is none.
	Time(ctx context.Context) (now, newest time.Time, err error)
}

// How often clocks are compared, and for how long the database is waited for meanwhile.
const (
	clockEvery    = time.Second
	clockPatience = 2 * time.Second
)

// clockwork is the time by which the engine decides. It is safe for concurrent use.
type clockwork struct {
	source token.Clock
	steady Steady // nil where the source cannot be compared
	rule   journal.ClockRule

	anchor atomic.Pointer[anchor]
	server atomic.Int64 // by how much the database's clock differs, in ms, as found last
	newest atomic.Int64 // the time of the newest block that the database was asked for
}

// anchor is a moment at which the clock was right.
type anchor struct {
	journal.Anchor
	asleep time.Duration
}

func newClockwork(source token.Clock, shared bool, options Options) *clockwork {
	c := &clockwork{source: source, rule: journal.ClockRule{Tolerance: options.ClockTolerance, Shared: shared, AcceptUntil: unixMilli(options.AcceptClockUntil)}}
	if steady, ok := source.(Steady); ok {
		c.steady = steady
		c.hold()
	}
	return c
}

func unixMilli(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.UnixMilli()
}

// hold takes what the clock shows for right.
func (c *clockwork) hold() {
	wall, elapsed := c.steady.Reading()
	c.anchor.Store(&anchor{journal.Anchor{Wall: wall.UnixMilli(), Elapsed: elapsed.Milliseconds()}, c.steady.Asleep()})
}

// read returns the time to go by, and by how much the clock was set since it was right.
func (c *clockwork) read() (now, set int64) {
	if c.steady == nil {
		return c.source.Now().UnixMilli(), 0
	}
	wall, elapsed := c.steady.Reading()
	a := c.anchor.Load()
	now, set = c.rule.Trusted(a.Anchor, wall.UnixMilli(), elapsed.Milliseconds())
	if set == 0 {
		return now, 0
	}
	// A machine that slept shows another time, and is right.
	slept := c.steady.Asleep() - a.asleep
	return c.rule.Trusted(a.Anchor, wall.UnixMilli(), (elapsed + slept).Milliseconds())
}

// wrong says why nothing may be appended behind head by this clock, "" where it fits.
func (c *clockwork) wrong(now, set int64, head journal.Head) string {
	span := func(ms int64) time.Duration {
		return (time.Duration(ms) * time.Millisecond).Round(time.Second / 10).Abs()
	}
	server := c.server.Load()
	ahead := c.rule.Ahead(now, head)
	switch {
	case set > 0:
		return fmt.Sprintf("this machine's clock was set ahead by %s; set it right, or restart this server if it is right now", span(set))
	case set < 0:
		return fmt.Sprintf("this machine's clock was set back by %s; set it right, or restart this server if it is right now", span(set))
	case server > 0:
		return fmt.Sprintf("this machine's clock is %s behind the database's; set whichever is wrong", span(server))
	case server < 0:
		return fmt.Sprintf("this machine's clock is %s ahead of the database's; set whichever is wrong", span(server))
	case ahead > 0:
		at := time.UnixMilli(head.At).UTC().Format(time.RFC3339)
		return fmt.Sprintf("the journal's last entry is of %s, %s ahead of this machine's clock: set the clock if it is slow; if another was fast, wait until then, or start with --accept-clock-until (docs/operations.md)", at, span(ahead))
	}
	return ""
}

// errClock is in the chain of what commands are answered while the clock is wrong.
var errClock = errors.New("the clock is wrong")

// Now returns the time by which commands are decided: the clock's, and never before the
// journal's end where that is tolerated or accepted, so that who shows a page by it and
// what is decided agree. While the clock is wrong because it was set, the time goes on from
// when it was right. So Engine is a token.Clock.
func (e *Engine) Now() time.Time {
	now, _ := e.time.read()
	head := *e.head.Load()
	head.At = max(head.At, e.time.newest.Load())
	if e.time.rule.Ahead(now, head) == 0 {
		now = max(now, head.At)
	}
	return time.UnixMilli(now).UTC()
}

var _ token.Clock = (*Engine)(nil)

// decideAt returns the time at which a block behind head is decided, or why there can be
// none.
func (e *Engine) decideAt(head journal.Head) (now int64, refusal error) {
	now, set := e.time.read()
	if wrong := e.time.wrong(now, set, head); wrong != "" {
		e.clockIs(wrong)
		refusal = e.unavailable("unavailable.clock", errClock)
	}
	return max(now, head.At), refusal
}

// clockIs notes what is wrong with the clock; "" for nothing.
func (e *Engine) clockIs(wrong string) {
	if wrong != "" {
		e.SetProblem(ProblemClock, wrong)
	} else {
		e.ClearProblem(ProblemClock)
	}
}

// watchClock compares the clocks every second.
func (e *Engine) watchClock() {
	defer close(e.compared)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ticker := time.NewTicker(clockEvery)
	defer ticker.Stop()
	go func() { <-e.stop; cancel() }()
	for {
		select {
		case <-ticker.C:
			e.compareClocks(ctx)
		case <-e.stop:
			return
		}
	}
}

// compareClocks compares the clock with the database's and with the journal's end, also
// where nothing is sold. A clock that was set and that the database's agrees with is right.
func (e *Engine) compareClocks(ctx context.Context) {
	c := e.time
	if server, ok := e.db.(timekeeper); ok && c.steady != nil {
		ctx, cancel := context.WithTimeout(ctx, clockPatience)
		before := c.steady.Now().UnixMilli()
		there, newest, err := server.Time(ctx)
		cancel()
		if err == nil { // else what was found last holds; that the database is away is noticed elsewhere
			by := c.rule.Differs(before, there.UnixMilli(), c.steady.Now().UnixMilli())
			c.server.Store(by)
			if by == 0 {
				c.hold()
			}
			if !newest.IsZero() {
				c.newest.Store(newest.UnixMilli())
			}
		}
	}
	now, set := c.read()
	if set == 0 && c.steady != nil {
		c.hold() // clocks that are set right little by little are followed
	}
	head := e.Head()
	head.At = max(head.At, c.newest.Load())
	e.clockIs(c.wrong(now, set, head))
}
