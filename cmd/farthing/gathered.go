package main

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"
)

// gathered is a writer for the log that gathers lines, so that a line about each request does
// not cost a call of the system each. What is gathered is written after gatherPause at the
// latest, together with the next line that is not about a request, and by flush: a process
// that is killed has the lines of its last moment not written.
type gathered struct {
	mu      sync.Mutex
	to      io.Writer
	lines   []byte
	waiting bool // a timer will write them
}

const (
	gatherPause = 200 * time.Millisecond
	gatherMost  = 32 << 10 // bytes
)

// Write takes whole lines, and never fails: nobody could be told.
func (g *gathered) Write(lines []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lines = append(g.lines, lines...)
	switch {
	case len(g.lines) >= gatherMost:
		g.write()
	case !g.waiting:
		g.waiting = true
		time.AfterFunc(gatherPause, g.flush)
	}
	return len(lines), nil
}

func (g *gathered) flush() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting = false
	g.write()
}

// write passes on what there is. The caller holds mu.
func (g *gathered) write() {
	if len(g.lines) > 0 {
		_, _ = g.to.Write(g.lines)
		g.lines = g.lines[:0]
	}
}

// gathering is a slog.Handler that has only lines about requests wait.
type gathering struct {
	slog.Handler
	out *gathered
}

// Handle writes a line, and whatever waits before it, unless it may wait itself.
func (h gathering) Handle(ctx context.Context, r slog.Record) error {
	err := h.Handler.Handle(ctx, r)
	if r.Message != accessMessage {
		h.out.flush()
	}
	return err
}

// WithAttrs returns a handler that gathers with this one.
func (h gathering) WithAttrs(attrs []slog.Attr) slog.Handler {
	return gathering{h.Handler.WithAttrs(attrs), h.out}
}

// WithGroup returns a handler that gathers with this one.
func (h gathering) WithGroup(name string) slog.Handler {
	return gathering{h.Handler.WithGroup(name), h.out}
}
