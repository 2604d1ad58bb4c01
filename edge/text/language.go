package text

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"

	"farthing.dev/farthing/token"
)

// Language makes sentences in one language.
type Language struct {
	tag     language.Tag
	rows    map[string]row
	english *Language // says what this language leaves out; nil in English itself
	decimal string    // the mark before the decimals
}

// Tag returns the name of the language, such as "en", for the header Content-Language and for
// the attribute lang.
func (l *Language) Tag() string { return l.tag.String() }

// Error returns what an error says, without a capital letter at its beginning and a full stop at
// its end: for programs and for what follows a colon.
func (l *Language) Error(e *token.Error) string {
	return l.say(string(e.Reason), e.Field, e.Params)
}

// Sentence returns what an error says as a sentence of its own.
func (l *Language) Sentence(e *token.Error) string { return l.Finish(l.Error(e)) }

// Finish gives what was said a capital letter and a full stop. An address keeps its small one.
func (l *Language) Finish(said string) string {
	if said == "" {
		return ""
	}
	if first, size := utf8.DecodeRuneInString(said); !strings.HasPrefix(said, "http") {
		said = string(unicode.ToUpper(first)) + said[size:]
	}
	if last, _ := utf8.DecodeLastRuneInString(said); strings.ContainsRune(".!?。！？", last) {
		return said
	}
	return said + l.say("format.stop", "", nil)
}

// say writes the row of a name. A name that has none, in no language, is said as it is.
func (l *Language) say(name, field string, params []token.Param) string {
	r, speaker := l.find(name)
	if speaker == nil {
		return name
	}
	pieces := r.forms[plural.Other]
	if r.of != "" {
		if counted := r.forms[speaker.form(r.of, params)]; len(counted) > 0 {
			pieces = counted
		}
	}
	if len(pieces) == 1 && pieces[0].name == "" {
		return pieces[0].plain
	}
	var b strings.Builder
	b.Grow(128)
	for _, p := range pieces {
		if p.name == "" {
			b.WriteString(p.plain)
			continue
		}
		l.fill(&b, p.name, field, params)
	}
	return b.String()
}

// find returns a row and the language that has it: this one or English; nil where neither has.
func (l *Language) find(name string) (row, *Language) {
	if r, ok := l.rows[name]; ok {
		return r, l
	}
	if l.english != nil {
		return l.english.find(name)
	}
	return row{}, nil
}

// form returns the plural form that a count asks for.
func (l *Language) form(of string, params []token.Param) plural.Form {
	for i := range params {
		if n := params[i].Number; params[i].Name == of && n >= 0 {
			return plural.Cardinal.MatchPlural(l.tag, int(n), 0, 0, 0, 0)
		}
	}
	return plural.Other
}

// fill writes a parameter.
func (l *Language) fill(b *strings.Builder, name, field string, params []token.Param) {
	switch name {
	case "field":
		if field == "" {
			b.WriteString(l.word("the_body", "", nil))
		}
		b.WriteString(dotted(field))
		return
	case "field:":
		if field != "" {
			b.WriteString(dotted(field) + ": ")
		}
		return
	}
	for i := range params {
		if params[i].Name == name {
			l.write(b, &params[i], field, params)
			return
		}
	}
	b.WriteString("…")
}

func (l *Language) write(b *strings.Builder, p *token.Param, field string, params []token.Param) {
	switch p.Kind {
	case token.GivenParam:
		b.WriteString(strconv.QuoteToGraphic(p.Text))
	case token.WordParam:
		b.WriteString(l.word(p.Text, field, params))
	case token.NumberParam:
		b.WriteString(l.number(p.Number))
	case token.MoneyParam:
		amount := token.Amount(p.Number).Decimal(p.Currency.Digits())
		b.WriteString(strings.Replace(amount, ".", l.decimal, 1))
		if !p.Currency.IsZero() {
			b.WriteString(" " + p.Currency.String())
		}
	case token.MomentParam:
		b.WriteString(l.moment(p.Time()))
	case token.URLParam:
		b.WriteString(p.Text)
	case token.ListParam:
		b.WriteString(strings.Join(p.List, l.say("format.between", "", nil)))
	}
}

// word returns a word of ours in this language: as it is where the catalogue has none. The
// reason of another error is a word too, and is said with the same parameters.
func (l *Language) word(word, field string, params []token.Param) string {
	name := "words." + word
	if strings.Contains(word, ".") {
		name = word
	}
	if _, speaker := l.find(name); speaker == nil {
		return word
	}
	return l.say(name, field, params)
}

// Line says a line of a log that [token.Error.Line] wrote. Older lines are sentences already.
func (l *Language) Line(line string) string {
	if e, ok := token.ParseLine(line); ok {
		return l.Sentence(e)
	}
	return l.Finish(line)
}

// number writes a count, in groups where the language has them.
func (l *Language) number(n int64) string {
	if n > -10_000 && n < 10_000 { // four digits read well without
		return strconv.FormatInt(n, 10)
	}
	return message.NewPrinter(l.tag).Sprint(number.Decimal(n))
}

// moment writes a time. The layout is that of [time.Time.Format].
func (l *Language) moment(at time.Time) string { return at.Format(l.say("format.time", "", nil)) }

// decimalMark returns what a language writes before decimals.
func decimalMark(tag language.Tag) string {
	return strings.Trim(message.NewPrinter(tag).Sprint(number.Decimal(0.5, number.Scale(1))), "05")
}

// dotted writes a JSON pointer as people write it: item.price.
func dotted(pointer string) string {
	return strings.ReplaceAll(strings.TrimPrefix(pointer, "/"), "/", ".")
}
