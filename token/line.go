package token

import (
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// lineMark begins a line that holds a reason and not a sentence. No sentence begins with it.
const lineMark = "@"

// Line returns the reason and the parameters in one line of at most so many characters, for a
// log whose readers are told in their own language later: [ParseLine] reads it. Parameters that
// do not fit are left out. The field is not kept.
func (e *Error) Line(most int) string {
	line := lineMark + string(e.Reason)
	for i := range e.Params {
		p := &e.Params[i]
		value := p.Text
		switch p.Kind {
		case NumberParam, MomentParam:
			value = strconv.FormatInt(p.Number, 10)
		case MoneyParam:
			value = p.Currency.String() + strconv.FormatInt(p.Number, 10)
		case ListParam:
			value = strings.Join(p.List, "\n")
		}
		part := " " + p.Name + "=" + strconv.Itoa(int(p.Kind)) + url.QueryEscape(value)
		if utf8.RuneCountInString(line)+len(part) <= most {
			line += part
		}
	}
	return line
}

// ParseLine reads what [Error.Line] wrote, and reports whether it was that.
func ParseLine(line string) (*Error, bool) {
	rest, ok := strings.CutPrefix(line, lineMark)
	if !ok {
		return nil, false
	}
	parts := strings.Split(rest, " ")
	e := Refuse(Internal, Reason(parts[0]))
	for _, part := range parts[1:] {
		name, coded, _ := strings.Cut(part, "=")
		if coded == "" {
			return nil, false
		}
		value, err := url.QueryUnescape(coded[1:])
		if err != nil {
			return nil, false
		}
		p := Param{Name: name, Kind: ParamKind(coded[0] - '0')}
		if p.Kind == MoneyParam && len(value) > 3 {
			if p.Currency, err = ParseCurrency(value[:3]); err != nil {
				return nil, false
			}
			value = value[3:]
		}
		switch p.Kind {
		case NumberParam, MomentParam, MoneyParam:
			if p.Number, err = strconv.ParseInt(value, 10, 64); err != nil {
				return nil, false
			}
		case ListParam:
			p.List = strings.Split(value, "\n")
		default:
			p.Text = value
		}
		e.Params = append(e.Params, p)
	}
	return e, true
}
