//go:build linux

package operations

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"farthing.dev/farthing/tests/launch"
	"farthing.dev/farthing/tests/load"
)

// small mounts a file system of some megabytes, and skips the test where that is not allowed.
func small(t *testing.T, size string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	if said, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", "size="+size, "tmpfs", folder).CombinedOutput(); err != nil {
		t.Skipf("a small file system cannot be mounted here: %v %s", err, said)
	}
	t.Cleanup(func() { _ = syscall.Unmount(folder, syscall.MNT_DETACH) })
	return folder
}

// fill takes all room of a folder until free is called.
func fill(t *testing.T, folder string) (free func()) {
	t.Helper()
	path := filepath.Join(folder, "filler")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for block := make([]byte, 64<<10); err == nil && len(block) > 256; {
		if _, err = file.Write(block); errors.Is(err, syscall.ENOSPC) {
			block, err = block[:len(block)/2], nil
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// readyz is what a server says at /readyz.
func readyz(t *testing.T, url string) (status int, codes string) {
	t.Helper()
	client := &http.Client{Timeout: 3 * time.Second}
	response, err := client.Get(url + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, strings.TrimSpace(string(body))
}

// becomes waits until /readyz answers with a status, and among its codes with one.
func becomes(t *testing.T, url string, status int, code string) {
	t.Helper()
	var got int
	var codes string
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); <-time.After(20 * time.Millisecond) {
		if got, codes = readyz(t, url); got == status && strings.Contains(codes, code) {
			return
		}
	}
	t.Fatalf("/readyz answers %d %q, not %d with %s", got, codes, status, code)
}

// With a full disk a server is not ready, reads go on, and nothing that was acknowledged is
// lost; with room again it is ready, without a restart.
func TestAFullDiskIsNotReady(t *testing.T) {
	if testing.Short() {
		t.Skip("not for the quick round")
	}
	folder := small(t, "64m")
	p := launch.Serve(t, launch.FreeAddress(t), "--data", folder)
	buyers := load.New(t, p.URL, p.URL)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); buyers.Run(ctx, 4, 20*time.Millisecond) }()
	for buyers.Figures().Acknowledged < 100 {
		<-time.After(time.Millisecond)
	}
	free := fill(t, folder)
	becomes(t, p.URL, http.StatusServiceUnavailable, "disk_full")
	for deadline := time.Now().Add(10 * time.Second); len(buyers.Figures().Failures) == 0; <-time.After(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the disk is full, and everything is sold")
		}
	}
	if _, err := buyers.Client(0).Me(t.Context()); err != nil {
		t.Errorf("reading with a full disk: %v", err)
	}
	free()
	becomes(t, p.URL, http.StatusOK, "ready")
	before := buyers.Figures().Acknowledged
	for deadline := time.Now().Add(20 * time.Second); buyers.Figures().Acknowledged < before+100; <-time.After(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("with room again nothing is sold: %+v", buyers.Figures())
		}
	}
	stop()
	<-done
	t.Logf("%+v", buyers.Figures())
	buyers.Check(t, 0, 50)
	if code := p.Stop(t); code != 0 {
		t.Errorf("it ended with %d", code)
	}
	if code, out, diag := launch.Run(t, "verify", "--data", folder); code != 0 {
		t.Errorf("verify ended with %d\n%s%s", code, out, diag)
	}
}
