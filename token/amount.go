package token

import (
	"strconv"
	"strings"
)

// PerUnit is the number of tokens in one major unit of any currency.
const PerUnit = 1_000_000

// MaxAmount bounds what one order, funding or limit may name: one billion major
// units. It leaves room to add nine thousand such amounts before an int64
// overflows, and checked arithmetic refuses the rest.
const MaxAmount Amount = 1_000_000_000 * PerUnit

// Amount is a number of tokens of one currency. It may be negative (a leg that
// takes, a post-paid wallet); most inputs may not, see Positive.
type Amount int64

// Add returns a + b, or CodeOverflow where the sum does not fit.
func (a Amount) Add(b Amount) (Amount, error) {
	sum := a + b
	if (sum > a) != (b > 0) && b != 0 {
		return 0, Refuse(Unprocessable, "amount_overflow.sum")
	}
	return sum, nil
}

// Share returns the part of a that ppm parts per million make, rounded towards
// zero. ppm lies between 0 and 1,000,000; a is not negative.
func (a Amount) Share(ppm int64) Amount {
	// Split a so that no product leaves int64: a = whole*1e6 + rest.
	whole, rest := int64(a)/1_000_000, int64(a)%1_000_000
	return Amount(whole*ppm + rest*ppm/1_000_000)
}

// Portion returns a * part / whole rounded towards zero, for 0 <= part <= whole.
// It is exact for every int64, through a 128-bit product.
func (a Amount) Portion(part, whole Amount) Amount {
	if whole <= 0 || part <= 0 || a <= 0 {
		return 0
	}
	return Amount(mulDiv(uint64(a), uint64(part), uint64(whole)))
}

// Positive returns an error unless 0 < a <= MaxAmount.
func (a Amount) Positive() error {
	switch {
	case a <= 0:
		return Refuse(Unprocessable, "amount_invalid.not_positive")
	case a > MaxAmount:
		return tooLarge()
	}
	return nil
}

func tooLarge() error {
	return Refuse(Unprocessable, "amount_overflow.too_large", Number("most", int64(MaxAmount/PerUnit)))
}

func notAmount(s string) error {
	return Refuse(Unprocessable, "amount_invalid.form", Given("got", s))
}

// Decimal writes a in major units with at least minDigits and at most six
// decimals: Amount(250000).Decimal(2) is "0.25".
func (a Amount) Decimal(minDigits int) string {
	var room [32]byte
	text := room[:0]
	u := uint64(a)
	if a < 0 {
		text, u = append(text, '-'), uint64(-(a+1))+1
	}
	text = strconv.AppendUint(text, u/PerUnit, 10)
	text = append(text, ".000000"...)
	for at, rest := len(text)-1, u%PerUnit; rest > 0; at, rest = at-1, rest/10 {
		text[at] = byte('0' + rest%10)
	}
	for digits := 6; digits > minDigits && text[len(text)-1] == '0'; digits-- {
		text = text[:len(text)-1]
	}
	return strings.TrimSuffix(string(text), ".")
}

// ParseAmount reads a plain decimal of major units ("0.25") into tokens. It
// refuses signs, exponents, more than six decimals and more than MaxAmount.
func ParseAmount(s string) (Amount, error) {
	whole, frac, _ := strings.Cut(s, ".")
	if whole == "" || len(whole) > 12 || len(frac) > 6 || strings.HasSuffix(s, ".") {
		return 0, notAmount(s)
	}
	for _, r := range whole + frac {
		if r < '0' || r > '9' {
			return 0, notAmount(s)
		}
	}
	n, err := strconv.ParseInt(whole+frac+strings.Repeat("0", 6-len(frac)), 10, 64)
	if err != nil || n > int64(MaxAmount) {
		return 0, tooLarge()
	}
	return Amount(n), nil
}
