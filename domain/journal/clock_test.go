package journal_test

import (
	"testing"
	"time"

	"farthing.dev/farthing/domain/journal"
)

const hour = int64(time.Hour / time.Millisecond)

func TestAClockThatWasSetIsNoticed(t *testing.T) {
	rule, anchor := journal.ClockRule{Tolerance: 5 * time.Second}, journal.Anchor{Wall: 1000 * hour, Elapsed: 7}
	for _, c := range []struct {
		name           string
		wall, elapsed  int64
		wantNow, wantD int64
	}{
		{"an hour later", 1001 * hour, 7 + hour, 1001 * hour, 0},
		{"within tolerance", 1001*hour + 5000, 7 + hour, 1001*hour + 5000, 0},
		{"set ahead", 1001*hour + 5001, 7 + hour, 1001 * hour, 5001},
		{"set back", 999 * hour, 7 + hour, 1001 * hour, -2 * hour},
		{"set ahead a year", 1000*hour + 8760*hour, 7, 1000 * hour, 8760 * hour},
	} {
		if now, set := rule.Trusted(anchor, c.wall, c.elapsed); now != c.wantNow || set != c.wantD {
			t.Errorf("%s: %d, set by %d; want %d, %d", c.name, now, set, c.wantNow, c.wantD)
		}
	}
}

func TestClocksMayDifferALittle(t *testing.T) {
	rule := journal.ClockRule{Tolerance: 5 * time.Second, AcceptUntil: 20_000}
	for _, c := range []struct{ before, there, after, want int64 }{
		{1000, 1500, 2000, 0}, {1000, 7000, 2000, 0}, {1000, 7001, 2000, 5001}, {10_000, 5000, 20_000, 0}, {10_000, 4999, 20_000, -5001},
	} {
		if got := rule.Differs(c.before, c.there, c.after); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
	for _, c := range []struct{ now, head, want int64 }{
		{1000, 6000, 0}, {1000, 20_000, 0}, {1000, 20_001, 19_001}, {16_000, 20_001, 0}, {1 << 40, 20_001, 0},
	} {
		if got := rule.Ahead(c.now, journal.Head{At: c.head}); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}
