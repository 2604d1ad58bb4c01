//go:build linux

package soak

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// fault is something that happens for a while, or at once.
type fault struct {
	name   string
	weight int           // how often it is chosen, beside the others
	most   time.Duration // how long it lasts, at most; zero where it is over at once
	begin  func(random *rand.Rand) error
	end    func() error // nil where it is over at once

	until time.Time // it lasts till then; zero where it does not
	count int
}

// weather lets faults happen.
type weather struct {
	random *rand.Rand
	faults []*fault
	log    func(format string, args ...any)
}

// The time between the beginnings of two faults.
const (
	leastCalm = 100 * time.Millisecond
	mostCalm  = 1500 * time.Millisecond
)

// rage lets faults happen until a moment, several at once, and ends those that are left.
func (w *weather) rage(until time.Time) error {
	next := time.Now()
	for {
		now := time.Now()
		over := now.After(until)
		if err := w.calm(now, over); err != nil {
			return err
		}
		if over {
			return nil
		}
		if !now.Before(next) {
			if err := w.strike(now); err != nil {
				return err
			}
			next = now.Add(leastCalm + time.Duration(w.random.Int64N(int64(mostCalm-leastCalm))))
		}
		<-time.After(20 * time.Millisecond)
	}
}

// calm ends the faults whose time is over, or all.
func (w *weather) calm(now time.Time, all bool) error {
	for _, f := range w.faults {
		if f.until.IsZero() || (now.Before(f.until) && !all) {
			continue
		}
		f.until = time.Time{}
		if err := f.end(); err != nil {
			return fmt.Errorf("end %s: %w", f.name, err)
		}
	}
	return nil
}

// strike begins one of the faults that are not under way.
func (w *weather) strike(now time.Time) error {
	var choice []*fault
	for _, f := range w.faults {
		if f.until.IsZero() {
			choice = append(choice, slices.Repeat([]*fault{f}, f.weight)...)
		}
	}
	if len(choice) == 0 {
		return nil
	}
	f := choice[w.random.IntN(len(choice))]
	f.count++
	lasting := time.Duration(0)
	if f.most > 0 {
		lasting = time.Duration(w.random.Int64N(int64(f.most))) + f.most/10
		f.until = now.Add(lasting)
	}
	if err := f.begin(w.random); err != nil {
		return fmt.Errorf("begin %s: %w", f.name, err)
	}
	return nil
}

// counts says how often what happened.
func (w *weather) counts() string {
	var parts []string
	for _, f := range w.faults {
		parts = append(parts, fmt.Sprintf("%s %d", f.name, f.count))
	}
	return strings.Join(parts, ", ")
}
