package launch

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait for a process.
const patience = 60 * time.Second

// Build builds the binary, once in a test's process, and returns its path.
func Build(tb testing.TB) string {
	tb.Helper()
	path, err := binary()
	if err != nil {
		tb.Fatal(err)
	}
	return path
}

var binary = sync.OnceValues(func() (string, error) {
	return made("farthing", "build", "-o")
})

// made returns the path of a binary that go makes of the command: one that ./test has made for
// all packages, in the folder FARTHING_TEST_BINARIES, or its own.
func made(name string, arguments ...string) (string, error) {
	if folder := os.Getenv("FARTHING_TEST_BINARIES"); folder != "" {
		return filepath.Join(folder, name), nil
	}
	folder, err := buildFolder()
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, name)
	command := exec.Command("go", append(arguments, path, "farthing.dev/farthing/cmd/farthing")...)
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", name, err, output)
	}
	return path, nil
}

// buildFolder makes a folder for a binary that a test's process needs to its end, after
// which nobody is left to delete it: so it deletes those that are hours old.
func buildFolder() (string, error) {
	const prefix = "farthing-test-"
	left, err := filepath.Glob(filepath.Join(os.TempDir(), prefix+"*"))
	if err != nil {
		return "", err
	}
	for _, folder := range left {
		if info, err := os.Stat(folder); err == nil && time.Since(info.ModTime()) > 2*time.Hour {
			_ = os.RemoveAll(folder) // another process may be deleting it, too
		}
	}
	return os.MkdirTemp("", prefix)
}

// Process is a running farthing.
type Process struct {
	URL string // of the provider

	command *exec.Cmd
	ended   chan struct{}
	err     error
	logs    buffer
}

// buffer collects what a process says: the last of it, or everything.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
	all  bool
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.all && b.text.Len() > 1<<20 {
		b.text.Reset()
	}
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// start starts the binary. It is killed when the test ends.
func start(tb testing.TB, out io.Writer, args ...string) *Process {
	tb.Helper()
	return startAt(tb, &Process{}, Build(tb), out, args...)
}

// startAt starts the program at path.
func startAt(tb testing.TB, p *Process, path string, out io.Writer, args ...string) *Process {
	tb.Helper()
	p.ended = make(chan struct{})
	p.command = exec.Command(path, args...)
	p.command.Stdout, p.command.Stderr = out, &p.logs
	p.command.Env = append(os.Environ(), "GOTRACEBACK=all", "FARTHING_HELD=1")
	if err := p.command.Start(); err != nil {
		tb.Fatal(err)
	}
	go func() { p.err = p.command.Wait(); close(p.ended) }()
	tb.Cleanup(func() {
		p.Kill()
		if tb.Failed() {
			tb.Logf("farthing %s said:\n%s", strings.Join(args, " "), tail(p.logs.String()))
		}
	})
	return p
}

// tail is the end of what a process said, as much as helps.
func tail(said string) string { return said[max(0, len(said)-20_000):] }

// Run runs the binary to its end and returns its exit code and what it said.
func Run(tb testing.TB, args ...string) (code int, out, diag string) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	defer cancel()
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(ctx, Build(tb), args...)
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		tb.Fatal(err)
	}
	return command.ProcessState.ExitCode(), stdout.String(), stderr.String()
}

// Serve starts `farthing serve` at a free port and returns when it is ready. A test
// that starts it again passes the same address, so that clients find it.
func Serve(tb testing.TB, address string, args ...string) *Process {
	tb.Helper()
	p := start(tb, io.Discard, append([]string{"serve", "--listen", address, "--base-url", "http://" + address, "--log-level", "warn", "--drain", "0s"}, args...)...)
	p.URL = "http://" + address
	p.waitReady(tb)
	return p
}

func (p *Process) waitReady(tb testing.TB) {
	tb.Helper()
	deadline := time.After(patience)
	pause := time.NewTicker(20 * time.Millisecond)
	defer pause.Stop()
	for {
		if response, err := http.Get(p.URL + "/readyz"); err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-pause.C:
		case <-p.ended:
			tb.Fatalf("farthing ended before it was ready: %v\n%s", p.err, p.logs.String())
		case <-deadline:
			tb.Fatalf("farthing was not ready in time\n%s", p.logs.String())
		}
	}
}

// FreeAddress returns an address on this machine that is free at the moment.
func FreeAddress(tb testing.TB) string {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return "localhost:" + port
}

// Demo is a running demo, as it announced itself.
type Demo struct {
	*Process
	URLs     map[string]string `json:"urls"`
	Password string            `json:"password"`
	Data     string            `json:"data"`
	People   []struct {
		Email string `json:"email"`
		Name  string `json:"name"`
		Shop  string `json:"shop"`
	} `json:"people"`
}

// StartDemo starts the demo on free ports with its data in folder, and returns when
// all of its sites are open.
func StartDemo(tb testing.TB, folder string) *Demo {
	tb.Helper()
	reader, writer := io.Pipe()
	p := start(tb, writer, "demo", "--json", "--port", "0", "--data", folder)
	lines := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(reader).ReadString('\n')
		lines <- line
		io.Copy(io.Discard, reader)
	}()
	d := &Demo{Process: p}
	select {
	case line := <-lines:
		if err := json.Unmarshal([]byte(line), d); err != nil {
			tb.Fatalf("the demo announced itself as %q: %v", line, err)
		}
	case <-p.ended:
		tb.Fatalf("the demo ended: %v\n%s", p.err, p.logs.String())
	case <-time.After(patience):
		tb.Fatalf("the demo was not ready in time\n%s", p.logs.String())
	}
	d.URL = d.URLs["provider"]
	return d
}

// Stop asks the process to stop and returns its exit code.
func (p *Process) Stop(tb testing.TB) int {
	tb.Helper()
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		tb.Fatal(err)
	}
	select {
	case <-p.ended:
	case <-time.After(patience):
		tb.Fatalf("farthing did not stop in time\n%s", p.logs.String())
	}
	return p.command.ProcessState.ExitCode()
}

// Kill ends the process as a power switch would, without a word to it.
func (p *Process) Kill() {
	p.command.Process.Kill()
	<-p.ended
}

// Logs returns what the process wrote to standard error.
func (p *Process) Logs() string { return p.logs.String() }

// Signal sends the process a signal, such as SIGSTOP.
func (p *Process) Signal(tb testing.TB, signal syscall.Signal) {
	tb.Helper()
	if err := p.command.Process.Signal(signal); err != nil {
		tb.Fatal(err)
	}
}
