package vendorapi

import (
	"strconv"
	"strings"
	"time"

	"farthing.dev/farthing/token"
)

// amountOf reads an amount of major units, where "" is none. field is a JSON pointer.
func amountOf(field, text string) (token.Amount, error) {
	if text == "" {
		return 0, nil
	}
	amount, err := token.ParseAmount(text)
	if err != nil {
		return 0, token.In(field, err)
	}
	return amount, nil
}

// positiveOf reads an amount that, where it is given, is more than zero: an amount
// of zero must not be taken for one that was left out.
func positiveOf(field, text string) (token.Amount, error) {
	amount, err := amountOf(field, text)
	if err == nil && text != "" && amount == 0 {
		err = token.Refuse(token.Unprocessable, "amount_invalid.not_positive").In(field)
	}
	return amount, err
}

// count reads a number of things, from 0 to most.
func count(field string, n, most int64) (uint32, error) {
	if n < 0 || n > most {
		return 0, token.Refuse(token.Unprocessable, "field_invalid.count", token.Number("most", most), token.Number("got", n)).In(field)
	}
	return uint32(n), nil
}

// percentOf reads a percentage ("12.5", at most four decimals) as parts per million.
func percentOf(field, text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	whole, fraction, _ := strings.Cut(text, ".")
	digits := whole + fraction
	if whole == "" || len(whole) > 3 || len(fraction) > 4 || strings.HasSuffix(text, ".") || strings.Trim(digits, "0123456789") != "" {
		return 0, token.Refuse(token.Unprocessable, "field_invalid.percent", token.Given("got", text)).In(field)
	}
	ppm, err := strconv.ParseInt(digits+strings.Repeat("0", 4-len(fraction)), 10, 64)
	if err != nil || ppm > 1_000_000 {
		return 0, token.Refuse(token.Unprocessable, "field_invalid.percent_above", token.Given("got", text)).In(field)
	}
	return ppm, nil
}

// percent is the reverse of percentOf.
func percent(ppm int64) string {
	text := strconv.FormatInt(ppm/10_000, 10)
	if rest := ppm % 10_000; rest != 0 {
		fraction := strconv.FormatInt(rest, 10)
		text += "." + strings.TrimRight(strings.Repeat("0", 4-len(fraction))+fraction, "0")
	}
	return text
}

// money writes an amount as people write it in the currency.
func money(amount token.Amount, currency token.Currency) string {
	return amount.Decimal(currency.Digits())
}

// earned writes an amount where one is due, zero included, and nothing before.
func earned(due bool, amount token.Amount, currency token.Currency) string {
	if !due {
		return ""
	}
	return money(amount, currency)
}

// moment returns the time of a number of milliseconds since 1970; zero for none.
func moment(millis int64) time.Time {
	if millis == 0 {
		return time.Time{}
	}
	return time.UnixMilli(millis).UTC()
}
