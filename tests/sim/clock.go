package sim

import (
	"fmt"
	"time"

	"farthing.dev/farthing/domain/journal"
)

// machine is the clock of the machine that decides. Now and then somebody sets it wrong
// for a while, by seconds to a year; the clock that nobody sets goes on with the world.
type machine struct {
	wrong  int64 // by how much it is ahead of the world, in ms
	anchor journal.Anchor
	rule   journal.ClockRule
}

// jumps are by how much a clock is set wrong.
var jumps = [...]time.Duration{3 * time.Second, 2 * time.Minute, 2 * time.Hour, 30 * 24 * time.Hour, 365 * 24 * time.Hour}

// setClock sets the machine's clock wrong, sets it right after a while, and does so again.
func (w *World) setClock() {
	by := jumps[w.random.IntN(len(jumps))].Milliseconds()
	if w.random.IntN(2) == 0 {
		by = -by
	}
	w.machine.wrong = by
	w.after(w.random.Int64N(20_000), func() {
		w.machine.wrong = 0
		w.after(w.random.Int64N(3_600_000), w.setClock)
	})
}

// clock returns the time to decide at, or false where the machine's clock does not fit, as
// store.Engine finds it: then nothing is decided.
func (w *World) clock() (now int64, fits bool) {
	m := &w.machine
	now, set := m.rule.Trusted(m.anchor, w.now+m.wrong, w.now)
	if set != 0 || m.rule.Ahead(now, w.head) != 0 {
		w.Stats.WrongClocks++
		return 0, false
	}
	m.anchor = journal.Anchor{Wall: now, Elapsed: w.now}
	return max(now, w.head.At), true
}

// checkTime finds a block that a wrong clock wrote: more than the tolerance away from the world's time.
func (w *World) checkTime(b *journal.Block) error {
	if off := time.Duration(b.At-w.now) * time.Millisecond; off.Abs() > maxOff {
		return fmt.Errorf("block %d is %s off", b.First, off)
	}
	return nil
}

// maxOff is how far a block may be off: a clock that is set wrong by less than the tolerance is
// followed, and set right after.
const maxOff = 5 * time.Second
