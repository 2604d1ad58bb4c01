package store

import (
	"testing"
	"time"
)

func TestProblemsComeAndGo(t *testing.T) {
	var h health
	first := time.Unix(1, 0)
	if h.clear(ProblemClock) || len(h.list()) != 0 {
		t.Error("a new engine has problems")
	}
	if !h.set(ProblemLock, "a", first) || !h.set(ProblemClock, "b", first) || h.set(ProblemClock, "c", time.Unix(2, 0)) {
		t.Error("a problem is new once")
	}
	want := []Problem{{ProblemClock, "c", first}, {ProblemLock, "a", first}}
	if got := h.list(); len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("problems are %v, want %v", got, want)
	}
	if !h.clear(ProblemClock) || h.clear(ProblemClock) || len(h.list()) != 1 {
		t.Error("a problem ends once")
	}
	if h.hold(ProblemLock, "d", first) || h.clear(ProblemLock) || len(h.list()) != 1 {
		t.Error("what is noted from outside ends when it ends inside")
	}
	if h.clear(ProblemLock) || !h.release(ProblemLock) || h.release(ProblemLock) || len(h.list()) != 0 {
		t.Error("what was noted from both ends once")
	}
}
