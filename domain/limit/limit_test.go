package limit_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"farthing.dev/farthing/domain/limit"
	"farthing.dev/farthing/token"
)

func millis(t *testing.T, text string) int64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixMilli()
}

func TestPeriodsAreCalendarPeriodsInUTC(t *testing.T) {
	at := millis(t, "2028-02-29T23:59:59Z") // a Tuesday
	for _, c := range []struct {
		period     limit.Period
		start, end string
	}{
		{limit.Day, "2028-02-29T00:00:00Z", "2028-03-01T00:00:00Z"},
		{limit.Week, "2028-02-28T00:00:00Z", "2028-03-06T00:00:00Z"},
		{limit.Month, "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"},
	} {
		if start, end := c.period.Start(at), c.period.End(at); start != millis(t, c.start) || end != millis(t, c.end) {
			t.Errorf("the %s of %d is %s to %s", c.period, at, time.UnixMilli(start).UTC(), time.UnixMilli(end).UTC())
		}
	}
}

func TestEveryMomentLiesInItsPeriod(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := limit.Period(rapid.IntRange(int(limit.Day), int(limit.Month)).Draw(t, "period"))
		at := rapid.Int64Range(0, 4_000_000_000_000).Draw(t, "at")
		start, end := p.Start(at), p.End(at)
		if at < start || at >= end || p.Start(end-1) != start || p.Start(end) != end {
			t.Fatalf("%d lies in %d to %d", at, start, end)
		}
	})
}

func TestACounterCountsOnePeriod(t *testing.T) {
	const day = int64(24 * 3600 * 1000)
	var c limit.Counter
	c.Add(limit.Day, 10*day+5, 30)
	c.Add(limit.Day, 10*day+6, 12)
	c.Add(limit.Day, 9*day, -40) // what comes back of an earlier day
	if got := c.At(10*day + 7); got != 42 {
		t.Errorf("spent %d", got)
	}
	if got := c.At(11 * day); got != 0 {
		t.Errorf("spent %d on the next day", got)
	}
	c.Add(limit.Day, 10*day+5, -30)
	c.Add(limit.Day, 11*day, 1)
	if got := c.At(11 * day); got != 1 {
		t.Errorf("spent %d on the next day", got)
	}
	var each limit.Counter
	each.Add(limit.PerPurchase, day, 5)
	if each != (limit.Counter{}) {
		t.Errorf("nothing is counted per purchase: %+v", each)
	}
}

func TestPeriodsAreReadAsWritten(t *testing.T) {
	for p := limit.PerPurchase; p <= limit.Month; p++ {
		if got, err := limit.ParsePeriod(p.String()); err != nil || got != p || !p.Known() {
			t.Errorf("%s: %s, %v", p, got, err)
		}
	}
	if _, err := limit.ParsePeriod("year"); token.CodeOf(err) != token.CodeFieldInvalid {
		t.Errorf("a year: %v", err)
	}
	if limit.Period(0).Known() || limit.Period(5).Known() {
		t.Error("there are four periods")
	}
}

// A limit bounds who and what it names; what it leaves open is everybody and everything.
func TestWhomALimitCovers(t *testing.T) {
	usd, eur := token.MustCurrency("USD"), token.MustCurrency("EUR")
	ann, bob := token.UserID{1}, token.UserID{2}
	press, radio := token.VendorID{1}, token.VendorID{2}
	for _, c := range []struct {
		name   string
		limit  limit.Limit
		covers bool
	}{
		{"everybody, everywhere", limit.Limit{Currency: usd}, true},
		{"this user", limit.Limit{Currency: usd, User: ann}, true},
		{"another user", limit.Limit{Currency: usd, User: bob}, false},
		{"this vendor", limit.Limit{Currency: usd, Vendor: press}, true},
		{"another vendor", limit.Limit{Currency: usd, Vendor: radio}, false},
		{"this user at this vendor", limit.Limit{Currency: usd, User: ann, Vendor: press}, true},
		{"this user at another vendor", limit.Limit{Currency: usd, User: ann, Vendor: radio}, false},
		{"another user at this vendor", limit.Limit{Currency: usd, User: bob, Vendor: press}, false},
		{"another currency", limit.Limit{Currency: eur}, false},
		{"no currency", limit.Limit{}, false},
	} {
		if c.limit.Covers(ann, press, usd) != c.covers {
			t.Errorf("%s: covered is %v", c.name, !c.covers)
		}
	}
}

// A counter counts from the first millisecond of its period to the last, never below zero.
func TestACounterAtItsEdges(t *testing.T) {
	const day = int64(24 * 3600 * 1000)
	var c limit.Counter
	c.Add(limit.Day, 10*day, 30)
	c.Add(limit.Day, 11*day-1, 12)
	for at, want := range map[int64]token.Amount{10*day - 1: 0, 10 * day: 42, 11*day - 1: 42, 11 * day: 0} {
		if got := c.At(at); got != want {
			t.Errorf("at %d, %d is spent, want %d", at, got, want)
		}
	}
	c.Add(limit.Day, 10*day-1, -40) // the last millisecond of the day before
	c.Add(limit.Day, 10*day, -2)
	if got := c.At(10 * day); got != 40 {
		t.Errorf("spent %d, want 40", got)
	}
	c.Add(limit.Day, 10*day, -50)
	if got := c.At(10 * day); got != 0 {
		t.Errorf("spent %d after more came back than was spent", got)
	}
	c.Add(limit.Day, 11*day, 5) // the first millisecond of the next
	if want := (limit.Counter{Start: 11 * day, End: 12 * day, Spent: 5}); c != want {
		t.Errorf("counted %+v, want %+v", c, want)
	}
}

func TestAPurchaseIsNoPeriod(t *testing.T) {
	if p := limit.PerPurchase; p.Start(1_800_000_000_000) != 0 || p.End(1_800_000_000_000) != 0 {
		t.Error("a purchase has no beginning and no end")
	}
}
