package store

import (
	"fmt"
	"time"

	"farthing.dev/farthing/token"
)

// SetProblem notes what somebody outside the engine found wrong, or changes its detail. It
// lasts until ClearProblem takes it back, whatever the engine itself notes under its code. While
// there is a ProblemSecret, commands are refused.
func (e *Engine) SetProblem(code, detail string) {
	if e.health.hold(code, detail, e.clock.Now()) {
		e.log.Error("a problem began", "problem", code, "detail", detail)
	}
	if code == ProblemSecret {
		e.otherSecret.Store(true)
	}
}

// brokenAt is an invariant that does not hold, and at which entry.
type brokenAt struct{ invariant, entry int64 }

// StopSelling refuses all commands because an invariant does not hold, until ClearProblem takes
// ProblemInvariant back. Who is refused is told which, and at which entry; the detail is for the
// operator.
func (e *Engine) StopSelling(invariant int, entry uint64, detail string) {
	e.broken.Store(&brokenAt{int64(invariant), int64(entry)})
	e.SetProblem(ProblemInvariant, fmt.Sprintf("invariant %d at entry %d: %s", invariant, entry, detail))
}

// ClearProblem takes back what SetProblem noted.
func (e *Engine) ClearProblem(code string) {
	switch code {
	case ProblemSecret:
		e.otherSecret.Store(false)
	case ProblemInvariant:
		e.broken.Store(nil)
	}
	if e.health.release(code) {
		e.log.Info("a problem ended", "problem", code)
	}
}

// refusal returns why no command may be run at present, or nil. wrongClock is what is
// wrong with the clock.
func (e *Engine) refusal(wrongClock error) error {
	if e.otherSecret.Load() {
		return e.unavailable("unavailable.secret_changes", nil)
	}
	if b := e.broken.Load(); b != nil {
		return token.Refuse(token.Unavailable, "unavailable.books", token.Number("invariant", b.invariant), token.Number("entry", b.entry)).Until(e.clock.Now().Add(time.Minute))
	}
	return wrongClock
}

// answerRefused answers a command that may not be run. Looks change nothing and go on.
func answerRefused(r *request, refusal error) (refused bool) {
	if refusal == nil {
		return false
	}
	if _, ok := r.cmd.(*look); ok {
		return false
	}
	r.err = token.Wrap(refusal, "decide")
	r.state.Store(requestFinal)
	return true
}
