package store

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"farthing.dev/farthing/token"
)

// watch sees how long the batch goroutine has been at one piece of work, and tells those
// who wait for it: looks after a moment (they are answered aside), commands when their patience
// is over. A commit may take as long as a standby is away, so nobody else can end the wait.
type watch struct {
	health   *health
	log      *slog.Logger
	clock    token.Clock
	moment   time.Duration // until looks are answered aside
	patience time.Duration // until commands are answered without an outcome

	slow, lost alarm
	doing      atomic.Int32 // one of the constants below

	mu    sync.Mutex
	busy  bool
	lock  bool // the lock was waited for
	begun time.Time
	timer *time.Timer
}

// What the batch goroutine is at.
const (
	doingReads int32 = iota
	doingLock
	doingCommit
)

func newWatch(h *health, log *slog.Logger, clock token.Clock, moment, patience time.Duration) *watch {
	w := &watch{health: h, log: log, clock: clock, moment: min(moment, patience), patience: patience}
	w.slow.renew()
	w.lost.renew()
	w.timer = time.AfterFunc(time.Hour, w.look)
	w.timer.Stop()
	return w
}

// begin is called when a piece of work begins.
func (w *watch) begin() {
	w.doing.Store(doingReads)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy, w.begun = true, time.Now()
	w.timer.Reset(w.moment)
}

// end is called when it is over, and reports whether it said that the lock was waited for.
func (w *watch) end() (locked bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy = false
	w.timer.Stop()
	if !w.slow.raised {
		return false
	}
	w.slow.renew()
	if w.lost.raised { // else commands that wait for the next batch hold its channel
		w.lost.renew()
	}
	if w.health.clear(ProblemCommit) {
		w.log.Info("a commit that had been waiting was answered", "after", time.Since(w.begun))
	}
	locked, w.lock = w.lock, false
	return locked
}

// look is called when a piece of work has taken a moment, when patience is over, and every
// moment from then on: what it is at may have changed.
func (w *watch) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	took := time.Since(w.begun)
	switch {
	case !w.busy || took < w.moment:
		return // the timer fired for one that is over
	case took < w.patience:
		w.timer.Reset(w.patience - took)
	default:
		w.lost.raise()
		w.timer.Reset(w.moment)
	}
	w.slow.raise()
	switch w.doing.Load() {
	case doingCommit:
		w.note(ProblemCommit, "a commit has not been answered: the database, or the standby that it must wait for, is slow or away; it goes on waiting, since ending it could lose what was acknowledged")
	case doingLock:
		w.lock = true
		w.note(ProblemLock, lockDetail)
	}
}

const lockDetail = "another session keeps the journal's lock: that of a replica whose commit waits, or that stands still"

func (w *watch) note(code, detail string) {
	if w.health.set(code, detail, w.clock.Now()) {
		w.log.Warn("the batch is held up", "problem", code, "detail", detail)
	}
}

// alarm is some channels that are closed while something is the matter, and new ones after.
// There are several because hundreds wait at a time, and each locks its channel to do so.
type alarm struct {
	channels atomic.Pointer[[alarmChannels]chan struct{}]
	raised   bool // guarded by the watch
}

const alarmChannels = 64

func (a *alarm) renew() {
	var channels [alarmChannels]chan struct{}
	for i := range channels {
		channels[i] = make(chan struct{})
	}
	a.channels.Store(&channels)
	a.raised = false
}

func (a *alarm) raise() {
	if !a.raised {
		a.raised = true
		for _, c := range a.channels.Load() {
			close(c)
		}
	}
}

// C returns a channel that is closed when the alarm is raised, or has been. Who asks brings a
// number, which others should not have.
func (a *alarm) C(who uint32) <-chan struct{} { return a.channels.Load()[who%alarmChannels] }

// on reports whether the alarm is raised now.
func (a *alarm) on() bool {
	select {
	case <-a.C(0):
		return true
	default:
		return false
	}
}
