package web

import (
	"html/template"
	"strconv"
	"strings"
	"time"

	"farthing.dev/farthing/token"
)

// functions are what every template may call.
func (s *Site) functions() template.FuncMap {
	return template.FuncMap{
		"amount": Amount,
		"money":  Money,
		"exact":  Exact,
		"asset":  func(name string) string { return s.assets.byName[name] },
		"when":   func(at time.Time) string { return When(s.clock.Now(), at) },
		"date":   func(at time.Time) string { return at.UTC().Format("2 Jan 2006") },
		"minute": func(at time.Time) string { return at.UTC().Format("2 Jan 2006, 15:04") },
		"stamp":  func(at time.Time) string { return at.UTC().Format(time.RFC3339) },
		"count":  func(n int, one, many string) string { return Count(n, one, many) },
		"times":  func(n int64) string { return Count(n, "time", "times") },
		"number": func(n int64) string { return grouped(strconv.FormatInt(n, 10)) },
		"host":   Host,
		// Parts per million as a percentage: an amount has six decimals, a percentage four.
		"percent": func(ppm int64) string { return token.Amount(ppm*100).Decimal(0) + "\u00a0%" },

		"happened": Happened,
		"sentence": Sentence,
	}
}

// Amount writes an amount as people write money in its currency: with the
// currency's decimals, more where the amount has them, and commas between
// thousands. Minus is the real sign, as wide as a digit.
func Amount(a token.Amount, currency token.Currency) string {
	return written(a.Decimal(currency.Digits()))
}

// Exact writes an amount with two decimals more than people do. Shares of cents are
// common in statements of royalties, and this way the points of a column align.
func Exact(a token.Amount, currency token.Currency) string {
	return written(a.Decimal(currency.Digits() + 2))
}

func written(decimal string) string {
	sign := ""
	if rest, negative := strings.CutPrefix(decimal, "-"); negative {
		sign, decimal = "\u2212", rest
	}
	whole, fraction, _ := strings.Cut(decimal, ".")
	if fraction != "" {
		fraction = "." + fraction
	}
	return sign + grouped(whole) + fraction
}

// grouped writes commas between the thousands of a whole number.
func grouped(digits string) string {
	var out strings.Builder
	for i, digit := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			out.WriteByte(',')
		}
		out.WriteRune(digit)
	}
	return out.String()
}

// Money writes an amount and its currency, kept on one line.
func Money(a token.Amount, currency token.Currency) string {
	return Amount(a, currency) + "\u00a0" + currency.String()
}

// When writes a time as seen from now: relative within a day, a date otherwise.
func When(now, at time.Time) string {
	span := at.Sub(now)
	past := span < 0
	if past {
		span = -span
	}
	var length string
	switch {
	case span < time.Minute && past:
		return "just now"
	case span < time.Minute:
		return "in a moment"
	case span < time.Hour:
		length = Count(int64(span/time.Minute), "minute", "minutes")
	case span < 24*time.Hour:
		length = Count(int64(span/time.Hour), "hour", "hours")
	case at.UTC().Year() == now.UTC().Year():
		return at.UTC().Format("2 January")
	default:
		return at.UTC().Format("2 January 2006")
	}
	if past {
		return length + " ago"
	}
	return "in " + length
}

// Count writes a number with the right form of a noun.
func Count[N ~int | ~int64 | ~uint32](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(strconv.FormatInt(int64(n), 10)) + " " + many
}

// Host returns the host of an address, for people: "example.org".
func Host(address string) string {
	origin := Origin(address)
	_, host, _ := strings.Cut(origin, "://")
	return strings.TrimPrefix(host, "www.")
}
