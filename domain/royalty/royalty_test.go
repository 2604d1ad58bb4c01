package royalty_test

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/token"
)

func payee(n byte) token.PayeeID { return token.PayeeID{15: n} }

func TestDivide(t *testing.T) {
	publisher, author := payee(1), payee(2)
	for _, c := range []struct {
		name   string
		price  token.Amount
		fee    royalty.FeeRule
		shares []royalty.Share
		net    token.Amount
		want   []token.Amount
	}{
		{"the vendor alone", 100, royalty.FeeRule{}, nil, 100, nil},
		{"a fee, rounded down", 99, royalty.FeeRule{PPM: 100_000}, nil, 90, nil},
		{"a fixed fee above the price takes the price", 99, royalty.FeeRule{Fixed: 100}, nil, 0, nil},
		{"a negative fee takes nothing", 99, royalty.FeeRule{Fixed: -5}, nil, 99, nil},
		{"a publisher, and the author's half of it", 250, royalty.FeeRule{PPM: 100_000},
			[]royalty.Share{{Payee: publisher, PPM: 400_000}, {Payee: author, PPM: 500_000, Of: 1}}, 125, []token.Amount{50, 50}},
		{"a minimum", 250, royalty.FeeRule{}, []royalty.Share{{Payee: author, PPM: 10_000, Minimum: 30}}, 220, []token.Amount{30}},
		{"a minimum above what is left", 20, royalty.FeeRule{}, []royalty.Share{{Payee: author, Minimum: 30}}, 0, []token.Amount{20}},
		{"a fixed share", 100, royalty.FeeRule{}, []royalty.Share{{Payee: author, PPM: 100_000, Fixed: 7}}, 83, []token.Amount{17}},
		{"all of it, of which nothing is left for the next", 100, royalty.FeeRule{PPM: 500_000},
			[]royalty.Share{{Payee: publisher, PPM: 900_000}, {Payee: author, PPM: 100_000}}, 0, []token.Amount{50, 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := royalty.Divide(c.price, c.fee, &royalty.Split{Shares: c.shares}, nil)
			if d.Net != c.net || len(d.Lines) != len(c.want) {
				t.Fatalf("divided into %+v", d)
			}
			for i, want := range c.want {
				if d.Lines[i].Amount != want {
					t.Errorf("share %d gets %d, want %d", i+1, d.Lines[i].Amount, want)
				}
			}
		})
	}
}

// Whatever the rule, no part is negative and all parts come to the price.
func TestTheDivisionComesToThePrice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var split royalty.Split
		for i := range rapid.IntRange(0, royalty.MaxShares).Draw(t, "shares") {
			split.Shares = append(split.Shares, royalty.Share{
				Payee:   payee(byte(i + 1)),
				PPM:     rapid.Int64Range(0, 1_000_000).Draw(t, "ppm"),
				Fixed:   token.Amount(rapid.Int64Range(0, int64(token.MaxAmount)).Draw(t, "fixed")),
				Minimum: token.Amount(rapid.Int64Range(0, int64(token.MaxAmount)).Draw(t, "minimum")),
				Of:      rapid.IntRange(0, i).Draw(t, "of"),
			})
		}
		price := token.Amount(rapid.Int64Range(1, int64(token.MaxAmount)).Draw(t, "price"))
		fee := royalty.FeeRule{PPM: rapid.Int64Range(0, 1_000_000).Draw(t, "fee"), Fixed: token.Amount(rapid.Int64Range(0, 1000).Draw(t, "fixed fee"))}
		d := royalty.Divide(price, fee, &split, nil)
		sum := d.Net + d.Fee
		for _, line := range d.Lines {
			if line.Amount < 0 {
				t.Fatalf("a royalty of %d", line.Amount)
			}
			sum += line.Amount
		}
		if sum != price || d.Net < 0 || d.Fee < 0 || len(d.Lines) != len(split.Shares) {
			t.Fatalf("%d is divided into %+v", price, d)
		}
	})
}

