package store

import "time"

// Pace says what part of one processor's time who follows the journal takes. While this process
// appends at least Rate entries a second that is Share; beyond Lag entries it grows with
// them, so that it does not fall behind for ever, up to Most. Otherwise, and where Share is
// zero, it is a half.
type Pace struct {
	Rate  float64
	Share float64
	Lag   uint64
	Most  float64
}

const (
	paceIdle   = 0.5         // of one processor
	paceWindow = time.Second // over which the rate is counted
)

// share returns the part of one processor at a rate of entries appended a second, so many behind.
func (p Pace) share(rate float64, lag uint64) float64 {
	if p.Share == 0 || rate < p.Rate {
		return paceIdle
	}
	return min(p.Most, p.Share*max(1, float64(lag)/float64(max(1, p.Lag))))
}

// pacer keeps a pace.
type pacer struct {
	Pace
	since time.Time // when the window that is counted now began
	first uint64    // how many entries were appended before it
	rate  float64   // in the window before
}

// rest returns how long there is nothing to be done after something that took so long. appended is
// how many entries the process has appended in all.
func (p *pacer) rest(now time.Time, took time.Duration, appended, lag uint64) time.Duration {
	return time.Duration(float64(took) * (1/p.share(p.count(now, appended), lag) - 1))
}

// count returns how many entries were appended in a second of late. A burst shows at once, its end after a
// window.
func (p *pacer) count(now time.Time, appended uint64) float64 {
	if p.since.IsZero() {
		p.since, p.first = now, appended
	}
	inWindow := float64(appended - p.first)
	if length := now.Sub(p.since); length >= paceWindow {
		p.rate, p.since, p.first = inWindow/length.Seconds(), now, appended
		return p.rate
	}
	return max(p.rate, inWindow/paceWindow.Seconds())
}
