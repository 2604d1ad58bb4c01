package text

import (
	"fmt"
	"strings"

	"golang.org/x/text/feature/plural"
)

// row is what one language says for one name: one sentence, or one for each plural form.
type row struct {
	of    string // the parameter that counts; "" where there is one form
	forms [plural.Many + 1][]piece
}

// piece is a part of a sentence: plain text, or the name of a parameter.
type piece struct{ plain, name string }

// The forms by the names that CLDR gives them.
var forms = map[string]plural.Form{
	"zero": plural.Zero, "one": plural.One, "two": plural.Two, "few": plural.Few, "many": plural.Many, "other": plural.Other,
}

// UnmarshalTOML reads a row: a string, or a table of forms.
func (r *row) UnmarshalTOML(value any) (err error) {
	if text, ok := value.(string); ok {
		r.forms[plural.Other], err = parse(text)
		return err
	}
	table, ok := value.(map[string]any)
	if !ok {
		return fmt.Errorf("a row is a sentence or a table of forms, not %v", value)
	}
	for name, value := range table {
		text, ok := value.(string)
		form, known := forms[name]
		switch {
		case !ok || !known && name != "of":
			return fmt.Errorf("a row has no form %q = %v", name, value)
		case name == "of":
			r.of = text
		default:
			if r.forms[form], err = parse(text); err != nil {
				return err
			}
		}
	}
	if r.of == "" || len(r.forms[plural.Other]) == 0 {
		return fmt.Errorf("a row of forms says of what, and has the form other: %v", table)
	}
	return nil
}

// parse cuts a sentence at its parameters.
func parse(text string) (pieces []piece, err error) {
	for rest := text; rest != ""; {
		at := strings.IndexAny(rest, "{}")
		switch {
		case at < 0:
			pieces, rest = append(pieces, piece{plain: rest}), ""
		case strings.HasPrefix(rest[at:], "{{"), strings.HasPrefix(rest[at:], "}}"):
			pieces, rest = append(pieces, piece{plain: rest[:at+1]}), rest[at+2:]
		default:
			name, after, closed := strings.Cut(rest[at+1:], "}")
			if rest[at] != '{' || !closed || name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_:") != "" {
				return nil, fmt.Errorf("a brace that names no parameter in %q; two of them stand for one", text)
			}
			if at > 0 {
				pieces = append(pieces, piece{plain: rest[:at]})
			}
			pieces, rest = append(pieces, piece{name: name}), after
		}
	}
	return pieces, nil
}
