package vendorapi

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"farthing.dev/farthing/token"
)

// words are fields, values and fragments that get further than noise does.
func words() []string {
	return []string{
		"item", "offer", "price", "currency", "split", "amount", "reader", "shares", "payee", "percent", "name", "url", "title", "times", "expires_at",
		"capture", "manual", "hold_hours", "ticket", "view", "purchases", "idempotency_key", "listed", "incentives", "USD", "0.25", "-1", "1e9", "", "2026-01-02T03:04:05Z",
		token.OfferID{4}.String(), token.ReaderID{5}.String(), "https://example.org", "\u0000", "💸",
	}
}

func randomValue(depth int) *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		kinds := 5
		if depth > 0 {
			kinds = 7
		}
		switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
		case 0:
			return nil
		case 1:
			return rapid.Bool().Draw(t, "bool")
		case 2:
			return rapid.Int64().Draw(t, "int")
		case 3:
			return rapid.String().Draw(t, "text")
		case 4:
			return rapid.SampledFrom(words()).Draw(t, "word")
		case 5:
			return rapid.SliceOfN(randomValue(depth-1), 0, 4).Draw(t, "list")
		}
		return rapid.MapOfN(rapid.SampledFrom(words()), randomValue(depth-1), 0, 5).Draw(t, "object")
	})
}

// mutate changes a good body in one place, so that most of it is understood.
func mutate(t *rapid.T, body string) string {
	var fields map[string]any
	if json.Unmarshal([]byte(body), &fields) != nil {
		return body
	}
	name := rapid.SampledFrom(words()).Draw(t, "field")
	if len(fields) > 0 && rapid.Bool().Draw(t, "known") {
		for known := range fields {
			name = known
			break
		}
	}
	fields[name] = randomValue(2).Draw(t, "value")
	changed, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return string(changed)
}

// Whatever is sent to whichever route, it is taken or refused, and never our fault.
func TestNothingThatIsSentIsOurFault(t *testing.T) {
	server := httptest.NewServer(New(Options{App: &fakeApp{}, Clock: fakeClock{}, Rate: -1}))
	defer server.Close()
	_, d := document(t, server)
	var asks []ask
	each(t, d, func(_ string, a ask) { asks = append(asks, a) })
	rapid.Check(t, func(rt *rapid.T) {
		a := rapid.SampledFrom(asks).Draw(rt, "route")
		switch rapid.IntRange(0, 3).Draw(rt, "way") {
		case 0:
			text, err := json.Marshal(randomValue(3).Draw(rt, "body"))
			if err != nil {
				rt.Fatal(err)
			}
			a.body = string(text)
		case 1:
			a.body = mutate(rt, a.body)
		case 2:
			a.body = string(rapid.SliceOf(rapid.Byte()).Draw(rt, "bytes"))
		case 3:
			a.path += "?" + strings.ReplaceAll(rapid.StringMatching(`[a-z=&%0-9;]{0,20}`).Draw(rt, "query"), " ", "")
		}
		response, body := do(t, server, a)
		if response.StatusCode >= 500 {
			rt.Fatalf("%s %s with %q: %d %s", a.method, a.path, a.body, response.StatusCode, body)
		}
		if response.StatusCode >= 400 && response.Header.Get("Content-Type") != "application/problem+json" {
			rt.Fatalf("%s %s: %d is no problem: %s", a.method, a.path, response.StatusCode, body)
		}
	})
}
