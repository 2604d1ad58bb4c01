// Package operations runs the settings that docs/operations recommends, as they stand
// there, with the programs that they are for, in front of and below the real binary.
package operations

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"farthing.dev/farthing/tests/launch"
)

// tool returns the path of a program, and skips the test where it is not installed.
func tool(t *testing.T, name, debian string) string {
	t.Helper()
	for _, folder := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin") {
		path := filepath.Join(folder, name)
		if info, err := os.Stat(path); err == nil && info.Mode()&0o111 != 0 {
			return path
		}
	}
	t.Skipf("%s is not installed: apt-get install %s", name, debian)
	return ""
}

// documents is the folder of the recommended settings.
func documents(t *testing.T) string {
	t.Helper()
	folder, err := filepath.Abs(filepath.Join("..", "..", "docs", "operations"))
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// run runs a program to its end, which must be a good one.
func run(t *testing.T, folder, program string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), program, args...)
	command.Dir = folder
	said, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", program, args, err, said)
	}
	return string(said)
}

// settings copies a recommended file into a folder, with other addresses and paths: each of
// the pairs is an old text, which must be there, and a new one. Nothing else is changed.
func settings(t *testing.T, folder, name string, pairs ...string) (path string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(documents(t), name))
	if err != nil {
		t.Fatal(err)
	}
	text := string(content)
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("%s does not say %q", name, pairs[i])
		}
	}
	text = strings.NewReplacer(pairs...).Replace(text)
	path = filepath.Join(folder, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// said collects what a program says.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write is part of io.Writer.
func (s *said) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

// String is what was said so far.
func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// program is a program that runs, and is ended with the test.
type program struct {
	path    string
	process *os.Process
	ended   chan struct{}
	err     error // once it has ended
	says    *said
}

// start starts a program.
func start(t *testing.T, as *syscall.SysProcAttr, path string, args ...string) *program {
	t.Helper()
	p := &program{path: path, ended: make(chan struct{}), says: &said{}}
	command := exec.Command(path, args...)
	command.Stdout, command.Stderr = p.says, p.says
	command.SysProcAttr, command.WaitDelay = as, time.Second // what it started may outlive it
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	p.process = command.Process
	go func() { p.err = command.Wait(); close(p.ended) }()
	t.Cleanup(func() {
		_ = p.process.Signal(syscall.SIGTERM)
		select {
		case <-p.ended:
		case <-time.After(5 * time.Second):
			p.kill()
		}
		if t.Failed() {
			t.Logf("%s said:\n%s", path, p.says)
		}
	})
	return p
}

// kill ends a program without a word to it.
func (p *program) kill() {
	_ = p.process.Kill()
	<-p.ended
}

// begin starts a program and waits until it listens.
func begin(t *testing.T, as *syscall.SysProcAttr, address, path string, args ...string) *said {
	t.Helper()
	p := start(t, as, path, args...)
	if address != "" {
		p.await(t, address)
	}
	return p.says
}

// await waits until somebody listens at an address.
func (p *program) await(t *testing.T, address string) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		if conn, err := net.DialTimeout("tcp", address, time.Second); err == nil {
			conn.Close()
			return
		}
		again := time.NewTimer(20 * time.Millisecond)
		select {
		case <-again.C:
		case <-p.ended:
			t.Fatalf("%s ended: %v\n%s", p.path, p.err, p.says)
		case <-deadline:
			t.Fatalf("nobody listens at %s\n%s", address, p.says)
		}
	}
}

// free is a free address on this machine, as a number.
func free(t *testing.T) string {
	t.Helper()
	return strings.Replace(launch.FreeAddress(t), "localhost", "127.0.0.1", 1)
}
