// Package operations runs the settings that docs/operations recommends, as they stand
// there, with the programs that they are for, in front of and below the real binary.
package operations

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
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
