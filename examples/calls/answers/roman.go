package answers

import (
	"fmt"
	"strconv"
	"strings"
)

// Roman is a number in both notations.
type Roman struct {
	Number int    `json:"number"`
	Roman  string `json:"roman"`
}

var numerals = []Roman{
	{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"},
	{50, "L"}, {40, "XL"}, {10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"},
}

// ConvertRoman reads "1999" or "MCMXCIX" and answers with both. Numbers run from 1
// to 3999, and only the usual way of writing each is taken.
func ConvertRoman(text string) (Roman, error) {
	if n, err := strconv.Atoi(text); err == nil {
		if n < 1 || n > 3999 {
			return Roman{}, fmt.Errorf("%w: Roman numerals run from 1 to 3999", ErrQuestion)
		}
		return Roman{Number: n, Roman: writeRoman(n)}, nil
	}
	text = strings.ToUpper(text)
	rest, n := text, 0
	for _, numeral := range numerals {
		for n <= 3999 && strings.HasPrefix(rest, numeral.Roman) {
			rest, n = rest[len(numeral.Roman):], n+numeral.Number
		}
	}
	if rest != "" || n < 1 || n > 3999 || writeRoman(n) != text {
		return Roman{}, fmt.Errorf("%w: give a number from 1 to 3999, or a Roman numeral such as MCMXCIX", ErrQuestion)
	}
	return Roman{Number: n, Roman: text}, nil
}

func writeRoman(n int) string {
	var out strings.Builder
	for _, numeral := range numerals {
		for n >= numeral.Number {
			out.WriteString(numeral.Roman)
			n -= numeral.Number
		}
	}
	return out.String()
}
