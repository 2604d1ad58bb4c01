package answers

import (
	"fmt"
	"strings"
)

// IBAN says whether an account number can be right, and what stands in it.
type IBAN struct {
	Valid     bool   `json:"valid"`
	Reason    string `json:"reason,omitempty"` // why not
	Country   string `json:"country,omitempty"`
	Check     string `json:"check_digits,omitempty"`
	BBAN      string `json:"bban,omitempty"`
	Formatted string `json:"formatted,omitempty"`
}

// lengths are those of the IBAN registry, by country.
var lengths = map[string]int{
	"AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28,
	"CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18,
	"FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22,
	"IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20,
	"LU": 20, "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15,
	"PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SE": 24, "SI": 19, "SK": 24,
	"SM": 27, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
}

// CheckIBAN checks the country, the length and the check digits (ISO 7064, mod 97).
// Blanks are ignored. A number that is wrong is an answer, not an error.
func CheckIBAN(text string) (IBAN, error) {
	text = strings.ToUpper(strings.ReplaceAll(text, " ", ""))
	if len(text) < 5 || len(text) > 34 {
		return IBAN{}, fmt.Errorf("%w: an IBAN has 5 to 34 letters and digits", ErrQuestion)
	}
	for _, r := range text {
		if (r < '0' || r > '9') && (r < 'A' || r > 'Z') {
			return IBAN{}, fmt.Errorf("%w: an IBAN has letters and digits only", ErrQuestion)
		}
	}
	answer := IBAN{Country: text[:2], Check: text[2:4], BBAN: text[4:], Formatted: groups(text)}
	length, known := lengths[answer.Country]
	switch {
	case !known:
		answer.Reason = "no country of the registry has this code"
	case len(text) != length:
		answer.Reason = fmt.Sprintf("an IBAN of this country has %d characters, not %d", length, len(text))
	case mod97(text[4:]+text[:4]) != 1:
		answer.Reason = "the check digits do not match"
	default:
		answer.Valid = true
	}
	return answer, nil
}

// mod97 reads letters as the numbers 10 to 35 and returns the remainder.
func mod97(text string) int {
	rest := 0
	for _, r := range text {
		if r >= 'A' {
			rest = (rest*100 + int(r-'A') + 10) % 97
		} else {
			rest = (rest*10 + int(r-'0')) % 97
		}
	}
	return rest
}

func groups(text string) string {
	var out strings.Builder
	for i, r := range text {
		if i > 0 && i%4 == 0 {
			out.WriteByte(' ')
		}
		out.WriteRune(r)
	}
	return out.String()
}
