package newspaper

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

//go:embed articles/*.txt templates/*.html assets/*.css
var files embed.FS

// Article is a piece in the paper.
type Article struct {
	Slug       string
	Section    string
	Title      string
	Standfirst string
	Author     string
	Price      string // major units
	Currency   string
	Paragraphs []string
}

// SKU is the paper's own name for the article, the same for ever.
func (a Article) SKU() string { return "article-" + a.Slug }

// Teaser is what everybody may read.
func (a Article) Teaser() []string { return a.Paragraphs[:1] }

// Minutes is how long the article takes to read, at 200 words a minute.
func (a Article) Minutes() int {
	words := 0
	for _, p := range a.Paragraphs {
		words += len(strings.Fields(p))
	}
	return max(1, (words+100)/200)
}

// Rest is how many words a reader has not seen behind the teaser.
func (a Article) Rest() int {
	words := 0
	for _, p := range a.Paragraphs[1:] {
		words += len(strings.Fields(p))
	}
	return words
}

// Articles returns what is in the paper, the lead first.
func Articles() ([]Article, error) {
	names, err := fs.Glob(files, "articles/*.txt")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var articles []Article
	for _, name := range names {
		content, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		article, err := readArticle(string(content))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		articles = append(articles, article)
	}
	return articles, nil
}

// readArticle reads lines of "name: value", an empty line, and paragraphs apart by
// empty lines.
func readArticle(text string) (Article, error) {
	head, body, found := strings.Cut(text, "\n\n")
	if !found {
		return Article{}, fmt.Errorf("there is no empty line between head and text")
	}
	var a Article
	for line := range strings.SplitSeq(head, "\n") {
		name, value, _ := strings.Cut(line, ": ")
		switch name {
		case "slug":
			a.Slug = value
		case "section":
			a.Section = value
		case "title":
			a.Title = value
		case "standfirst":
			a.Standfirst = value
		case "author":
			a.Author = value
		case "price":
			a.Price = value
		case "currency":
			a.Currency = value
		default:
			return Article{}, fmt.Errorf("%q is not a line of an article's head", line)
		}
	}
	for paragraph := range strings.SplitSeq(body, "\n\n") {
		if paragraph = strings.TrimSpace(paragraph); paragraph != "" {
			a.Paragraphs = append(a.Paragraphs, paragraph)
		}
	}
	if a.Slug == "" || a.Title == "" || a.Author == "" || a.Price == "" || a.Currency == "" || len(a.Paragraphs) < 3 {
		return Article{}, fmt.Errorf("an article has slug, title, author, price, currency and three paragraphs or more")
	}
	return a, nil
}
