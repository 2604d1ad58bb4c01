package store

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// Problem is a reason why commands should go to another replica, or to nobody.
type Problem struct {
	Code   string    // one of the Problem constants
	Detail string    // what is wrong and what to do, for the operator; no secrets
	Since  time.Time // when it was first noticed
}

// The codes of problems. Metrics and alerts are written with them, so they do not change.
const (
	ProblemCommit   = "commit_waiting"  // a commit has not been answered for a while
	ProblemLock     = "lock_waiting"    // another session keeps the journal's lock
	ProblemAppend   = "append_failed"   // blocks cannot be appended: no primary, a full disk
	ProblemReplaced = "journal_other"   // the database holds a shorter or another journal
	ProblemJournal  = "journal_damaged" // a block is not what its hash says
	ProblemBehind   = "writing_behind"  // derived data cannot be written
	ProblemCompact  = "checkpoint"      // SQLite's WAL cannot be copied into its file
	ProblemClock    = "clock"           // this machine's clock differs from the journal's or the database's
	ProblemSecret   = "secret"          // the secret is not the one the database was made with

	ProblemInvariant = "invariant_failed" // a watchdog found that the books do not hold; its detail begins with which and where, and a colon
)

// health collects the problems that there are now. One that was noted from inside the engine
// and from outside lasts until both take it back. It is safe for concurrent use; its zero value
// has none.
type health struct {
	mu       sync.Mutex
	problems map[string]noted
}

// noted is a problem and who notes it.
type noted struct {
	Problem
	inside, outside bool
}

// set notes a problem, or changes its detail, and reports whether it is new.
func (h *health) set(code, detail string, now time.Time) (began bool) {
	return h.note(code, detail, now, func(n *noted) { n.inside = true })
}

// hold is set for who is outside the engine.
func (h *health) hold(code, detail string, now time.Time) (began bool) {
	return h.note(code, detail, now, func(n *noted) { n.outside = true })
}

func (h *health) note(code, detail string, now time.Time, mark func(*noted)) (began bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	n, there := h.problems[code]
	if !there {
		n.Problem = Problem{Code: code, Since: now}
	}
	n.Detail = detail
	mark(&n)
	if h.problems == nil {
		h.problems = map[string]noted{}
	}
	h.problems[code] = n
	return !there
}

// clear takes a problem back that set noted, and reports whether it is over.
func (h *health) clear(code string) (ended bool) {
	return h.unmark(code, func(n *noted) { n.inside = false })
}

// release is clear for what hold noted.
func (h *health) release(code string) (ended bool) {
	return h.unmark(code, func(n *noted) { n.outside = false })
}

func (h *health) unmark(code string, unmark func(*noted)) (ended bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	n, there := h.problems[code]
	if !there {
		return false
	}
	if unmark(&n); n.inside || n.outside {
		h.problems[code] = n
		return false
	}
	delete(h.problems, code)
	return true
}

// lookAfter notes whether what the database does in the background fails.
func (e *Engine) lookAfter() {
	err := e.db.Upkeep()
	switch {
	case err != nil:
		if e.health.set(ProblemCompact, err.Error(), e.clock.Now()) {
			e.log.Error("the database's upkeep fails", "error", err)
		}
	case e.health.clear(ProblemCompact):
		e.log.Info("the database's upkeep goes on")
	}
}

// list returns the problems, ordered by code.
func (h *health) list() []Problem {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]Problem, 0, len(h.problems))
	for _, p := range h.problems {
		out = append(out, p.Problem)
	}
	slices.SortFunc(out, func(a, b Problem) int { return strings.Compare(a.Code, b.Code) })
	return out
}
