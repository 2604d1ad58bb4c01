package text

import (
	"context"
	"net/http"
	"os"
	"strings"
)

type catalogueKey struct{}

// With returns a context whose requests are answered in the languages of a catalogue, and not
// in those of the house.
func With(ctx context.Context, c *Catalogue) context.Context {
	return context.WithValue(ctx, catalogueKey{}, c)
}

// Of returns the language that a request is answered in, by its header Accept-Language.
func Of(r *http.Request) *Language {
	c, ok := r.Context().Value(catalogueKey{}).(*Catalogue)
	if !ok {
		c = House()
	}
	return c.Match(strings.Join(r.Header["Accept-Language"], ","))
}

// English returns the language of what is not answered to one person: logs, and protocols
// that say so.
func English() *Language { return House().English() }

// Locale returns the language of whoever runs this process, as the header Accept-Language says
// it: the first of LC_ALL, LC_MESSAGES and LANG that is set.
func Locale() string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if locale := os.Getenv(name); locale != "" {
			locale, _, _ = strings.Cut(locale, ".")
			locale, _, _ = strings.Cut(locale, "@")
			return strings.ReplaceAll(locale, "_", "-")
		}
	}
	return ""
}
