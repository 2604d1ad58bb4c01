package shop_test

import (
	"strings"
	"testing"
	"time"

	"farthing.dev/farthing/examples/shop"
)

func TestSealedValues(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	sealer := shop.NewSealer([]byte("a secret"))
	text, err := sealer.Seal("cookie", "ord_1", now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	var got string
	if err := sealer.Open("cookie", text, now, &got); err != nil || got != "ord_1" {
		t.Fatalf("opened %q, %v", got, err)
	}
	altered := string(text[0]^1) + text[1:] // another letter, or one that no sealed value has
	refused := map[string]error{
		"for another purpose": sealer.Open("stream", text, now, &got),
		"after its time":      sealer.Open("cookie", text, now.Add(time.Hour), &got),
		"altered":             sealer.Open("cookie", altered, now, &got),
		"cut":                 sealer.Open("cookie", text[:10], now, &got),
		"of another site":     shop.NewSealer([]byte("another secret")).Open("cookie", text, now, &got),
	}
	for how, err := range refused {
		if err == nil {
			t.Errorf("a value was opened %s", how)
		}
	}
	if strings.Contains(text, "ord_1") {
		t.Error("the value can be read from outside")
	}
}
