package token

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// CheckLabel refuses the name of somebody or something that strangers see, where it could
// be taken for another, or hides a part of itself: names of vendors, sites, clients and people. what is what it
// is, as a word of edge/text ("shop_name"), most how many characters it has at most.
//
// A label stands on one line and is not blank. It has no characters that are not seen (controls, format
// characters such as those that turn the direction of writing, blank letters, spaces of
// other widths; joiners only where they are seen by what they do, see joins), no letters in mathematical or
// ringed dress, and no heap of accents. The letters of each word
// are of one script, or of scripts that are written together: those of Chinese, Japanese and
// Korean with each other and with Latin; Latin with one other, but for Cyrillic, Greek, Armenian, Coptic
// and Cherokee, whose letters look like Latin ones. This is the level "moderately restrictive" of Unicode Technical
// Standard 39 (5.2), for each word. Beside a word in Latin, a word of one of the latter scripts has a letter
// that looks like none of Latin.
func CheckLabel(what, text string, most int) error {
	refused := func(why Reason) error { return Refuse(Unprocessable, why, Word("what", what)) }
	if strings.TrimSpace(text) == "" {
		return refused("field_invalid.label_empty")
	}
	if n := utf8.RuneCountInString(text); n > most {
		return Refuse(Unprocessable, "field_invalid.label_long", Word("what", what), Number("most", int64(most)), Number("got", int64(n)))
	}
	if !utf8.ValidString(text) {
		return refused("field_invalid.label_unprintable")
	}
	runes := []rune(text)
	var w words
	marks, visible := 0, false
	for i, c := range runes {
		if c == ' ' || c == ideographicSpace {
			if !w.end() {
				break
			}
			marks = 0
			continue
		}
		if c < utf8.RuneSelf {
			if c < ' ' || c == 0x7f {
				return refused("field_invalid.label_unprintable")
			}
			if unicode.IsLetter(c) {
				w.add("Latin", true)
			}
			marks, visible = 0, true
			continue
		}
		if (c == nonJoiner || c == joiner) && joins(runes, i) {
			continue
		}
		if Unseen(c) || unicode.Is(unicode.Zs, c) {
			return refused("field_invalid.label_unseen")
		}
		if dressed(c) {
			return refused("field_invalid.label_dressed")
		}
		if marks++; !unicode.Is(unicode.M, c) {
			marks, visible = 0, true
		}
		if marks > 3 {
			return refused("field_invalid.label_accents")
		}
		if script := scriptOf(c); script != "" {
			w.add(script, looksLatin(script, c))
		}
	}
	w.end()
	if !visible {
		return refused("field_invalid.label_empty")
	}
	if mixed := w.mixed(); mixed != nil {
		return Refuse(Unprocessable, "field_invalid.label_scripts", Word("what", what), List("scripts", mixed))
	}
	return nil
}

// words is what scripts the words of a label are written in.
type words struct {
	scripts []string // of the present word
	own     bool     // it has a letter that looks like none of Latin

	wrong []string // the scripts of a word that may not be written in them
	latin bool     // there was a word in Latin
	posed string   // the script of a word that looks as if it were
}

// add adds a letter to the word.
func (w *words) add(script string, latin bool) {
	w.scripts = with(w.scripts, script)
	w.own = w.own || !latin
}

// end ends the word, and returns false where it may not be written as it is.
func (w *words) end() bool {
	switch {
	case !together(w.scripts):
		w.wrong = w.scripts
		return false
	case len(w.scripts) == 1 && alike[w.scripts[0]] && !w.own:
		w.posed = w.scripts[0]
	case len(w.scripts) > 0 && w.scripts[0] == "Latin":
		w.latin = true
	}
	w.scripts, w.own = nil, false
	return true
}

// mixed returns the scripts that may not stand together, nil where all may.
func (w *words) mixed() []string {
	if w.wrong == nil && w.latin && w.posed != "" {
		return []string{"Latin", w.posed}
	}
	return w.wrong
}

const ideographicSpace = '\u3000'