// A fee may be nothing, all of the price, and as much per sale as an amount can be; one more, or
// less than nothing, is refused.
func TestFeesAreBounded(t *testing.T) {
	for _, c := range []struct {
		fee royalty.FeeRule
		ok  bool
	}{
		{royalty.FeeRule{}, true},
		{royalty.FeeRule{PPM: 1_000_000, Fixed: token.MaxAmount}, true},
		{royalty.FeeRule{PPM: -1}, false},
		{royalty.FeeRule{PPM: 1_000_001}, false},
		{royalty.FeeRule{Fixed: -1}, false},
		{royalty.FeeRule{Fixed: token.MaxAmount + 1}, false},
	} {
		if err := c.fee.Validate(); (err == nil) != c.ok || !c.ok && token.CodeOf(err) != token.CodeSplitInvalid {
			t.Errorf("%+v: %v", c.fee, err)
		}
	}
}

// Splits at their bounds can be computed.
func TestSplitsThatCanBe(t *testing.T) {
	most := make([]royalty.Share, royalty.MaxShares)
	for i := range most {
		most[i] = royalty.Share{Payee: payee(byte(i + 1)), Fixed: token.MaxAmount, Minimum: token.MaxAmount, Of: i}
	}
	for name, shares := range map[string][]royalty.Share{
		"nobody":                               nil,
		"as many as there may be, each nested": most,
		"all of it to one":                     {{Payee: payee(1), PPM: 1_000_000}},
		"all of it to two":                     {{Payee: payee(1), PPM: 600_000}, {Payee: payee(2), PPM: 400_000}},
		"all of it to one, and all of that on": {{Payee: payee(1), PPM: 1_000_000}, {Payee: payee(2), PPM: 1_000_000, Of: 1}},
		"none of it, and a part of none":       {{Payee: payee(1)}, {Payee: payee(2), Of: 1}},
	} {
		if err := (royalty.Split{Shares: shares}).Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What cannot be is refused for the reason that holds, and with the numbers that tell it.
func TestSplitsThatCannotBe(t *testing.T) {
	tooMany := make([]royalty.Share, royalty.MaxShares+1)
	for i := range tooMany {
		tooMany[i].Payee = payee(byte(i + 1))
	}
	one := payee(1)
	for _, c := range []struct {
		name   string
		reason token.Reason
		shares []royalty.Share
	}{
		{"more than all", "split_invalid.above_whole", []royalty.Share{{Payee: one, PPM: 600_000}, {Payee: payee(2), PPM: 400_001}}},
		{"more than all of a share", "split_invalid.above_whole", []royalty.Share{{Payee: one, PPM: 1}, {Payee: payee(2), PPM: 600_000, Of: 1}, {Payee: payee(3), PPM: 400_001, Of: 1}}},
		{"a negative share", "split_invalid.share", []royalty.Share{{Payee: one, PPM: -1}}},
		{"a share above the whole", "split_invalid.share", []royalty.Share{{Payee: one, PPM: 1_000_001}}},
		{"a negative minimum", "split_invalid.share_amounts", []royalty.Share{{Payee: one, Minimum: -1}}},
		{"a minimum that is no amount", "split_invalid.share_amounts", []royalty.Share{{Payee: one, Minimum: token.MaxAmount + 1}}},
		{"a negative fixed part", "split_invalid.share_amounts", []royalty.Share{{Payee: one, Fixed: -1}}},
		{"a fixed part that is no amount", "split_invalid.share_amounts", []royalty.Share{{Payee: one, Fixed: token.MaxAmount + 1}}},
		{"under itself", "split_invalid.nested", []royalty.Share{{Payee: one, Of: 1}}},
		{"under one that follows", "split_invalid.nested", []royalty.Share{{Payee: one, Of: 2}, {Payee: payee(2)}}},
		{"under nothing that could be", "split_invalid.nested", []royalty.Share{{Payee: one, Of: -1}}},
		{"one payee twice", "split_invalid.payee_twice", []royalty.Share{{Payee: one}, {Payee: one}}},
		{"nobody", "split_invalid.payee_missing", []royalty.Share{{PPM: 1}}},
		{"too many", "split_invalid.too_many", tooMany},
	} {
		err := (royalty.Split{Shares: c.shares}).Validate()
		if e, is := errors.AsType[*token.Error](err); !is || e.Reason != c.reason {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
