package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// lines decodes what a JSON handler wrote.
func lines(t *testing.T, text string) (out []map[string]any) {
	t.Helper()
	for line := range strings.Lines(text) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		out = append(out, m)
	}
	return out
}

// An outage of 18 seconds, in which the same two errors come a thousand times a second.
func TestAnOutageIsAFewLines(t *testing.T) {
	var out bytes.Buffer
	h := newRepeats(slog.NewJSONHandler(&out, nil))
	began := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	say := func(at time.Time, level slog.Level, message string, args ...any) {
		r := slog.NewRecord(at, level, message, 0)
		r.Add(args...)
		if err := h.WithAttrs([]slog.Attr{slog.String("part", "store")}).Handle(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	const each = 1000
	now := began
	for second := range 18 {
		for i := range each {
			now = began.Add(time.Duration(second)*time.Second + time.Duration(i)*time.Millisecond)
			say(now, slog.LevelError, "batch failed", "error", fmt.Sprintf("no answer after %d ms", i))
			say(now, slog.LevelWarn, "not told", "code", fmt.Sprint(i%2))
		}
		h.shared.tick(t.Context(), now, false)
	}
	say(now, slog.LevelInfo, "serving")
	say(now, slog.LevelWarn, "security", "code", "x")
	say(now, slog.LevelWarn, "security", "code", "x")
	say(now, slog.LevelError, "once only")
	for range 12 {
		now = now.Add(time.Second)
		h.shared.tick(t.Context(), now, false)
	}
	var repeated, total float64
	counts := map[string]int{}
	for _, line := range lines(t, out.String()) {
		message := line["msg"].(string)
		counts[message]++
		if line["part"] != "store" {
			t.Errorf("an attribute was lost: %v", line)
		}
		if message != "batch failed" {
			continue
		}
		if n, counted := line["repeated"].(float64); counted {
			repeated += n
		}
		if n, over := line["total"].(float64); over {
			total = n
		}
	}
	if counts["batch failed"] != 4 || counts["not told"] != 8 || counts["security"] != 2 || counts["serving"] != 1 || counts["once only"] != 1 {
		t.Errorf("lines by message: %v\n%s", counts, out.String())
	}
	if repeated != 18*each-1 || total != 18*each {
		t.Errorf("%v repetitions were told of %d, and a total of %v", repeated, 18*each-1, total)
	}
	if len(h.shared.kinds) != 0 {
		t.Errorf("%d kinds are left", len(h.shared.kinds))
	}
}

func TestWhatIsLeftIsSaidAtTheEnd(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(newRepeats(slog.NewJSONHandler(&out, nil)))
	log.Error("away", "try", 1)
	log.Error("away", "try", 2)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	log.Handler().(*repeats).shared.run(ctx, nil)
	said := lines(t, out.String())
	if len(said) != 2 || said[1]["over"] != true || said[1]["repeated"] != 1.0 || said[1]["try"] != 2.0 {
		t.Errorf("%v", said)
	}
}

func TestKindsAreBounded(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(newRepeats(slog.NewJSONHandler(&out, nil)))
	for i := range 2 * maxKinds {
		log.Error(fmt.Sprintf("message %d", i))
	}
	if n := len(log.Handler().(*repeats).shared.kinds); n != maxKinds {
		t.Errorf("%d kinds are remembered", n)
	}
	if n := strings.Count(out.String(), "\n"); n != 2*maxKinds {
		t.Errorf("%d lines", n)
	}
}
