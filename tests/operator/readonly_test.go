//go:build unix

package operator

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"farthing.dev/farthing/tests/launch"
)

// nobody is the user without rights, whom the tests become where they run as root, for
// whom no mode of a file counts.
const nobody = 65534

// TestVerifyReadsWhatItMayNotWrite verifies a copy whose file and folder cannot be written
// to, and refuses one that would be read in part.
func TestVerifyReadsWhatItMayNotWrite(t *testing.T) {
	from := filepath.Join(t.TempDir(), "data")
	if code, _, diag := launch.Run(t, "operator", "add", "op@example.org", "--data", from); code != 0 {
		t.Fatal(diag)
	}
	if code, _, diag := launch.Run(t, append(fund("op@example.org", "10.00", "USD", "bank 1"), "--data", from)...); code != 0 {
		t.Fatal(diag)
	}
	folder, err := os.MkdirTemp("", "farthing-readonly-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	binary, data := filepath.Join(folder, "farthing"), filepath.Join(folder, "data")
	place := func(to, from string, mode os.FileMode) {
		t.Helper()
		content, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(to, content, 0o600)
		}
		if err := errors.Join(err, os.Chmod(to, mode)); err != nil {
			t.Fatal(err)
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.Chmod(folder, 0o755))
	place(binary, launch.Build(t), 0o755)
	must(os.Mkdir(data, 0o700))
	place(filepath.Join(data, "farthing.db"), filepath.Join(from, "farthing.db"), 0o444)
	place(filepath.Join(data, "secret"), filepath.Join(from, "secret"), 0o444)
	must(os.Chmod(data, 0o555))
	verify := func() (string, error) {
		command := exec.Command(binary, "verify", "--data", data)
		if os.Getuid() == 0 {
			command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		}
		output, err := command.CombinedOutput()
		return string(output), err
	}
	if output, err := verify(); err != nil || !strings.Contains(output, "head 1:") {
		t.Errorf("verify: %v\n%s", err, output)
	}
	left, err := os.ReadDir(data)
	must(err)
	if len(left) != 2 {
		t.Errorf("verify left %v", left)
	}

	must(os.Chmod(data, 0o755))
	must(os.WriteFile(filepath.Join(data, "farthing.db-wal"), []byte("some of the newest sales"), 0o444))
	must(os.Chmod(data, 0o555))
	if output, err := verify(); err == nil || !strings.Contains(output, "copy both files") {
		t.Errorf("verify of a file without its WAL: %v\n%s", err, output)
	}
}
