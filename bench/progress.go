package bench

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// progress tells people what is going on, once a second.
type progress struct {
	out io.Writer

	mu      sync.Mutex
	what    string
	total   uint64
	begun   time.Time
	stopped chan struct{}
	ended   chan struct{}
	done    atomic.Uint64
}

func newProgress(out io.Writer) *progress { return &progress{out: out} }

// say prints a line.
func (p *progress) say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.out, format+"\n", args...)
}

// begin starts to tell about something that consists of total parts; zero where the
// number is not known.
func (p *progress) begin(what string, total uint64) {
	p.end()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.what, p.total, p.begun = what, total, time.Now()
	p.stopped, p.ended = make(chan struct{}), make(chan struct{})
	p.done.Store(0)
	go p.tell(p.stopped, p.ended)
}

func (p *progress) add(n uint64) { p.done.Add(n) }

func (p *progress) tell(stopped, ended chan struct{}) {
	defer close(ended)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	before := uint64(0)
	for {
		select {
		case <-stopped:
			return
		case <-tick.C:
			done := p.done.Load()
			if p.total > 0 {
				fmt.Fprintf(p.out, "\r%-20s %12d of %d  %9d/s ", p.what, done, p.total, done-before)
			} else {
				fmt.Fprintf(p.out, "\r%-20s %12d  %9d/s ", p.what, done, done-before)
			}
			before = done
		}
	}
}

// end stops telling and prints the whole.
func (p *progress) end() {
	p.mu.Lock()
	stopped, ended := p.stopped, p.ended
	p.stopped, p.ended = nil, nil
	p.mu.Unlock()
	if stopped == nil {
		return
	}
	close(stopped)
	<-ended
	elapsed := time.Since(p.begun)
	fmt.Fprintf(p.out, "\r%-20s %12d in %.1f s, %.0f/s%s\n", p.what, p.done.Load(), elapsed.Seconds(), float64(p.done.Load())/elapsed.Seconds(), "            ")
}
