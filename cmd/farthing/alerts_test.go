package main

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"farthing.dev/farthing/token"
)

// The rules of docs/operations/alerts.yml are written with metrics that there are, and the
// page on operations explains every code that /readyz answers with.
func TestAlertsAndCodesAreThere(t *testing.T) {
	c := config{data: t.TempDir()}
	parsed, _, ok := readConfig("serve", []string{"--data", c.data}, func(string) string { return "" }, os.Stderr, os.Stderr)
	if !ok {
		t.Fatal("the defaults are wrong")
	}
	p, err := openProvider(t.Context(), parsed, token.SystemClock{}, slog.New(slog.DiscardHandler), false)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close(context.WithoutCancel(t.Context()))
	p.handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/nowhere", nil))
	families, err := p.meter.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, family := range families {
		there[family.GetName()] = true
	}
	rules, err := os.ReadFile(filepath.Join("..", "..", "docs", "operations", "alerts.yml"))
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`\b(farthing_[a-z_]+|go_sql_[a-z_]+)\b`).FindAllString(string(rules), -1)
	if len(names) < 15 {
		t.Fatalf("only %d metrics are named", len(names))
	}
	for _, name := range names {
		if !there[name] {
			t.Errorf("the rules name the metric %s, which there is not", name)
		}
	}
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range unreadyCodes {
		if !strings.Contains(string(page), "| `"+code+"` |") {
			t.Errorf("docs/operations.md does not explain the code %s", code)
		}
	}
}
