package entitlement_test

import (
	"testing"

	"farthing.dev/farthing/domain/entitlement"
	"farthing.dev/farthing/token"
)

func TestTermsHoldTogether(t *testing.T) {
	const hour, bought = int64(3600_000), int64(1_000_000_000)
	for _, c := range []struct {
		name  string
		terms entitlement.Terms
		use   entitlement.Use
		at    int64
		want  token.Code
	}{
		{"no terms, for ever", entitlement.Terms{}, entitlement.Use{Views: 1 << 20}, 1 << 60, ""},
		{"the third of three views", entitlement.Terms{Times: 3}, entitlement.Use{Views: 2}, bought, ""},
		{"the fourth of three views", entitlement.Terms{Times: 3}, entitlement.Use{Views: 3}, bought, token.CodeEntitlementUsed},
		{"hours begin with the first view", entitlement.Terms{Hours: 1}, entitlement.Use{}, bought + 900*hour, ""},
		{"the last millisecond of an hour", entitlement.Terms{Hours: 1}, entitlement.Use{Views: 1, FirstView: bought}, bought + hour - 1, ""},
		{"after the hour", entitlement.Terms{Hours: 1}, entitlement.Use{Views: 1, FirstView: bought}, bought + hour, token.CodeEntitlementOver},
		{"days begin with the purchase", entitlement.Terms{Days: 1}, entitlement.Use{}, bought + 24*hour, token.CodeEntitlementOver},
		{"the expiry", entitlement.Terms{Expiry: bought + 5}, entitlement.Use{}, bought + 5, token.CodeEntitlementOver},
		{"the last millisecond of a day", entitlement.Terms{Days: 1}, entitlement.Use{}, bought + 24*hour - 1, ""},
		{"the last millisecond before the expiry", entitlement.Terms{Expiry: bought + 5}, entitlement.Use{}, bought + 4, ""},
		{"an expiry with the epoch's first millisecond", entitlement.Terms{Expiry: 1}, entitlement.Use{}, 1, token.CodeEntitlementOver},
		{"a first view in the epoch's first millisecond", entitlement.Terms{Hours: 1}, entitlement.Use{FirstView: 1}, hour + 1, token.CodeEntitlementOver},
		{"without hours, a first view ends nothing", entitlement.Terms{Days: 1}, entitlement.Use{Views: 1, FirstView: bought}, bought + hour, ""},
		{"two hours are two", entitlement.Terms{Hours: 2}, entitlement.Use{FirstView: bought}, bought + 2*hour - 1, ""},
		{"three days are three", entitlement.Terms{Days: 3}, entitlement.Use{}, bought + 72*hour - 1, ""},
		{"three days are no more", entitlement.Terms{Days: 3}, entitlement.Use{}, bought + 72*hour, token.CodeEntitlementOver},
		{"days that end before the hours", entitlement.Terms{Hours: 48, Days: 1}, entitlement.Use{FirstView: bought}, bought + 24*hour, token.CodeEntitlementOver},
		{"an expiry before the days", entitlement.Terms{Days: 2, Expiry: bought + hour}, entitlement.Use{}, bought + hour, token.CodeEntitlementOver},
		{"an expiry behind the days", entitlement.Terms{Days: 1, Expiry: bought + 48*hour}, entitlement.Use{}, bought + 24*hour, token.CodeEntitlementOver},
		{"the soonest counts", entitlement.Terms{Times: 9, Hours: 1, Days: 9, Expiry: 1 << 60}, entitlement.Use{Views: 1, FirstView: bought}, bought + hour, token.CodeEntitlementOver},
	} {
		if got := token.CodeOf(c.terms.Check(c.use, bought, c.at)); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestTermsAreBounded(t *testing.T) {
	most := entitlement.Terms{Times: 1_000_000, Hours: 10 * 366 * 24, Days: 100 * 366, Expiry: 1 << 62} // a million views, ten years, a century
	for _, terms := range []entitlement.Terms{{}, most} {
		if err := terms.Validate(); err != nil {
			t.Errorf("%+v: %v", terms, err)
		}
	}
	if most.Times != entitlement.MaxTimes || most.Hours != entitlement.MaxHours || most.Days != entitlement.MaxDays {
		t.Errorf("the bounds are %d views, %d hours, %d days", entitlement.MaxTimes, entitlement.MaxHours, entitlement.MaxDays)
	}
	for _, terms := range []entitlement.Terms{
		{Times: entitlement.MaxTimes + 1}, {Hours: entitlement.MaxHours + 1}, {Days: entitlement.MaxDays + 1}, {Expiry: -1},
	} {
		if err := terms.Validate(); token.CodeOf(err) != token.CodeFieldInvalid {
			t.Errorf("%+v: %v", terms, err)
		}
	}
}
