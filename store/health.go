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
)

// health collects the problems that there are now. It is safe for concurrent use; its
// zero value has none.
type health struct {
	mu       sync.Mutex
	problems map[string]Problem
}

// set notes a problem, or changes its detail, and reports whether it is new.
func (h *health) set(code, detail string, now time.Time) (began bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p, there := h.problems[code]
	if !there {
		p = Problem{Code: code, Since: now}
	}
	p.Detail = detail
	if h.problems == nil {
		h.problems = map[string]Problem{}
	}
	h.problems[code] = p
	return !there
}

// clear takes a problem back, and reports whether there was one.
func (h *health) clear(code string) (ended bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, ended = h.problems[code]
	delete(h.problems, code)
	return ended
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
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Problem) int { return strings.Compare(a.Code, b.Code) })
	return out
}
