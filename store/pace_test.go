package store

import (
	"testing"
	"time"
)

// beside simulates who follows the journal at a pace beside sales, for a while of so many entries
// a second, where each costs it 20 us. It returns the part of the time that it took, and the lag at
// the end.
func beside(p *pacer, now *time.Time, appended *float64, lag uint64, rate float64, while time.Duration) (part float64, after uint64) {
	const each = 20 * time.Microsecond
	const most = 5000 // in one go
	behind := float64(lag)
	var worked time.Duration
	pass := func(d time.Duration) {
		*now = now.Add(d)
		sold := rate * d.Seconds()
		behind += sold
		*appended += sold
	}
	for end := now.Add(while); now.Before(end); {
		done := min(most, behind)
		took := time.Duration(done) * each
		behind -= done
		worked += took
		pass(took)
		pass(max(20*time.Millisecond, p.rest(*now, took, uint64(*appended), uint64(behind))))
	}
	return worked.Seconds() / while.Seconds(), uint64(behind)
}

func TestPace(t *testing.T) {
	p := &pacer{Pace: Pace{Rate: 200, Share: 0.02, Lag: 1_000_000, Most: 0.25}}
	now, appended, lag := time.Unix(1_700_000_000, 0), 0.0, uint64(0)
	for _, phase := range []struct {
		what                string
		rate                float64
		while               time.Duration
		leastPart, mostPart float64
		leastLag, mostLag   uint64
	}{
		{"a quiet shop", 100, time.Minute, 0.001, 0.003, 0, 1000},
		{"a burst", 10_000, time.Minute, 0.015, 0.021, 500_000, 600_000},
		{"quiet again: it catches up", 0, time.Minute, 0.1, 0.5, 0, 0},
		{"much is sold for hours", 10_000, 2 * time.Hour, 0.15, 0.201, 9_000_000, 10_100_000},
		{"more than it can follow", 30_000, 10 * time.Minute, 0.2, 0.251, 15_000_000, 25_000_000},
		{"a slow day: still busy, and it catches up", 500, 8 * time.Hour, 0.01, 0.1, 0, 1_000_000},
		{"a quiet night", 1, time.Hour, 0, 0.1, 0, 1000},
	} {
		var part float64
		if part, lag = beside(p, &now, &appended, lag, phase.rate, phase.while); part < phase.leastPart || part > phase.mostPart || lag < phase.leastLag || lag > phase.mostLag {
			t.Errorf("%s: it took %.4f of a processor and is %d behind; want %v to %v, and %d to %d", phase.what, part, lag, phase.leastPart, phase.mostPart, phase.leastLag, phase.mostLag)
		}
	}
}
