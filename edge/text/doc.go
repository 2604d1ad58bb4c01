// Package text says in the reader's language what the rest of the house says by name: the
// sentences of errors.
//
// Each language is one file, named by its BCP 47 tag: en.toml. A new one is a copy of en.toml,
// translated, in the same folder; nothing else changes. What a file leaves out is said in
// English, and a test says what it leaves out.
//
// A file is TOML. Each table is a code of package token, each row of it one case of that code,
// so that the error "not_found.order" is said by the row order of the table not_found. Three
// tables are not codes: format says how things are written, words are words that sentences
// name, and plain are sentences that belong to no error.
//
// A row names parameters in braces, as in "add {short} and try again"; two braces stand for
// one. {field} is the member of the request that is meant, in the form item.price, and {field:}
// the same with a colon after it, or nothing where no member is known. Where a count decides
// between forms, a row is a table of them: of names the parameter that counts, and the forms
// are those that the Unicode CLDR gives the language (one and other in English).
package text
