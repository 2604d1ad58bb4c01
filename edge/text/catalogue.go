package text

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"
	"golang.org/x/text/language"
)

//go:embed *.toml
var files embed.FS

// House returns the languages that this program speaks.
var House = sync.OnceValue(func() *Catalogue {
	c, err := Load(files)
	if err != nil {
		panic(err) // a fault of the build: the files are part of the program
	}
	return c
})

// Catalogue holds the languages. It is safe for concurrent use.
type Catalogue struct {
	matcher   language.Matcher
	languages []*Language // in the matcher's order: English is the first
}

// Load reads a file of each language: en.toml, which there must be, and others beside it.
func Load(folder fs.FS) (*Catalogue, error) {
	names, err := fs.Glob(folder, "*.toml")
	if err != nil {
		return nil, err
	}
	sort.Slice(names, func(i, j int) bool { return names[i] == "en.toml" || names[j] != "en.toml" && names[i] < names[j] })
	c := &Catalogue{}
	var tags []language.Tag
	for _, name := range names {
		l, err := loadLanguage(folder, name)
		if err != nil {
			return nil, fmt.Errorf("text: %s: %w", name, err)
		}
		tags, c.languages = append(tags, l.tag), append(c.languages, l)
	}
	if len(names) == 0 || names[0] != "en.toml" {
		return nil, fmt.Errorf("text: there is no en.toml")
	}
	for _, l := range c.languages[1:] {
		l.english = c.languages[0]
	}
	c.matcher = language.NewMatcher(tags)
	return c, nil
}

func loadLanguage(folder fs.FS, name string) (*Language, error) {
	tag, err := language.Parse(strings.TrimSuffix(path.Base(name), ".toml"))
	if err != nil {
		return nil, err
	}
	content, err := fs.ReadFile(folder, name)
	if err != nil {
		return nil, err
	}
	var tables map[string]map[string]row
	if err := toml.Unmarshal(content, &tables); err != nil {
		return nil, err
	}
	l := &Language{tag: tag, rows: map[string]row{}}
	for table, rows := range tables {
		for key, r := range rows {
			l.rows[table+"."+key] = r
		}
	}
	l.decimal = decimalMark(tag)
	return l, nil
}

// Match returns the language that suits best what a header Accept-Language asks for: English
// where none does.
func (c *Catalogue) Match(accept string) *Language {
	if len(c.languages) == 1 || accept == "" {
		return c.languages[0]
	}
	_, at := language.MatchStrings(c.matcher, accept)
	return c.languages[at]
}

// English returns the language that is always there.
func (c *Catalogue) English() *Language { return c.languages[0] }
