package account

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// commonText is 9,619 of the passwords that people choose most, of four characters and more, in lower case
// and in order. They come from zxcvbn (https://github.com/dropbox/zxcvbn): 6,641 as
// github.com/nbutton23/zxcvbn-go v0.0.0-20210217022336-fa2cb2858354 has them in data/Passwords.json,
// and of the 5,000 of eight characters and more that github.com/trustelem/zxcvbn v1.0.1 has first in
// data/passwords.txt those that were not refused yet (MIT licence; copyright Dropbox Inc., Nathan
// Button, Vincent Vanackere and Trustelem).
//
//go:embed common.txt
var commonText string

// commonWords is the same, for looking up.
var commonWords = sync.OnceValue(func() map[string]bool {
	words := make(map[string]bool, 8192)
	for word := range strings.Lines(commonText) {
		words[strings.TrimSpace(word)] = true
	}
	return words
})

// mostAffix is how many digits and signs before and after a word add nothing to it: guessers add
// years and exclamation marks, too.
const mostAffix = 6

// isCommon reports whether a password is among the first that guessers try: one that many
// have chosen, with digits and signs around it, or with digits for letters, or twice; a row
// of the keyboard or of the alphabet; the same few characters again and again.
func isCommon(password string) bool {
	lower := strings.ToLower(password)
	words := commonWords()
	for _, text := range []string{lower, unit(lower)} {
		core := strings.TrimFunc(text, notLetter)
		for _, word := range []string{text, core, plain(text), plain(core), strings.TrimFunc(plain(text), notLetter)} {
			if words[word] && utf8.RuneCountInString(text)-utf8.RuneCountInString(word) <= mostAffix {
				return true
			}
		}
	}
	return utf8.RuneCountInString(unit(lower)) <= 3 || inRow(lower)
}

func notLetter(c rune) bool { return !unicode.IsLetter(c) }

// unit returns the shortest text of which a password is a repetition: itself, where it is none.
func unit(text string) string {
	// Where text is a repetition, it stands in its own double before the end.
	if at := strings.Index((text + text)[1:], text); at >= 0 && at+1 < len(text) {
		return text[:at+1]
	}
	return text
}

// leet writes letters for the digits and signs that stand for them.
var leet = strings.NewReplacer("0", "o", "1", "l", "3", "e", "4", "a", "5", "s", "7", "t", "8", "b", "@", "a", "$", "s", "!", "i")

func plain(text string) string { return leet.Replace(text) }

// rows are what fingers and heads run along.
var rows = []string{"abcdefghijklmnopqrstuvwxyz", "012345678901234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn", "1qaz2wsx3edc4rfv5tgb6yhn7ujm", "1q2w3e4r5t6y7u8i9o0p"}

// inRow reports whether a text is made of stretches of such rows, forwards or backwards, of four
// characters and more.
func inRow(text string) bool {
	for len(text) > 0 {
		longest := 0
		for _, row := range rows {
			for _, way := range []string{row, backwards(row)} {
				n := 0
				for n < len(text) && strings.Contains(way, text[:n+1]) {
					n++
				}
				longest = max(longest, n)
			}
		}
		if longest < 4 {
			return false
		}
		text = text[longest:]
	}
	return true
}

func backwards(text string) string {
	b := []byte(text)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

// isOfContext reports whether a password is little more than what is known of who chose
// it: names, the address, this site.
func isOfContext(password string, context []string) bool {
	rest := strings.ToLower(password)
	found := false
	for _, text := range context {
		text = strings.ToLower(strings.TrimSpace(text))
		parts := strings.FieldsFunc(text, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) })
		for _, word := range append([]string{text}, parts...) {
			if utf8.RuneCountInString(word) < 3 {
				continue
			}
			for _, written := range []string{rest, plain(rest)} {
				if after := strings.ReplaceAll(written, word, ""); after != written {
					rest, found = after, true
					break
				}
			}
		}
	}
	letters := 0
	for _, c := range rest {
		if unicode.IsLetter(c) {
			letters++
		}
	}
	return found && letters <= 2 && utf8.RuneCountInString(rest) <= mostAffix+2
}
