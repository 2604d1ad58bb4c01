package token_test

import (
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"farthing.dev/farthing/token"
)

func TestAmountsAreReadAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := token.Amount(rapid.Int64Range(0, int64(token.MaxAmount)).Draw(t, "amount"))
		text := a.Decimal(rapid.IntRange(0, 6).Draw(t, "digits"))
		if got, err := token.ParseAmount(text); err != nil || got != a {
			t.Fatalf("%d is written %q and read %d, %v", a, text, got, err)
		}
	})
}

func TestDecimal(t *testing.T) {
	for _, c := range []struct {
		amount token.Amount
		digits int
		want   string
	}{
		{250_000, 2, "0.25"}, {1, 2, "0.000001"}, {3_000_000, 0, "3"}, {3_000_000, 2, "3.00"}, {-1_500_000, 2, "-1.50"},
		{0, 2, "0.00"}, {math.MinInt64, 0, "-9223372036854.775808"},
	} {
		if got := c.amount.Decimal(c.digits); got != c.want {
			t.Errorf("%d: %q, want %q", int64(c.amount), got, c.want)
		}
	}
}

func TestAmountsThatAreNone(t *testing.T) {
	for _, text := range []string{"", ".", "1.", ".5", "-1", "+1", "1e3", "0.1234567", "1,5", "١", " 1", "0x1", "1.2.3", "1000000000.000001", "9999999999999"} {
		if a, err := token.ParseAmount(text); err == nil {
			t.Errorf("%q is read as %d", text, a)
		}
	}
}

func TestSharesAndPortionsAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.Int64Range(0, math.MaxInt64/2).Draw(t, "amount")
		ppm := rapid.Int64Range(0, 1_000_000).Draw(t, "ppm")
		want := new(big.Int).Mul(big.NewInt(a), big.NewInt(ppm))
		if got := token.Amount(a).Share(ppm); want.Quo(want, big.NewInt(1_000_000)).Int64() != int64(got) {
			t.Fatalf("%d ppm of %d is %d, want %s", ppm, a, got, want)
		}
		whole := rapid.Int64Range(1, math.MaxInt64).Draw(t, "whole")
		part := rapid.Int64Range(0, whole).Draw(t, "part")
		want = new(big.Int).Mul(big.NewInt(a), big.NewInt(part))
		if got := token.Amount(a).Portion(token.Amount(part), token.Amount(whole)); want.Quo(want, big.NewInt(whole)).Int64() != int64(got) {
			t.Fatalf("%d of %d of %d is %d, want %s", part, whole, a, got, want)
		}
	})
}

func TestSumsAreCheckedForOverflow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Int64().Draw(t, "a"), rapid.Int64().Draw(t, "b")
		want := new(big.Int).Add(big.NewInt(a), big.NewInt(b))
		got, err := token.Amount(a).Add(token.Amount(b))
		if (err == nil) != want.IsInt64() || (err == nil && int64(got) != want.Int64()) {
			t.Fatalf("%d + %d = %d, %v, want %s", a, b, got, err, want)
		}
	})
}

func TestIDsAreReadAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var id token.OrderID
		copy(id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		if id.IsZero() {
			return
		}
		text := id.String()
		if got, err := token.ParseID[token.OrderKind](text); err != nil || got != id {
			t.Fatalf("%x is written %s and read %x, %v", id[:], text, got[:], err)
		}
		if _, err := token.ParseID[token.VendorKind](text); err == nil {
			t.Fatalf("%s is read as a vendor", text)
		}
	})
}

// What is read as an id is written the same again: an id has one written form.
func FuzzParseID(f *testing.F) {
	f.Add("ord_" + strings.Repeat("0", 26))
	f.Add(token.OrderID{1, 2, 3}.String())
	f.Add(token.OrderID{1, 2, 3}.String()[:29] + "\n")
	f.Fuzz(func(t *testing.T, text string) {
		if id, err := token.ParseID[token.OrderKind](text); err == nil && id.String() != text {
			t.Fatalf("%q is read as %s", text, id)
		}
	})
}

type stoppedClock struct{ at time.Time }

func (c *stoppedClock) Now() time.Time { return c.at }

// Ids of one maker ascend, also where the clock stands still or runs back.
func TestIDsAscend(t *testing.T) {
	clock := &stoppedClock{time.UnixMilli(1_790_000_000_000)}
	m := token.NewMaker(clock, nil)
	last := token.NewID[token.OrderKind](m)
	for i := range 100_000 {
		switch i % 1000 {
		case 500:
			clock.at = clock.at.Add(time.Millisecond)
		case 900:
			clock.at = clock.at.Add(-10 * time.Millisecond)
		}
		next := token.NewID[token.OrderKind](m)
		if next.Compare(last) <= 0 {
			t.Fatalf("%s follows %s", next, last)
		}
		last = next
	}
	if late := last.Millis() - clock.at.UnixMilli(); late > 1000 {
		t.Errorf("the ids are %d ms ahead of the clock", late)
	}
}

func TestCurrencies(t *testing.T) {
	for _, text := range []string{"", "US", "usd", "USDX", "U$D"} {
		if _, err := token.ParseCurrency(text); err == nil {
			t.Errorf("%q is a currency", text)
		}
	}
	for text, digits := range map[string]int{"USD": 2, "JPY": 0, "KWD": 3} {
		c := token.MustCurrency(text)
		if c.String() != text || c.Digits() != digits {
			t.Errorf("%s: %s, %d digits", text, c, c.Digits())
		}
	}
}

func TestMoneyHasTheDecimalsOfItsCurrency(t *testing.T) {
	for _, c := range []struct {
		amount, currency string
		good             bool
	}{
		{"1.00", "USD", true}, {"1.01", "USD", true}, {"1.005", "USD", false}, {"0.000001", "USD", false},
		{"500", "JPY", true}, {"0.5", "JPY", false}, {"1.001", "KWD", true}, {"1.0001", "KWD", false},
	} {
		amount, err := token.ParseAmount(c.amount)
		if err != nil {
			t.Fatal(err)
		}
		if err := token.MustCurrency(c.currency).CheckMinor(amount); (err == nil) != c.good {
			t.Errorf("%s %s: %v", c.amount, c.currency, err)
		}
	}
}
