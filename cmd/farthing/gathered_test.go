package main

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
)

// told is a log's end, which says when something is written.
type told struct {
	mu    sync.Mutex
	text  bytes.Buffer
	calls chan struct{}
}

func (w *told) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls <- struct{}{}
	return w.text.Write(b)
}

func (w *told) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// Lines about requests are written together, in order, soon, and none is lost at the end.
func TestLinesAboutRequestsAreGathered(t *testing.T) {
	out := &told{calls: make(chan struct{}, 1000)}
	log, flush, err := newLog(config{logLevel: "info", logFormat: "text"}, out)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for i := range 3 {
		log.With("shop", "one").Info(accessMessage, "number", i)
	}
	if n := len(out.calls); n != 0 && time.Since(began) < gatherPause {
		t.Errorf("three lines took %d calls", n)
	}
	log.Info("something else")
	if n := len(out.calls); n > 2 {
		t.Errorf("four lines took %d calls", n)
	}
	out.mu.Lock()
	var order []string
	for line := range strings.Lines(out.text.String()) {
		order = append(order, line[strings.LastIndex(line, " ")+1:])
	}
	out.mu.Unlock()
	if got := strings.Join(order, ""); got != "number=0\nnumber=1\nnumber=2\nelse\"\n" {
		t.Errorf("the lines ended with %q", got)
	}
	for len(out.calls) > 0 {
		<-out.calls
	}
	log.Info(accessMessage, "number", 4)
	select {
	case <-out.calls:
	case <-time.After(20 * time.Second):
		t.Fatal("a line about a request was never written")
	}
	for range 2 * gatherMost / 50 {
		log.Info(accessMessage, "number", 5)
	}
	if len(out.calls) == 0 {
		t.Error("a great many lines were all kept")
	}
	log.Info(accessMessage, slog.String("number", "last"))
	flush()
	if !strings.HasSuffix(out.text.String(), "number=last\n") {
		t.Error("the last line was lost")
	}
}
