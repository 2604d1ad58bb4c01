package launch

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"
)

// Held is a real provider, wired by cmd/farthing as `farthing serve` is, whose clock
// stands still until a test moves it, and that tells what a test cannot see from outside.
// Everything that it logs, at every level, is in Logs.
type Held struct {
	*Process
	control string
	tb      testing.TB
}

// Route is one pattern of a mux that serves: "POST /pay/{order}".
type Route struct {
	Mux     string `json:"mux"` // outer, all, pages, or the type of the handler that has a mux of its own
	Pattern string `json:"pattern"`
}

// State is what a provider has: two that are equal mean that nothing happened between.
type State struct {
	Head   string            `json:"head"`   // of the journal: number and hash
	Hashes uint64            `json:"hashes"` // of passwords, computed since the start
	Tables map[string]string `json:"tables"` // each table of the catalogue, as a digest
}

// heldBinary is the provider with the hand of a test on it: the test binary of
// cmd/farthing, which is the only program that holds that package's tests.
var heldBinary = sync.OnceValues(func() (string, error) {
	return made("held", "test", "-c", "-o")
})

// Hold starts a provider that lets readers give themselves tokens.
func Hold(tb testing.TB, args ...string) *Held {
	tb.Helper()
	path, err := heldBinary()
	if err != nil {
		tb.Fatal(err)
	}
	reader, writer := io.Pipe()
	p := startAt(tb, &Process{logs: buffer{all: true}}, path, writer, append([]string{"--data", tb.TempDir()}, args...)...)
	lines := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(reader).ReadString('\n')
		lines <- line
		io.Copy(io.Discard, reader)
	}()
	var said struct{ URL, Control string }
	select {
	case line := <-lines:
		if err := json.Unmarshal([]byte(line), &said); err != nil {
			tb.Fatalf("it announced itself as %q: %v", line, err)
		}
	case <-p.ended:
		tb.Fatalf("it ended: %v\n%s", p.err, p.logs.String())
	case <-time.After(patience):
		tb.Fatalf("it was not ready in time\n%s", p.logs.String())
	}
	p.URL = said.URL
	return &Held{Process: p, control: said.Control, tb: tb}
}

// Advance moves the provider's clock, and returns what it shows then.
func (h *Held) Advance(d time.Duration) (now time.Time) {
	h.tb.Helper()
	h.ask("/advance?"+url.Values{"by": {d.String()}}.Encode(), &now)
	return now
}

// SetWrong sets the provider's clock wrong, by so much ahead of the one that nobody sets; by
// nothing, it is right again.
func (h *Held) SetWrong(by time.Duration) {
	h.tb.Helper()
	h.ask("/wrong?"+url.Values{"by": {by.String()}}.Encode(), nil)
}

// Routes returns every pattern of every mux that serves.
func (h *Held) Routes() []Route {
	h.tb.Helper()
	var routes []Route
	h.ask("/routes", &routes)
	return routes
}

// State returns what the provider has now.
func (h *Held) State() State {
	h.tb.Helper()
	var s State
	h.ask("/state", &s)
	return s
}

func (h *Held) ask(path string, into any) {
	h.tb.Helper()
	response, err := http.Get(h.control + path)
	if err != nil {
		h.tb.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", response.Status, body)
	}
	if err == nil && into != nil {
		err = json.Unmarshal(body, into)
	}
	if err != nil {
		h.tb.Fatalf("%s: %v", path, err)
	}
}