// Unseen reports whether a character shows nothing, or turns what stands around it: controls, format
// characters, those for private use, and letters that are blank.
func Unseen(c rune) bool {
	switch c {
	case 0x034f, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x2800, 0x3164, 0xffa0, utf8.RuneError:
		return true
	}
	if c >= 0x180b && c <= 0x180f || c >= 0xe0000 && c <= 0xe0fff {
		return true
	}
	return unicode.In(c, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp) || !unicode.IsGraphic(c)
}

// Hides reports whether a text of any script, such as a title, has characters by which it reads otherwise
// than it is: those of Unseen but for the line break and tab, and for the joiners and the soft hyphen, which
// some scripts and long words need.
func Hides(text string) bool {
	for _, c := range text {
		if c < utf8.RuneSelf && (c >= ' ' && c != 0x7f || c == '\n' || c == '\t') {
			continue
		}
		if c != 0x200c && c != 0x200d && c != 0x00ad && Unseen(c) {
			return true
		}
	}
	return false
}

// dressed reports whether a character is a letter that looks like another of Latin, Greek or Arabic: mathematical, ringed, in brackets or squares.
func dressed(c rune) bool {
	switch c {
	case '™', '№', '℗', '℠', '℃', '℉', 'Å', 'K', 'Ω':
		return false
	}
	return c >= 0x2100 && c <= 0x214f || c >= 0x249c && c <= 0x24e9 || c >= 0x1d400 && c <= 0x1d7ff || c >= 0x1ee00 && c <= 0x1eeff || c >= 0x1f110 && c <= 0x1f189
}

// The scripts that most labels are written in: looked for first.
var usual = []string{"Latin", "Common", "Inherited", "Han", "Cyrillic", "Arabic", "Hiragana", "Katakana", "Hangul", "Greek", "Devanagari", "Hebrew", "Thai"}

// scriptOf returns the script of a character, "" for what all scripts have in common.
func scriptOf(c rune) string {
	named := func(name string) (string, bool) {
		if !unicode.Is(unicode.Scripts[name], c) {
			return "", false
		}
		if name == "Common" || name == "Inherited" {
			return "", true
		}
		return name, true
	}
	for _, name := range usual {
		if script, is := named(name); is {
			return script
		}
	}
	for name := range unicode.Scripts {
		if script, is := named(name); is {
			return script
		}
	}
	return "Unknown"
}

func with(scripts []string, script string) []string {
	for _, known := range scripts {
		if known == script {
			return scripts
		}
	}
	return append(scripts, script)
}

// The scripts of languages that are written in several.
var written = [][]string{{"Latin", "Han", "Hiragana", "Katakana"}, {"Latin", "Han", "Bopomofo"}, {"Latin", "Han", "Hangul"}}

// alike are the scripts with letters that look like Latin ones.
var alike = map[string]bool{"Cyrillic": true, "Greek": true, "Armenian": true, "Coptic": true, "Cherokee": true}

// likeLatin are the letters of the two most used of them that look like Latin ones; of the others all are
// taken to.
var likeLatin = map[string]string{
	"Cyrillic": "АаВЕеЁёЅѕІіЇїЈјКкМНһҺОоПпРрСсТУуХхҮүԚԛԜԝӀӏЬьгЗз",
	"Greek":    "ΑαΒβΕεΖΗηΙιΚκΜΝνΟοΡρΤτΥυΧχγωϲϹͿϳ",
}

// looksLatin reports whether a letter of a script looks like one of Latin.
func looksLatin(script string, c rune) bool {
	letters, known := likeLatin[script]
	return alike[script] && (!known || strings.ContainsRune(letters, c)) || script == "Latin"
}

// together reports whether a word may be written in these scripts.
func together(scripts []string) bool {
	if len(scripts) <= 1 {
		return true
	}
	for _, set := range written {
		all := true
		for _, script := range scripts {
			all = all && len(with(set[:len(set):len(set)], script)) == len(set)
		}
		if all {
			return true
		}
	}
	if len(scripts) != 2 {
		return false
	}
	for i, script := range scripts {
		if script == "Latin" {
			return !alike[scripts[1-i]]
		}
	}
	return false
}
