package journal

import "time"

// ClockRule says by how much a clock may be wrong. A clock that is hours fast writes
// entries that every right clock finds in the future, and time does not run back in a
// journal: so one wrong machine would stop all others. Nothing is appended by a clock that
// does not fit.
type ClockRule struct {
	// Tolerance is by how much clocks may differ.
	Tolerance time.Duration
	// Shared says that others append, whose clocks agree with a third one as this one does: they
	// may differ by twice the tolerance, and so may the journal's end.
	Shared bool
	// AcceptUntil permits a journal to be ahead of the clock as far as this time, in
	// milliseconds since 1970: the way out where it is ahead already.
	AcceptUntil int64
}

// Anchor is a moment at which a clock was right. All is in milliseconds.
type Anchor struct {
	Wall    int64 // the clock's time of day, since 1970
	Elapsed int64 // what a clock that nobody sets showed then
}

// Trusted returns the time of day to go by, where the clock shows wall and the clock that
// nobody sets shows elapsed, and by how much the former was set since the anchor: 0 where
// the two agree. While they do not, the time goes on from the anchor.
func (r ClockRule) Trusted(a Anchor, wall, elapsed int64) (now, set int64) {
	expected := a.Wall + elapsed - a.Elapsed
	if set = wall - expected; !r.beyond(set) {
		return wall, 0
	}
	return expected, set
}

// Differs returns by how much another clock, which showed there at some moment between
// before and after, is ahead (or behind, below 0): 0 where it agrees.
func (r ClockRule) Differs(before, there, after int64) int64 {
	switch by := max(there-after, 0) + min(there-before, 0); {
	case r.beyond(by):
		return by
	}
	return 0
}

// Ahead returns by how much a journal that ends at head is ahead of now: 0 where that is
// tolerated or accepted.
func (r ClockRule) Ahead(now int64, head Head) int64 {
	tolerated := r.Tolerance.Milliseconds()
	if r.Shared {
		tolerated *= 2
	}
	if by := head.At - now; by > tolerated && head.At > r.AcceptUntil {
		return by
	}
	return 0
}

func (r ClockRule) beyond(by int64) bool {
	return by > r.Tolerance.Milliseconds() || by < -r.Tolerance.Milliseconds()
}
