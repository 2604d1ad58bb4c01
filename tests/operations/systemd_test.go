package operations

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

// The unit is one that systemd takes, and one that leaves little to a server that was
// broken into.
func TestSystemdUnit(t *testing.T) {
	analyze := tool(t, "systemd-analyze", "systemd")
	program := filepath.Join(t.TempDir(), "farthing")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	unit := settings(t, t.TempDir(), "farthing.service", "/usr/bin/farthing", program)
	run(t, filepath.Dir(unit), analyze, "verify", unit)
	report := run(t, filepath.Dir(unit), analyze, "security", "--offline=true", unit)
	found := regexp.MustCompile(`Overall exposure level for farthing.service: ([0-9.]+)`).FindStringSubmatch(report)
	if found == nil {
		t.Fatalf("no level in\n%s", report)
	}
	if level, err := strconv.ParseFloat(found[1], 64); err != nil || level > 2 {
		t.Errorf("the exposure level is %s, %v", found[1], err)
	}
}
