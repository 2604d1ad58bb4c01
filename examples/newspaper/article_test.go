package newspaper_test

import (
	"strings"
	"testing"

	"farthing.dev/farthing/examples/newspaper"
)

func TestArticlesAreWorthTheirPrice(t *testing.T) {
	articles, err := newspaper.Articles()
	if err != nil {
		t.Fatal(err)
	}
	if len(articles) < 5 {
		t.Fatalf("there are %d articles, want five or more", len(articles))
	}
	seen := map[string]bool{}
	for _, a := range articles {
		if words := len(strings.Fields(strings.Join(a.Paragraphs, " "))); words < 350 {
			t.Errorf("%s has %d words, want 350 or more", a.Slug, words)
		}
		if seen[a.SKU()] {
			t.Errorf("%s is in the paper twice", a.Slug)
		}
		seen[a.SKU()] = true
	}
}
