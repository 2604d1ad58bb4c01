package token

import "unicode"

// The two characters by which letters are joined, or kept apart.
const (
	nonJoiner = '\u200c'
	joiner    = '\u200d'
)

// joins reports whether the joiner at a place of a text does something that is seen: a non-joiner between
// two Arabic letters that would be joined, as Persian has it within words, or either of them between a virama
// and the letter of the same script that it would fuse with. These are the rules of RFC 5892 (A.1, A.2), but
// that a letter follows, and that of the scripts whose letters join only Arabic counts.
func joins(text []rune, at int) bool {
	if at == 0 || at+1 == len(text) {
		return false
	}
	before, after := text[at-1], text[at+1]
	if unicode.Is(viramas, before) {
		return unicode.IsLetter(after) && scriptOf(after) == scriptOf(before)
	}
	if text[at] != nonJoiner {
		return false
	}
	for i := at - 1; unicode.Is(unicode.Mn, before) && i > 0; i-- { // marks are seen through
		before = text[i-1]
	}
	return joinsNext(before) && joinsBefore(after)
}

// joinsBefore reports whether an Arabic letter is joined with one before it.
func joinsBefore(c rune) bool {
	return unicode.Is(unicode.Arabic, c) && unicode.IsLetter(c) && !unicode.Is(apart, c)
}

// joinsNext reports whether an Arabic letter is joined with one after it, too.
func joinsNext(c rune) bool { return joinsBefore(c) && !unicode.Is(lastForms, c) }

// apart are the Arabic letters that are joined with none, or of which one form is drawn whatever stands
// beside it (Joining_Type=Non_Joining and Join_Causing): a non-joiner beside them is not seen.
var apart = &unicode.RangeTable{R16: []unicode.Range16{
	{0x0621, 0x0621, 1}, {0x0674, 0x0674, 1}, {0x06e5, 0x06e6, 1}, {0x0883, 0x0885, 1}, {0x0887, 0x0887, 1}, {0x08ad, 0x08ad, 1}, {0x08c9, 0x08c9, 1}, {0xfb50, 0xfeff, 1},
}}

// lastForms are the Arabic letters that end a group of joined ones (Joining_Type=Right_Joining).
var lastForms = &unicode.RangeTable{R16: []unicode.Range16{
	{0x0622, 0x0625, 1}, {0x0627, 0x0629, 2}, {0x062f, 0x0632, 1}, {0x0648, 0x0648, 1}, {0x0671, 0x0673, 1}, {0x0675, 0x0677, 1}, {0x0688, 0x0699, 1}, {0x06c0, 0x06c0, 1},
	{0x06c3, 0x06cb, 1}, {0x06cd, 0x06cf, 2}, {0x06d2, 0x06d3, 1}, {0x06d5, 0x06d5, 1}, {0x06ee, 0x06ef, 1}, {0x0759, 0x075b, 1}, {0x076b, 0x076c, 1}, {0x0771, 0x0771, 1},
	{0x0773, 0x0774, 1}, {0x0778, 0x0779, 1}, {0x0870, 0x0882, 1}, {0x088e, 0x088e, 1}, {0x08aa, 0x08ac, 1}, {0x08ae, 0x08ae, 1}, {0x08b1, 0x08b2, 1}, {0x08b9, 0x08b9, 1},
}}

// viramas are the signs that take a letter's vowel away, of the scripts that fuse such a letter with the next.
var viramas = &unicode.RangeTable{R16: []unicode.Range16{
	{0x094d, 0x0d4d, 0x80}, {0x0dca, 0x0dca, 1}, {0x1039, 0x1039, 1}, {0x17d2, 0x17d2, 1}, {0x1b44, 0x1b44, 1}, {0xa9c0, 0xa9c0, 1},
}}
