//go:build linux

package soak

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"farthing.dev/farthing/tests/launch"
)

// replica is a server that is started again whenever it ends, as systemd does.
type replica struct {
	name, path, address string
	given, args         []string
	log                 *os.File

	mu      sync.Mutex
	command *exec.Cmd
	stopped bool
	starts  int
	codes   map[int]int // how often it ended with which code; -1 is a kill
	done    chan struct{}
}

// restartPause is systemd's RestartSec.
const restartPause = 200 * time.Millisecond

func startReplica(tb testing.TB, name, address string, args ...string) *replica {
	tb.Helper()
	log, err := os.CreateTemp(tb.TempDir(), name+"-*.log")
	if err != nil {
		tb.Fatal(err)
	}
	r := &replica{
		name: name, path: launch.Build(tb), address: address, log: log, codes: map[int]int{}, done: make(chan struct{}), given: args,
		args: append([]string{"serve", "--listen", address, "--base-url", "http://" + address, "--metrics-listen", launch.FreeAddress(tb), "--drain", "200ms", "--grace", "10s"}, args...),
	}
	go r.run()
	tb.Cleanup(func() {
		r.stop(syscall.SIGKILL)
		log.Close()
	})
	return r
}

func (r *replica) run() {
	defer close(r.done)
	for {
		command := exec.Command(r.path, r.args...)
		command.Stderr = r.log
		r.mu.Lock()
		if r.stopped {
			r.mu.Unlock()
			return
		}
		err := command.Start()
		r.command = command
		r.starts++
		r.mu.Unlock()
		if err == nil {
			_ = command.Wait()
			r.mu.Lock()
			r.codes[command.ProcessState.ExitCode()]++
			r.mu.Unlock()
		}
		<-time.After(restartPause)
	}
}

// signal sends a signal to the process that there is now.
func (r *replica) signal(s syscall.Signal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.command != nil && r.command.Process != nil {
		_ = r.command.Process.Signal(s) // it may have ended
	}
}

// stop ends it for good.
func (r *replica) stop(s syscall.Signal) {
	r.mu.Lock()
	r.stopped = true
	r.mu.Unlock()
	r.signal(syscall.SIGCONT)
	r.signal(s)
	<-r.done
}

// ready is what it says at /readyz.
func (r *replica) ready() (ok bool, said string) {
	client := &http.Client{Timeout: 2 * time.Second}
	response, err := client.Get("http://" + r.address + "/readyz")
	if err != nil {
		return false, err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return false, err.Error()
	}
	return response.StatusCode == http.StatusOK, strings.TrimSpace(string(body))
}

// logged is all that it wrote.
func (r *replica) logged(tb testing.TB) []byte {
	tb.Helper()
	content, err := os.ReadFile(r.log.Name())
	if err != nil {
		tb.Fatal(err)
	}
	return content
}

// messages says which lines a log has, and how often.
func messages(log []byte) string {
	counts := map[string]int{}
	for line := range bytes.Lines(log) {
		var said struct {
			Message string `json:"msg"`
			Code    string `json:"code"`
		}
		if err := json.Unmarshal(line, &said); err != nil {
			said.Message = string(bytes.TrimSpace(line[:min(len(line), 120)]))
		}
		counts[strings.TrimSpace(said.Message+" "+said.Code)]++
	}
	var parts []string
	for _, message := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%d x %s", counts[message], message))
	}
	return strings.Join(parts, "; ")
}
