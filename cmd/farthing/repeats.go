package main

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// repeats is a slog.Handler that counts what is said again and again. The first line of
// its kind goes through at once; for as long as the kind goes on there is a line every
// repeatPause, with how often it was repeated since the line before; and one when it is
// over. So an outage costs a few lines, however many callers meet it.
//
// Only warnings and errors are counted. A kind is a level, a message, and the values of
// the attributes that tell faults of one message apart. The security log is told in full.
type repeats struct {
	next   slog.Handler
	shared *repeated
}

// repeated is what the handlers that were made of one another share.
type repeated struct {
	mu    sync.Mutex
	kinds map[string]*kind
}

// kind is a line that was said, and perhaps repeated.
type kind struct {
	began  time.Time // when the first of it was said
	said   time.Time // when a line was last written
	last   time.Time // when it was last repeated
	unsaid int       // repetitions since the last line
	total  int       // all of them
	record slog.Record
	next   slog.Handler
}

const (
	repeatPause = 10 * time.Second
	maxKinds    = 512 // more kinds at once than there are messages go through uncounted
)

// security is the message of the security log, which has every event.
const security = "security"

func newRepeats(next slog.Handler) *repeats {
	return &repeats{next: next, shared: &repeated{kinds: map[string]*kind{}}}
}

// Enabled is next's.
func (h *repeats) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// WithAttrs returns a handler that shares the counts.
func (h *repeats) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &repeats{h.next.WithAttrs(attrs), h.shared}
}

// WithGroup returns a handler that shares the counts.
func (h *repeats) WithGroup(name string) slog.Handler {
	return &repeats{h.next.WithGroup(name), h.shared}
}

// Handle writes a record, or counts it.
func (h *repeats) Handle(ctx context.Context, r slog.Record) error {
	if r.Level < slog.LevelWarn || r.Message == security {
		return h.next.Handle(ctx, r)
	}
	line, due := h.shared.meet(r, h.next)
	if !due {
		return nil
	}
	return h.next.Handle(ctx, line)
}

// nameOf names a record's kind.
func nameOf(r slog.Record) string {
	name := r.Level.String() + " " + r.Message
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "code", "command", "task":
			name += " " + a.Value.String()
		}
		return true
	})
	return name
}

// meet counts a record, and returns the line to write where one is due.
func (s *repeated) meet(r slog.Record, next slog.Handler) (line slog.Record, due bool) {
	name := nameOf(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.kinds[name]
	if k == nil {
		if len(s.kinds) < maxKinds {
			s.kinds[name] = &kind{began: r.Time, said: r.Time, last: r.Time, total: 1}
		}
		return r, true
	}
	k.total++
	k.unsaid++
	k.last, k.record, k.next = r.Time, r.Clone(), next
	if r.Time.Sub(k.said) < repeatPause {
		return r, false
	}
	return k.count(r.Time), true
}

// count returns the line that says how often the kind was repeated since the last one.
func (k *kind) count(now time.Time) slog.Record {
	line := k.record.Clone()
	line.Time = now
	line.AddAttrs(slog.Int("repeated", k.unsaid), slog.Time("since", k.said))
	k.said, k.unsaid = now, 0
	return line
}

// tick writes the counts that are due, and the end of what is over: what was not repeated
// for repeatPause. Where ending is set, everything is over.
func (s *repeated) tick(ctx context.Context, now time.Time, ending bool) {
	type line struct {
		record slog.Record
		next   slog.Handler
	}
	var lines []line
	s.mu.Lock()
	for name, k := range s.kinds {
		over := ending || now.Sub(k.last) >= repeatPause
		switch {
		case over && k.total > 1:
			record := k.count(now)
			record.AddAttrs(slog.Bool("over", true), slog.Int("total", k.total), slog.String("lasted", k.last.Sub(k.began).String()))
			lines = append(lines, line{record, k.next})
		case !over && k.unsaid > 0 && now.Sub(k.said) >= repeatPause:
			lines = append(lines, line{k.count(now), k.next})
		}
		if over {
			delete(s.kinds, name)
		}
	}
	s.mu.Unlock()
	for _, l := range lines {
		_ = l.next.Handle(ctx, l.record) // nobody is left to tell
	}
}

// run ticks until ctx ends, and then says what is left.
func (s *repeated) run(ctx context.Context, ticks <-chan time.Time) {
	for {
		select {
		case now := <-ticks:
			s.tick(ctx, now, false)
		case <-ctx.Done():
			s.tick(context.WithoutCancel(ctx), time.Now(), true)
			return
		}
	}
}
