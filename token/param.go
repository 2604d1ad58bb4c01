package token

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Param is one value that the sentence of an error names: what was given, what would be
// right. It keeps the exact value, so that each language writes it in its own way. Make one by
// [Given], [Word], [Number], [Money], [Moment], [URL] or [List].
type Param struct {
	Name     string
	Kind     ParamKind
	Text     string   // of GivenParam, WordParam and URLParam
	Number   int64    // of NumberParam; tokens of MoneyParam; milliseconds since 1970 of MomentParam
	Currency Currency // of MoneyParam
	List     []string // of ListParam
}

// ParamKind says what a Param holds, and so how it is written.
type ParamKind uint8

// The kinds of parameters.
const (
	GivenParam  ParamKind = iota // what a caller wrote: shown in quotes, never logged
	WordParam                    // a word of ours, which the catalogue may translate
	NumberParam                  // a count
	MoneyParam                   // an amount of one currency
	MomentParam                  // a point in time
	URLParam                     // one address: shown as it is, never logged
	ListParam                    // several addresses or codes: shown as they are, never logged
)

// The bounds of what an error repeats of a request, in bytes, and of how many things it
// lists. Longer ones are cut, with an ellipsis at their end.
const (
	MaxGiven = 60
	MaxURL   = 200
	MaxList  = 10
)

// Given is what a caller wrote in the place of something right. At most [MaxGiven] bytes of it are kept.
func Given(name, text string) Param { return Param{Name: name, Text: cut(text, MaxGiven)} }

// Word is a word of ours: a state, a period, the name of a field.
func Word(name, word string) Param { return Param{Name: name, Kind: WordParam, Text: word} }

// Number is a count or a bound.
func Number(name string, n int64) Param { return Param{Name: name, Kind: NumberParam, Number: n} }

// Money is an exact amount of a currency.
func Money(name string, amount Amount, of Currency) Param {
	return Param{Name: name, Kind: MoneyParam, Number: int64(amount), Currency: of}
}

// Moment is a point in time, kept to the millisecond.
func Moment(name string, at time.Time) Param {
	return Param{Name: name, Kind: MomentParam, Number: at.UnixMilli()}
}

// URL is an address. At most [MaxURL] bytes of it are kept.
func URL(name, address string) Param {
	return Param{Name: name, Kind: URLParam, Text: cut(address, MaxURL)}
}

// List is several addresses or codes, of which [MaxList] are kept.
func List(name string, all []string) Param {
	kept := make([]string, 0, min(len(all), MaxList+1))
	for i, one := range all {
		if i == MaxList {
			kept = append(kept, "…")
			break
		}
		kept = append(kept, cut(one, MaxURL))
	}
	return Param{Name: name, Kind: ListParam, List: kept}
}

// Time returns the time of a MomentParam, in UTC.
func (p Param) Time() time.Time { return time.UnixMilli(p.Number).UTC() }

// appendLog appends what the log may know of a parameter: all but what people wrote.
func (p Param) appendLog(b *strings.Builder) {
	b.WriteByte(' ')
	b.WriteString(p.Name)
	b.WriteByte('=')
	switch p.Kind {
	case WordParam:
		b.WriteString(p.Text)
	case NumberParam:
		b.WriteString(strconv.FormatInt(p.Number, 10))
	case MoneyParam:
		b.WriteString(Amount(p.Number).Decimal(p.Currency.Digits()))
		b.WriteString(p.Currency.String())
	case MomentParam:
		b.WriteString(p.Time().Format(time.RFC3339))
	case ListParam:
		b.WriteString(strconv.Itoa(len(p.List)))
	default:
		b.WriteString("(not logged)")
	}
}

// cut returns the beginning of a text, whole characters of at most so many bytes.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most] + "…"
}
