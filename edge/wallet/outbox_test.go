package wallet

import (
	"slices"
	"strings"
	"testing"
)

func TestParagraphsOfAMessage(t *testing.T) {
	path := func(line string) string {
		at, _ := strings.CutPrefix(line, "https://pay.example")
		if at == line {
			return ""
		}
		return at
	}
	got := paragraphs("If that was you, all is well.\nIf not, look here:\nhttps://pay.example/security\nIt is\nlate.\n\nGood night.\n", path)
	want := []outboxLine{{Text: "If that was you, all is well. If not, look here:"}, {Text: "https://pay.example/security", Path: "/security"}, {Text: "It is late."}, {Text: "Good night."}}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
