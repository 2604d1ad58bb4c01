package store

import (
	"strings"

	"farthing.dev/farthing/token"
)

// SetProblem notes what somebody outside the engine found wrong, or changes its detail. It
// lasts until ClearProblem takes it back, whatever the engine itself notes under its code. While
// there is a ProblemSecret or a ProblemInvariant, commands are refused.
func (e *Engine) SetProblem(code, detail string) {
	if e.health.hold(code, detail, e.clock.Now()) {
		e.log.Error("a problem began", "problem", code, "detail", detail)
	}
	switch code {
	case ProblemSecret:
		e.otherSecret.Store(true)
	case ProblemInvariant:
		which, _, _ := strings.Cut(detail, ":") // the rest is not for strangers
		e.broken.Store(&which)
	}
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
	if which := e.broken.Load(); which != nil {
		return e.unavailable("the books do not hold ("+*which+"), and nothing is sold before somebody has looked at that", nil)
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
